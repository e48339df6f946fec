/** Who is told: listeners at once, readers of iterators as they come to it. */
import { diag } from '../diag.ts'
import type { Clock } from '../types.ts'
import { EventBuffer } from './event-buffer.ts'
import type { ToldEvent } from './health-event.ts'
import type { HealthView } from './health-view.ts'

export type Listener<Kind extends ToldEvent['kind']> = (event: Extract<ToldEvent, { kind: Kind }>) => void

export interface AudienceOptions {
  readonly clock: Clock
  /** The present one. */
  readonly view: () => HealthView
  /** Milliseconds between two that are told. */
  readonly viewMs: number
  /** Events that wait for a reader of an iterator. */
  readonly buffer: number
}

/** Views take at most one of so many parts of the time. */
const VIEW_SHARE = 10

export class Audience {
  readonly #options: AudienceOptions
  readonly #listeners = new Map<ToldEvent['kind'], Set<(event: ToldEvent) => void>>()
  readonly #buffers = new Set<EventBuffer>()
  #viewToldAt = -Infinity
  #viewIsDue = false
  #ended = false

  constructor(options: AudienceOptions) {
    this.#options = options
  }

  /** Whether anybody wants to hear messages. */
  get wantsMessages(): boolean {
    return this.#buffers.size > 0 || (this.#listeners.get('message')?.size ?? 0) > 0
  }

  on<Kind extends ToldEvent['kind']>(kind: Kind, listener: Listener<Kind>): () => void {
    const listeners = this.#listeners.get(kind) ?? new Set()
    this.#listeners.set(kind, listeners)
    const call = (event: ToldEvent) => listener(event as Extract<ToldEvent, { kind: Kind }>)
    listeners.add(call)
    return () => void listeners.delete(call)
  }

  iterate(): EventBuffer {
    const { buffer: most, view } = this.#options
    const buffer = new EventBuffer(most, view, () => this.#buffers.delete(buffer))
    if (this.#ended) buffer.end()
    else this.#buffers.add(buffer)
    return buffer
  }

  /** `size`: characters of a message. */
  tell(event: ToldEvent, size?: number): void {
    if (this.#ended) return
    for (const listener of this.#listeners.get(event.kind) ?? []) {
      try {
        listener(event)
      } catch (error) {
        diag.error(`otel-health: a listener of ${event.kind} events failed`, error)
      }
    }
    for (const buffer of this.#buffers) buffer.push(event, size)
  }

  /** The view is told when what has been begun in this turn is done, or as soon as it may be again. */
  viewChanged(): void {
    if (this.#viewIsDue) return
    this.#viewIsDue = true
    const { clock, viewMs } = this.#options
    const wait = this.#viewToldAt + viewMs - clock.monotonicMs()
    if (wait > 0) clock.after(wait, () => this.#tellView())
    else queueMicrotask(() => this.#tellView())
  }

  end(): void {
    this.#ended = true
    for (const buffer of this.#buffers) buffer.end()
    this.#buffers.clear()
  }

  #tellView(): void {
    this.#viewIsDue = false
    const { clock, view } = this.#options
    const begin = clock.monotonicMs()
    const isWanted = this.#buffers.size > 0 || (this.#listeners.get('view')?.size ?? 0) > 0
    if (isWanted) this.tell({ kind: 'view', view: view() })
    const end = clock.monotonicMs()
    // Whoever takes long with one is shown fewer.
    this.#viewToldAt = end + VIEW_SHARE * (end - begin)
  }
}
