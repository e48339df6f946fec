/** Messages that were handed to the service and neither acknowledged nor refused yet. When a channel is closed they are given to somebody again. */
import type { Piece } from '../../record/work-in-hand.ts'
import type { LibraryListener } from './queue-library.ts'

/** Of one channel; as many as can be prefetched. More than that are not recorded. */
const MOST = 0xffff

type Listener = Pick<LibraryListener, 'clock' | 'onAttempt' | 'onBegin' | 'onEnd'>

interface Delivery {
  readonly queue: string
  readonly piece: Piece | undefined
  readonly startedAt: number
}

export class Deliveries {
  readonly #listener: Listener
  /** By channel, in the order of their tags. */
  readonly #ofChannel = new WeakMap<object, Map<number, Delivery>>()

  constructor(listener: Listener) {
    this.#listener = listener
  }

  begin(channel: object, tag: number, queue: string): void {
    const open = this.#ofChannel.get(channel) ?? new Map<number, Delivery>()
    if (!this.#ofChannel.has(channel)) this.#noticeClose(channel, open)
    this.#ofChannel.set(channel, open)
    if (open.size >= MOST) return
    open.set(tag, { queue, piece: this.#listener.onBegin(() => ({ queue })), startedAt: this.#listener.clock.monotonicMs() })
  }

  /** One, or all up to it. `failure`: why they failed; left out: they did not. One that has ended, or never began, is not told. */
  end(channel: object, tag: number, allUpTo: boolean, ...failure: readonly [error?: unknown]): void {
    const open = this.#ofChannel.get(channel)
    if (!open) return
    const ended = allUpTo ? [...open.keys()].filter((each) => each <= tag) : [tag]
    for (const each of ended) {
      const delivery = open.get(each)
      if (delivery) this.#tell(delivery, failure)
      open.delete(each)
    }
  }

  /** What was not ended by then is in the hand of whoever it is given to next. */
  #noticeClose(channel: object, open: ReadonlyMap<number, Delivery>): void {
    const { once } = channel as { readonly once?: unknown }
    if (typeof once !== 'function') return
    once.call(channel, 'close', () => {
      for (const { piece } of open.values()) this.#listener.onEnd(piece)
    })
  }

  #tell({ queue, piece, startedAt }: Delivery, failure: readonly [error?: unknown]): void {
    this.#listener.onEnd(piece)
    const durationMs = this.#listener.clock.monotonicMs() - startedAt
    const failed = failure.length > 0
    this.#listener.onAttempt(() => ({ queue, durationMs, failed, postponed: false, ...(failed && { error: failure[0] }) }))
  }
}
