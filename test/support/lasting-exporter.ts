/** What Redis keeps of a service between its processes, without Redis: alerts as their real entries, and what was counted, once a minute. */
import type { Alert, CountedBefore, Counted, Snapshot } from '../../src/types.ts'
import { countedOf, countedSince, countedText } from '../../src/wire/counted.ts'
import { loaded, saved, type SavedAlert } from '../judge/saved-alert.ts'
import { MemoryExporter } from './memory-exporter.ts'
import type { VirtualClock } from './virtual-clock.ts'

const MINUTE = 60_000

export class Kept {
  readonly alerts = new Map<string, SavedAlert>()
  readonly minutes: { readonly at: number; readonly text: string }[] = []
  lastBeat: number | undefined
}

/** One process of the service; the next one is given the same `kept`. */
export class LastingExporter extends MemoryExporter {
  readonly #clock: VirtualClock
  readonly #kept: Kept
  #counted: Counted = {}
  #writtenAt: number

  constructor(clock: VirtualClock, kept: Kept) {
    super(clock)
    this.#clock = clock
    this.#kept = kept
    this.#writtenAt = clock.monotonicMs()
  }

  override async load(): Promise<readonly Alert[]> {
    const now = { monotonicMs: this.#clock.monotonicMs(), epochMs: this.#clock.epochMs() }
    return [...this.#kept.alerts.values()].flatMap((each) => loaded(each, now, this.#kept.lastBeat) ?? [])
  }

  override async recall(): Promise<readonly CountedBefore[]> {
    const now = this.#clock.epochMs()
    return this.#kept.minutes.flatMap(({ at, text }) => {
      const counted = countedOf(text)
      return counted ? [{ agoMs: now - at, counted }] : []
    })
  }

  override status(snapshot: Snapshot): void {
    super.status(snapshot)
    this.#kept.lastBeat = this.#clock.epochMs()
    if (this.#clock.monotonicMs() - this.#writtenAt >= MINUTE) this.#write(snapshot.counted)
  }

  override save(alert: Alert): void {
    super.save(alert)
    this.#keep(alert)
  }

  override transition(transition: Parameters<MemoryExporter['transition']>[0]): void {
    super.transition(transition)
    this.#keep(transition.alert)
  }

  #keep(alert: Alert): void {
    this.#kept.alerts.set(alert.id, saved(alert, { monotonicMs: this.#clock.monotonicMs(), epochMs: this.#clock.epochMs() }))
  }

  #write(counted: Counted): void {
    this.#writtenAt = this.#clock.monotonicMs()
    const text = countedText(countedSince(counted, this.#counted))
    this.#counted = counted
    if (text !== '') this.#kept.minutes.push({ at: this.#clock.epochMs(), text })
  }
}
