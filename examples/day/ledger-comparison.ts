import {
  BATCH_DURATION,
  FETCH_ATTEMPTS,
  FETCH_REPORTS,
  FETCH_RETRIES,
  FETCH_SKIPPED,
  OUTCOME,
  REPORT_KIND,
  UPSTREAM,
  UPSTREAM_DURATION,
} from '../../src/kinds/tracker-fetcher/metrics.ts'
import { ERROR_TYPE } from '../../src/catalogue.ts'
import type { LedgerEntry, LedgerSummary } from '../simulators/ledger.ts'
import type { FetcherCounts } from '../tracker-fetcher/fetcher.ts'
import { added, countBy, figures, prefixed, sum, sumCounts, total, type Counts, type Figure } from './figures.ts'
import type { OtlpSums } from './otlp-sums.ts'

/** `totals` of a metrics message. */
export interface Totals {
  readonly attempts: { readonly reports: number; readonly empty: number; readonly failed: Counts }
  readonly skipped: Counts
  readonly reports: number
  readonly retries: number
  readonly api_calls: Counts
}

export interface Books {
  readonly ledger: LedgerSummary
  readonly entries: readonly LedgerEntry[]
  readonly service: FetcherCounts
  /** Calls of the service to anisette whose connection was refused: they reached no simulator. */
  readonly refused: number
  readonly otlp: Pick<OtlpSums, 'of'>
  readonly totals: Totals
}

/** Every figure that must be equal in all books. */
export function compareBooks({ ledger, entries, service, refused, otlp, totals }: Books): readonly Figure[] {
  const attempts = otlp.of(FETCH_ATTEMPTS.name)
  const reports = otlp.of(FETCH_REPORTS.name)
  const retries = otlp.of(FETCH_RETRIES.name)
  const skipped = otlp.of(FETCH_SKIPPED.name)
  const calls = otlp.of(UPSTREAM_DURATION.name)
  const { ECONNREFUSED: _, ...accepted } = totals.api_calls
  const callsTo = (upstream: string) =>
    countBy(
      calls.filter(({ attributes }) => attributes[UPSTREAM] === upstream),
      ({ attributes }) => attributes[ERROR_TYPE] ?? 'ok',
      ({ count }) => count,
    )
  const { ECONNREFUSED: seenRefused = 0, ...anisette } = callsTo('anisette')

  return [
    ...figures('attempts', {
      truth: { reports: ledger.attempts.reports, empty: ledger.attempts.empty, ...prefixed('failed ', ledger.attempts.failed) },
      otlp: countBy(attempts, ({ attributes }) =>
        attributes[OUTCOME] === 'failed' ? `failed ${attributes[ERROR_TYPE]}` : attributes[OUTCOME]!,
      ),
      totals: { reports: totals.attempts.reports, empty: totals.attempts.empty, ...prefixed('failed ', totals.attempts.failed) },
    }),
    { what: 'batches', truth: requestIds(entries).size, otlp: sumCounts(otlp.of(BATCH_DURATION.name)) },
    ...figures('reports', { truth: ledger.reports, otlp: countBy(reports, ({ attributes }) => attributes[REPORT_KIND]!) }),
    { what: 'reports', truth: total({ ...ledger.reports }), otlp: sum(reports), totals: totals.reports },
    ...figures('retries after', { truth: ledger.retries, otlp: countBy(retries, ({ attributes }) => attributes[ERROR_TYPE]!) }),
    { what: 'retries', truth: total(ledger.retries), otlp: sum(retries), totals: totals.retries },
    ...figures('calls to Apple', { truth: ledger.api_calls.apple, otlp: callsTo('apple') }),
    ...figures('calls to anisette', { truth: ledger.api_calls.anisette, otlp: anisette }),
    ...figures('calls', {
      truth: added(ledger.api_calls.apple, ledger.api_calls.anisette),
      otlp: added(callsTo('apple'), anisette),
      totals: accepted,
    }),
    { what: 'calls refused', truth: refused, otlp: seenRefused, totals: totals.api_calls['ECONNREFUSED'] ?? 0 },
    { what: 'skipped', truth: service.skipped, otlp: sum(skipped), totals: total(totals.skipped) },
    { what: 'attempted', truth: service.attempted, otlp: sum(attempts) },
    { what: 'leased = attempted + skipped + released', truth: service.leased, otlp: sum(attempts) + sum(skipped) + service.released },
  ]
}

/** One batch is one request and its repetitions, which have the same id. */
function requestIds(entries: readonly LedgerEntry[]): ReadonlySet<string | null> {
  return new Set(entries.filter(({ endpoint, probe }) => endpoint === 'apple.fetch' && !probe).map((entry) => entry.request_id))
}
