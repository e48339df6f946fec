/** What a location aggregator is to whoever judges it. */
import { figure } from '../../rules/figure.ts'
import { Metric } from '../../rules/metric-ref.ts'
import { increase, level, mean, quantile, rate, ratio } from '../../rules/readings.ts'
import type { ServiceKind } from '../../rules/service-kind.ts'
import { into } from '../../rules/tally.ts'
import { extended } from '../extended.ts'
import { workerJudging } from '../worker/judging.ts'
import type { ReportOutcome } from './metrics.ts'
import { BATCH_SIZE, LOCATION_AGGREGATOR_METRICS, REPORT_OUTCOME } from './metrics.ts'
import { DROPPED, DURATION, LAG_LEVEL, LAG_STALE_AFTER, locationAggregatorRules, REPORTS } from './rules.ts'

const SIZES = new Metric(BATCH_SIZE)
const reportsOf = (outcome: ReportOutcome) => into(REPORTS.where({ [REPORT_OUTCOME]: outcome }))

export const locationAggregatorJudging: ServiceKind = extended(workerJudging, {
  name: 'location_aggregator',
  metrics: LOCATION_AGGREGATOR_METRICS,
  rules: locationAggregatorRules,
  figures: {
    reports_per_hour: figure(rate(REPORTS).over('1h')).in('/h').data,
    reports_last_hour: figure(increase(REPORTS).over('1h')).by(REPORT_OUTCOME).data,
    dropped_percent: figure(ratio({ of: DROPPED, in: REPORTS }).over('15m')).data,
    aggregation_p95_ms: figure(quantile(0.95, DURATION).over('30m')).in('ms').data,
    batch_size: figure(mean(SIZES)).data,
    lag_seconds: figure(level(LAG_LEVEL, { staleAfter: LAG_STALE_AFTER, fold: 'max' })).data,
  },
  records: {
    aggregation: {
      about: 'What one aggregation made of the reports it was given.',
      is: { batchOf: 'received' },
      tallies: [
        reportsOf('merged').of('merged').data,
        reportsOf('duplicate').of('duplicates').data,
        reportsOf('implausible').of('implausible').data,
        into(SIZES).of('received').data,
        into(LAG_LEVEL).of('lagMs', 'ms').data,
      ],
    },
  },
})
