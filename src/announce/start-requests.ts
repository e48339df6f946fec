/** What is asked of an instance that does not run: it can be started, and stopped for good. */
import { Inbox } from '../obey/inbox.ts'
import type { About, Heard } from '../supervise/report.ts'
import { answerRequest, refuseUnfit } from '../wire/answer-request.ts'
import type { ControlRequest } from '../wire/control-request.ts'
import type { PublisherClient } from '../wire/redis-client.ts'
import { toMs } from '../wire/scripts/time.ts'
import type { Speaker } from './speaker.ts'

/** It says so again every `DOWN_AGAIN_MS`, and is listed for so long. Milliseconds. */
const LISTED_MS = 30_000

export class StartRequests {
  readonly #speaker: Speaker
  readonly #allow: About['allow']
  /** Of the announcer, by a name that no other has. */
  readonly #process: string
  readonly #inbox: Inbox

  constructor(speaker: Speaker, allow: About['allow'], process: string) {
    this.#speaker = speaker
    this.#allow = allow
    this.#process = process
    this.#inbox = new Inbox(speaker.names, speaker.service)
  }

  /** Those who ask find it on a list, for it beats no more. */
  async list(client: PublisherClient, isListed: boolean): Promise<void> {
    const { names, service, instance } = this.#speaker
    await client.healthDown(names.down(service), instance, isListed ? String(LISTED_MS) : '0')
  }

  /** What the supervisor is to do, of what was asked since its process ended, `agoMs` before now. Rejects with the server's error. */
  async read(client: PublisherClient, agoMs: number): Promise<readonly Heard[]> {
    const { names, service, instance } = this.#speaker
    const now = toMs(await client.healthTime(names.meta))
    const { requests, unfit } = await this.#inbox.read(client, now - Math.ceil(agoMs))
    for (const { position, reason } of unfit)
      await refuseUnfit(client, names, { service, instance, position, reason, at: now }, this.#process)
    const heard: Heard[] = []
    for (const request of requests) {
      if (request.instance !== null && request.instance !== instance) continue
      const asked = await this.#consider(client, request, now)
      if (asked) heard.push(asked)
    }
    return heard
  }

  async #consider(client: PublisherClient, request: ControlRequest, now: number): Promise<Heard | undefined> {
    const { names, service, instance } = this.#speaker
    const { id, action, expires } = request
    const refusal = refusalOf(request, this.#allow, now)
    const answer = { request: id, action, service, instance, at: now }
    const said =
      refusal === undefined ? { ...answer, state: 'accepted' as const } : { ...answer, state: 'refused' as const, reason: refusal }
    const reply = await answerRequest(client, names, said, { process: this.#process, expires })
    if (refusal !== undefined || reply !== 'ours' || (action !== 'start' && action !== 'restart' && action !== 'stop')) return undefined
    return { is: 'asked', action, request: id, instance }
  }
}

/** A sentence, or `undefined`. */
function refusalOf({ action, expires }: ControlRequest, allow: About['allow'], now: number): string | undefined {
  if (now > expires) return 'It came too late.'
  if (!allow.includes(action)) return `It does not allow ${action}: control.allow of its health.config would have to name it.`
  if (action === 'start' || action === 'restart' || action === 'stop') return undefined
  return 'It does not run: start it first.'
}
