/**
 * What changes, told to all who listen: rows at most four times a second and at least once a second, transitions at once. Each event is
 * encoded once, however many listen. While nobody does, nothing is computed but what somebody asks for.
 */
import { randomBytes } from 'node:crypto'

import { diag } from '../../diag.ts'
import type { HealthSubscriber } from '../../subscribe/health-subscriber.ts'
import type { HealthView } from '../../subscribe/health-view.ts'
import type { Clock } from '../../types.ts'
import type { Feed, FeedEvent } from '../panel-data.ts'
import type { Change, Now, ServiceRow } from '../protocol.ts'
import { changeBetween, saysSomething, wholeChange } from './changes.ts'
import { EventRing } from './event-ring.ts'
import { NowRows } from './now-rows.ts'
import { transitionRow } from './transition-row.ts'

/** Milliseconds between two changes, at least; the subscriber tells its views no more often. */
export const LEAST_MS = 250
/** Silence means a dead connection: a second without an event must not be. */
const LONGEST_MS = 750
/** Who asks again and again does so more often than this. */
const WANTED_MS = 10_000
/** What is kept for those who come back: at 100 transitions a second some 30 s, in quiet times hours. */
const RING = { events: 10_000, size: 8_000_000 }

export interface LiveFeedOptions {
  readonly subscriber: Pick<HealthSubscriber, 'view' | 'connection' | 'on'>
  readonly clock: Clock
  readonly rows?: NowRows
}

export class LiveFeed implements Feed {
  readonly #subscriber: LiveFeedOptions['subscriber']
  readonly #clock: Clock
  readonly #rows: NowRows
  readonly #ring = new EventRing(randomBytes(6).toString('hex'), RING)
  readonly #listeners = new Set<(event: FeedEvent) => void>()
  readonly #stops: (() => void)[] = []
  #stopTicks: (() => void) | undefined
  #now: Now | undefined
  #computedAt = -Infinity
  #toldAt = -Infinity
  #carriesAll = false
  #latest: { readonly id: string; readonly json: string; readonly now: Now } | undefined

  constructor({ subscriber, clock, rows = new NowRows() }: LiveFeedOptions) {
    this.#subscriber = subscriber
    this.#clock = clock
    this.#rows = rows
    const carryAll = () => void (this.#carriesAll = true)
    this.#stops.push(
      subscriber.on('message', ({ message }) => {
        if (message.channel === 'alerts') this.#tell('transition', JSON.stringify(transitionRow(message)))
      }),
      subscriber.on('gap', carryAll),
      subscriber.on('epoch', carryAll),
    )
  }

  /** As it is now, or was a quarter of a second ago. */
  get now(): Now {
    this.#computeUnlessFresh()
    return this.#now!
  }

  /** The same of one service. */
  rowOf(service: string): ServiceRow | undefined {
    this.#computeUnlessFresh()
    return this.#rows.rowOf(service)
  }

  /** Whether anybody listens, or asked a moment ago. */
  get isWanted(): boolean {
    return this.#listeners.size > 0 || this.#clock.monotonicMs() - this.#computedAt < WANTED_MS
  }

  latest(): { readonly id: string; readonly json: string; readonly now: Now } {
    const { now } = this
    const id = this.#ring.lastId
    if (this.#latest?.id !== id || this.#latest.now !== now) this.#latest = { id, json: JSON.stringify(now), now }
    return this.#latest
  }

  after(id: string): readonly FeedEvent[] | undefined {
    this.#computeUnlessFresh()
    return this.#ring.after(id)
  }

  listen(listener: (event: FeedEvent) => void): () => void {
    // One object for each call, so that one who listens twice ends twice.
    const own = (event: FeedEvent) => listener(event)
    this.#listeners.add(own)
    this.#stopTicks ??= this.#beginTicks()
    return () => {
      this.#listeners.delete(own)
      if (this.#listeners.size > 0) return
      this.#stopTicks?.()
      this.#stopTicks = undefined
    }
  }

  stop(): void {
    this.#stopTicks?.()
    this.#listeners.clear()
    for (const stop of this.#stops.splice(0)) stop()
  }

  #beginTicks(): () => void {
    const stopViews = this.#subscriber.on('view', ({ view }) => this.#compute(view))
    const stopBeats = this.#clock.every(LEAST_MS, () => {
      if (this.#clock.monotonicMs() - this.#toldAt >= LONGEST_MS) this.#compute()
    })
    return () => {
      stopViews()
      stopBeats()
    }
  }

  #computeUnlessFresh(): void {
    if (!this.#now || this.#clock.monotonicMs() - this.#computedAt >= LEAST_MS) this.#compute()
  }

  #compute(view: HealthView = this.#subscriber.view): void {
    const { connection } = this.#subscriber
    const before = this.#now
    const now = this.#rows.of(view, connection.state === 'stale' ? connection.reason : undefined)
    this.#now = now
    this.#computedAt = this.#clock.monotonicMs()
    if (!before) return
    const change = this.#carriesAll ? wholeChange(before, now) : changeBetween(before, now)
    const isBeat = this.#listeners.size > 0 && this.#computedAt - this.#toldAt >= LONGEST_MS
    if (isBeat || this.#carriesAll || saysSomething(before, change)) this.#tellChange(change)
  }

  #tellChange(change: Change): void {
    this.#carriesAll = false
    this.#toldAt = this.#computedAt
    this.#tell('change', JSON.stringify(change))
  }

  #tell(kind: FeedEvent['event'], json: string): void {
    const event = this.#ring.add(kind, json)
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        diag.error('otel-health: a listener of the panel failed', error)
      }
    }
  }
}
