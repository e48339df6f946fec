/**
 * Says in Redis what a supervisor reports, until all of it is said. Whatever Redis refuses or does not answer is tried again with the next round, as
 * long as it is still true.
 */
import { diag } from '../diag.ts'
import type { Environment } from '../config/options.ts'
import type { Heard, Report } from '../supervise/report.ts'
import { isQuiet } from '../supervise/report.ts'
import type { Cancel, Clock } from '../types.ts'
import { answerRequest } from '../wire/answer-request.ts'
import { RECOVERY_RENEWED_MS, releaseRecovery, takeRecovery, type Recovery } from '../wire/recovery-lease.ts'
import { RedisConnection } from '../wire/redis-connection.ts'
import { deathKeys } from '../wire/scripts/death.ts'
import { toMs } from '../wire/scripts/time.ts'
import { deathMessage } from './death-message.ts'
import { tellDown } from './down-alert.ts'
import { speakerFor, speakingAs, type Speaker } from './speaker.ts'
import { StartRequests } from './start-requests.ts'

/** How often it is looked what is left to do, and what is asked. */
const ROUND_MS = 500
const LISTED_AGAIN_MS = 10_000

export interface AnnouncerOptions {
  readonly env: Environment
  readonly clock: Clock
  readonly tell: (heard: Heard) => void
  /** Nothing is left to be said. */
  readonly done: () => void
}

/** One speaker, for one connection. */
interface Voice {
  readonly about: string
  readonly speaker: Speaker
  readonly connection: RedisConnection
  readonly requests: StartRequests
  /** The server's time at the first contact. */
  start: string | undefined
  listedAt: number | undefined
  recoveryAt: number | undefined
}

export class Announcer {
  readonly #options: AnnouncerOptions
  readonly #cancel: Cancel
  #report: Report | undefined
  #voice: Voice | undefined
  #isBusy = false
  #toldDeath = 0
  #toldDown = 0

  constructor(options: AnnouncerOptions) {
    this.#options = options
    this.#cancel = options.clock.every(ROUND_MS, () => void this.#round())
  }

  report(report: Report): void {
    this.#report = report
    this.#speakFor(report)
    void this.#round()
  }

  stop(): void {
    this.#cancel()
    this.#voice?.connection.close()
  }

  #speakFor(report: Report): void {
    const about = JSON.stringify(report.about ?? null)
    if (this.#voice?.about === about) return
    const { env, clock } = this.#options
    const speaker = speakerFor(report.about, env)
    this.#voice?.connection.close()
    this.#voice = undefined
    if (!speaker) return
    const { target, names } = speaker
    const connection = new RedisConnection({ target, clock, key: names.meta, quiet: true })
    const requests = new StartRequests(speaker, report.about?.allow ?? [], `${report.id}-${process.pid}`)
    this.#voice = { about, speaker, connection, requests, start: undefined, listedAt: undefined, recoveryAt: undefined }
    connection.start({ up: () => void this.#round(), down() {} })
  }

  async #round(): Promise<void> {
    const report = this.#report
    if (!report || this.#isBusy) return
    // Of whom nothing is known nobody can speak.
    if (!this.#voice) return isQuiet(report) ? this.#options.done() : undefined
    if (!this.#voice.connection.up) return
    this.#isBusy = true
    try {
      await this.#say(this.#voice, report)
      this.#voice.connection.confirm()
      if (report === this.#report && isQuiet(report)) this.#options.done()
    } catch (error) {
      diag.debug('otel-health: what was to be announced was not', error)
    } finally {
      this.#isBusy = false
    }
    if (report !== this.#report) void this.#round()
  }

  async #say(voice: Voice, report: Report): Promise<void> {
    const { clock, tell } = this.#options
    const { speaker, connection } = voice
    const { names } = speaker
    voice.start ??= String(toMs(await connection.run((client) => client.healthTime(names.meta))) * 1000)
    await this.#sayDeath(voice, report)
    const { down } = report
    if (down && down.n !== this.#toldDown) {
      const told = { start: voice.start, monotonicMs: clock.monotonicMs(), epochMs: clock.epochMs() }
      await connection.run((client) => tellDown(client, speakingAs(speaker, down.instance), down, told))
      this.#toldDown = down.n
      tell({ is: 'told', what: 'down', n: down.n })
    }
    // Before anybody hears that it is stopped, and asks it to start.
    await this.#list(voice, report)
    // By the clock that the requests go by.
    const at = report.answers.length > 0 ? toMs(await connection.run((client) => client.healthTime(names.meta))) : 0
    for (const { instance, ...answer } of report.answers) {
      const said = { ...answer, service: speaker.service, instance: instance || speaker.instance, at }
      await connection.run((client) => answerRequest(client, names, said, { process: report.id, expires: said.at }))
      tell({ is: 'answered', request: answer.request })
    }
    await this.#recover(voice, report)
    if (report.listens) await this.#listen(voice, report)
  }

  async #sayDeath({ speaker: present, connection }: Voice, { death }: Report): Promise<void> {
    if (!death || death.n === this.#toldDeath) return
    const speaker = speakingAs(present, death.instance)
    const { clock, tell } = this.#options
    const { service, instance, names, goneAfterMs } = speaker
    const kept = await connection.run((client) => client.get(names.status(service, instance)))
    const at = clock.epochMs()
    const message = deathMessage(speaker, death, kept, at)
    const said = [names.statusChannel(service), message, String(goneAfterMs), service, instance]
    const ago = String(Math.max(at - death.at, 0))
    await connection.run((client) =>
      client.healthDeath(...deathKeys(names, service, instance), ...said, death.staysDown ? 'down' : 'back', ago),
    )
    this.#toldDeath = death.n
    tell({ is: 'told', what: 'death', n: death.n })
  }

  async #recover(voice: Voice, { recovery: how, id }: Report): Promise<void> {
    const { clock, tell } = this.#options
    const { names, service, goneAfterMs } = voice.speaker
    const recovery: Recovery = { names, service, holder: id, liveWithinMs: goneAfterMs }
    if (how === undefined) {
      if (voice.recoveryAt === undefined) return
      await voice.connection.run((client) => releaseRecovery(client, recovery))
      voice.recoveryAt = undefined
      return
    }
    const now = clock.monotonicMs()
    if (how === 'join' && voice.recoveryAt !== undefined && now - voice.recoveryAt < RECOVERY_RENEWED_MS) return
    const granted = await voice.connection.run((client) => takeRecovery(client, recovery, how))
    if (granted) voice.recoveryAt = now
    if (how === 'take') tell({ is: 'recovery', granted })
  }

  async #list(voice: Voice, { listens }: Report): Promise<void> {
    const now = this.#options.clock.monotonicMs()
    const isDue = voice.listedAt === undefined ? listens : !listens || now - voice.listedAt >= LISTED_AGAIN_MS
    if (!isDue) return
    await voice.connection.run((client) => voice.requests.list(client, listens))
    voice.listedAt = listens ? now : undefined
  }

  async #listen(voice: Voice, { death }: Report): Promise<void> {
    const { clock, tell } = this.#options
    const now = clock.monotonicMs()
    this.#diedAt ??= now - Math.max(0, death ? clock.epochMs() - death.at : 0)
    const ago = now - this.#diedAt
    for (const heard of await voice.connection.run((client) => voice.requests.read(client, ago))) tell(heard)
  }

  /** What was asked before is for the process that was there then. Milliseconds on the monotonic clock: that of the machine may be set meanwhile. */
  #diedAt: number | undefined
}
