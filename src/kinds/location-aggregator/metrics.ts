/** What a location aggregator records beyond any worker: what became of each report, and how far behind it is. A batch is one aggregation. */
import type { MetricDefinition } from '../../catalogue.ts'

export const REPORT_OUTCOMES = ['merged', 'duplicate', 'implausible'] as const
export type ReportOutcome = (typeof REPORT_OUTCOMES)[number]

export const REPORT_OUTCOME = 'location_aggregator.report.outcome'

export const AGGREGATED_REPORTS: MetricDefinition = {
  name: 'location_aggregator.reports',
  instrument: 'counter',
  unit: '{report}',
  description: 'Reports that came in, by what became of them: merged, or dropped as a duplicate or as implausible.',
  attributes: { [REPORT_OUTCOME]: REPORT_OUTCOMES },
}
export const BATCH_SIZE: MetricDefinition = {
  name: 'location_aggregator.batch.size',
  instrument: 'histogram',
  unit: '{report}',
  description: 'Reports in one aggregation.',
  attributes: {},
  bounds: [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
}
export const LAG: MetricDefinition = {
  name: 'location_aggregator.lag',
  instrument: 'observable_gauge',
  unit: 's',
  description: 'How old the newest report of the last aggregation was when it was aggregated.',
  attributes: {},
}

/** In the order of docs and dashboards. */
export const LOCATION_AGGREGATOR_METRICS: readonly MetricDefinition[] = [AGGREGATED_REPORTS, BATCH_SIZE, LAG]
