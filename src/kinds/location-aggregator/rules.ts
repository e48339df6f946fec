/** How a location aggregator is judged beyond any worker. */
import { Metric } from '../../rules/metric-ref.ts'
import { level, quantile, ratio } from '../../rules/readings.ts'
import type { RuleSentence } from '../../rules/rule.ts'
import { rule } from '../../rules/rule.ts'
import { WORK_BATCH_DURATION } from '../worker/metrics.ts'
import { AGGREGATED_REPORTS, LAG, REPORT_OUTCOME } from './metrics.ts'

export const REPORTS = new Metric(AGGREGATED_REPORTS)
export const DROPPED = REPORTS.where({ [REPORT_OUTCOME]: ['duplicate', 'implausible'] })
export const DURATION = new Metric(WORK_BATCH_DURATION)
export const LAG_LEVEL = new Metric(LAG)

/** Seconds after which a lag says nothing: where no report comes nobody may be behind, or a batch hangs. */
export const LAG_STALE_AFTER = 120

export function locationAggregatorRules(): readonly RuleSentence[] {
  return [
    rule('aggregation_lag')
      .when(level(LAG_LEVEL, { staleAfter: LAG_STALE_AFTER, fold: 'max' }))
      .above(60, 's')
      .critical(300)
      .says('Aggregation is {current} behind the newest report (limit {limit})')
      .summary('The newest report of an aggregation was older than 60 s (CRITICAL: 300 s) when it was aggregated.'),
    rule('slow_aggregation')
      // A single worker that takes nearly a minute for each makes hardly more than the 20 that a percentile takes.
      .when(quantile(0.95, DURATION).over('30m'))
      .above(10, 's')
      .critical(60)
      .says('The 95th percentile of aggregations is {current} over {window} (limit {limit}), of {n}')
      .summary('95th percentile of the duration of an aggregation above 10 s (CRITICAL: 60 s) over 30 minutes.'),
    rule('high_drop_share')
      .when(ratio({ of: DROPPED, in: REPORTS }).over('15m'))
      .above(50, '%')
      .critical(90)
      // For longer than what a restart is given once more stays in the window.
      .for('15m')
      .says('{current} of the reports were dropped as duplicates or as implausible over {window} (limit {limit}): {count} of {n}')
      .summary(
        'More than 50 % (CRITICAL: 90 %) of the reports of 15 minutes were dropped as duplicates or as implausible, for as long again.',
      ),
  ]
}
