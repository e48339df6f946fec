/**
 * What becomes of requests, said to Redis until it has taken it: while it is away nothing is lost, and nothing is done twice, for a request is
 * carried out by who has taken it there.
 */
import { randomBytes } from 'node:crypto'

import { diag } from '../diag.ts'
import type { Clock, Cancel } from '../types.ts'
import { answerRequest, refuseUnfit } from '../wire/answer-request.ts'
import type { ControlAnswer, ControlRequest } from '../wire/control-request.ts'
import type { ShardNames } from '../wire/names.ts'
import type { RedisConnection } from '../wire/redis-connection.ts'
import type { AnswerReply } from '../wire/scripts/answer.ts'
import type { ServerTime } from './server-time.ts'

/** Milliseconds between two tries. */
const AGAIN_MS = 1000
/** Ends that wait to be told; the oldest are given up. */
const MOST_WAITING = 100

export interface AnswersOptions {
  readonly connection: Pick<RedisConnection, 'run' | 'up'>
  readonly names: ShardNames
  readonly service: string
  readonly instance: string
  readonly clock: Clock
  readonly time: ServerTime
}

export type Said = Pick<ControlAnswer, 'state'> & Partial<Pick<ControlAnswer, 'reason' | 'inHand' | 'oldestSeconds'>>

/** What of a request its answers repeat. */
export type Asked = Pick<ControlRequest, 'id' | 'action' | 'expires'> & {
  /** Who was asked, if that was another than this one: the process before it. */
  readonly instance?: string | null
}

export class Answers {
  readonly #options: AnswersOptions
  /** Of this process: it tells who took a request. */
  readonly #process = randomBytes(8).toString('hex')
  readonly #waiting: (() => Promise<AnswerReply>)[] = []
  #cancel: Cancel | undefined

  constructor(options: AnswersOptions) {
    this.#options = options
  }

  /**
   * Takes a request for this process: whoever does not hear `ours` leaves it alone. Asks until there is an answer, for whether one that was lost
   * said so is not known, and by then it is the server that says that it is too late.
   */
  async take(asked: Asked): Promise<AnswerReply> {
    for (;;) {
      try {
        return await this.#write(asked, { state: 'accepted' })
      } catch (error) {
        diag.debug('otel-health: a request could not be taken yet', error)
      }
      await this.#aWhile()
    }
  }

  /** How far it is; once, for it is said again soon. */
  progress(asked: Asked, said: Omit<Said, 'state'>): void {
    this.#write(asked, { state: 'accepted', ...said }).catch(() => {})
  }

  /** How it ended, or that it is refused: written in the same tick if there is a connection, and else as soon as there is one. */
  end(asked: Asked, said: Said): void {
    this.#tell(() => this.#write(asked, said))
  }

  /** Of what stands in the stream and is none that may be carried out. */
  refuse(position: string, reason: string): void {
    const { names, service, instance, connection, time } = this.#options
    this.#tell(() =>
      connection.run((client) => refuseUnfit(client, names, { service, instance, position, reason, at: time.now() }, this.#process)),
    )
  }

  #write(asked: Asked, said: Said): Promise<AnswerReply> {
    const { names, service, instance, connection, time } = this.#options
    const { id: request, action, expires } = asked
    const answer: ControlAnswer = { request, action, service, instance: asked.instance ?? instance, at: time.now(), ...said }
    return connection.run((client) => answerRequest(client, names, answer, { process: this.#process, expires }))
  }

  #tell(write: () => Promise<AnswerReply>): void {
    write().catch(() => {
      if (this.#waiting.length >= MOST_WAITING) this.#waiting.shift()
      this.#waiting.push(write)
      this.#cancel ??= this.#options.clock.every(AGAIN_MS, () => void this.#tellAgain())
    })
  }

  async #tellAgain(): Promise<void> {
    if (!this.#options.connection.up) return
    for (const write of this.#waiting.splice(0)) this.#tell(write)
    if (this.#waiting.length > 0) return
    this.#cancel?.()
    this.#cancel = undefined
  }

  #aWhile(): Promise<void> {
    return new Promise((resolve) => this.#options.clock.after(AGAIN_MS, resolve))
  }
}
