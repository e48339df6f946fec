/** Reads once a second what is asked of this instance, over a connection that others have made, and once what it is to be from its start. */
import { diag } from '../diag.ts'
import type { Cancel, Clock } from '../types.ts'
import type { ShardNames } from '../wire/names.ts'
import { desiredOf, readDesired } from '../wire/read-requests.ts'
import type { RedisConnection } from '../wire/redis-connection.ts'
import { toMs } from '../wire/scripts/time.ts'
import type { Answers } from './answers.ts'
import { Inbox } from './inbox.ts'
import type { Obedience } from './obedience.ts'
import type { ServerTime } from './server-time.ts'

const LOOK_MS = 1000
const NO_RIGHT = /NOPERM|no permissions/i

export interface ListeningOptions {
  readonly connection: Pick<RedisConnection, 'run' | 'up' | 'connected'>
  readonly names: ShardNames
  readonly service: string
  readonly instance: string
  readonly answers: Answers
  readonly obedience: Pick<Obedience, 'consider' | 'comeBackHeld'>
  readonly time: ServerTime
  readonly clock: Clock
  /** How long this process has been there, in milliseconds. */
  readonly age: () => number
  /** Whether a supervisor started this process: then it is to run, whatever was asked of the one before. */
  readonly isSupervised: boolean
  /** Called once, when it is known what the process is to be. */
  readonly onKnown: () => void
}

export class Listening {
  readonly #options: ListeningOptions
  readonly #inbox: Inbox
  readonly #cancel: Cancel
  #begunAt: number | undefined
  #isKnown = false
  #isLooking = false
  #hasSaid = false

  constructor(options: ListeningOptions) {
    this.#options = options
    this.#inbox = new Inbox(options.names, options.service)
    this.#cancel = options.clock.every(LOOK_MS, () => void this.#look())
    void options.connection.connected().then(() => this.#look())
  }

  stop(): void {
    this.#cancel()
  }

  async #look(): Promise<void> {
    if (this.#isLooking || !this.#options.connection.up) return
    this.#isLooking = true
    try {
      await this.#read()
    } catch (error) {
      // It is asked again in a second.
      diag.debug('otel-health: what is asked of this instance is not known', error)
      this.#sayOnce(error)
    } finally {
      this.#isLooking = false
    }
  }

  /** Why Redis does not answer is said by who publishes; what it lets nobody read is not asked for by anybody else. */
  #sayOnce(error: unknown): void {
    if (this.#hasSaid || !(error instanceof Error) || !NO_RIGHT.test(error.message)) return
    this.#hasSaid = true
    diag.warn(
      `otel-health: the user of the health Redis may not read what people ask of ${this.#options.service}, so that nobody can pause or stop it: give it the rights of service.acl in docs/acl of the package.`,
    )
  }

  async #read(): Promise<void> {
    const { connection, names, answers, obedience, time, age } = this.#options
    time.heard(toMs(await connection.run((client) => client.healthTime(names.meta))))
    this.#begunAt ??= time.now() - Math.ceil(age())
    if (!this.#isKnown) await this.#comeBack()
    const begunAt = this.#begunAt
    const { requests, unfit } = await connection.run((client) => this.#inbox.read(client, begunAt))
    for (const { position, reason } of unfit) answers.refuse(position, reason)
    for (const request of requests) await obedience.consider(request)
  }

  async #comeBack(): Promise<void> {
    const { connection, names, service, instance, obedience, time, isSupervised, onKnown } = this.#options
    const all = await connection.run((client) => readDesired(client, names, service, time.now()))
    const desired = desiredOf(all, instance)
    if (desired && desired.state !== 'none' && !(desired.state === 'stopped' && isSupervised))
      obedience.comeBackHeld({ state: desired.state, request: desired.request })
    this.#isKnown = true
    onKnown()
  }
}
