import { AGGREGATED_REPORTS, BATCH_SIZE, REPORT_OUTCOME } from '../../../../src/kinds/location-aggregator/metrics.ts'
import { WORK_BATCH_DURATION, WORK_OUTCOME, WORK_UNITS } from '../../../../src/kinds/worker/metrics.ts'
import { countBy, figures, sum, sumCounts, total, type Figure } from '../../figures.ts'
import type { Books, Telemetry } from './books.ts'
import { attempts, calls, counted } from './work.ts'

export function aggregatorBooks({ ledger, couriers, counts, siblings, left }: Books, telemetry: Telemetry): readonly Figure[] {
  const { otlp } = telemetry
  const { batches, failedBatches, received, merged, duplicates, implausible, storeCalls } = counts.location_aggregator
  const reports = counted(telemetry, AGGREGATED_REPORTS.name, [REPORT_OUTCOME])
  const pushed = ledger.reports.new + couriers - left.reports
  // Every call that the store refused or that nobody waited for was one batch.
  const { ok: _, ...failed } = storeCalls
  return [
    {
      what: 'reports of the fetcher and of couriers',
      truth: pushed,
      otlp: total(reports.otlp),
      totals: total(reports.totals),
      service: received,
    },
    ...figures('reports', {
      // A position that the store had before would have been merged twice.
      truth: { merged: siblings.store.positions.added, duplicate: duplicates, implausible },
      ...reports,
      service: { merged, duplicate: duplicates, implausible },
    }),
    {
      what: 'reports dropped: not in the store',
      truth: pushed - siblings.store.positions.added,
      otlp: (reports.otlp['duplicate'] ?? 0) + (reports.otlp['implausible'] ?? 0),
      totals: (reports.totals['duplicate'] ?? 0) + (reports.totals['implausible'] ?? 0),
      service: duplicates + implausible,
    },
    { what: 'batches', truth: batches, otlp: sumCounts(otlp.of(BATCH_SIZE.name)) },
    { what: 'reports in batches', truth: received, otlp: sum(otlp.of(BATCH_SIZE.name)) },
    { what: 'batches that ended', truth: batches + failedBatches, otlp: sumCounts(otlp.of(WORK_BATCH_DURATION.name)) },
    ...figures('units', {
      truth: { ok: batches, failed: failedBatches },
      otlp: countBy(otlp.of(WORK_UNITS.name), ({ attributes }) => attributes[WORK_OUTCOME]!),
    }),
    ...attempts(telemetry, { ok: received, failed }),
    ...calls(telemetry, 'store', siblings.store.calls['store'] ?? {}, storeCalls),
  ]
}
