/** Metrics that others record, as they were last collected. */
import type { CollectingReader } from '../collect/collecting-reader.ts'
import type { Sample } from '../types.ts'

export interface MetricSource {
  samples(): readonly Sample[]
  /** Of other metrics nothing is kept. */
  keep(metrics: ReadonlySet<string>): void
  /** Nothing is judged any more; what was recorded still leaves. */
  stop?(): void
}

/** What a reader of ours collects that somebody gave to an SDK, or will: `find` is asked until it is there. */
export function sourceOf(find: () => CollectingReader | undefined): MetricSource {
  let reader: CollectingReader | undefined
  let kept: ReadonlySet<string> = new Set()
  return {
    samples() {
      if (!reader?.attached) {
        reader = find()
        reader?.keep(kept)
      }
      return reader?.latest ?? []
    },
    keep(metrics) {
      kept = metrics
    },
  }
}
