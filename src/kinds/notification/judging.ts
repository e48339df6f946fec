/** What a notification service is to whoever judges it. */
import { ERROR_TYPE } from '../../catalogue.ts'
import { figure } from '../../rules/figure.ts'
import { Metric } from '../../rules/metric-ref.ts'
import { increase, quantile } from '../../rules/readings.ts'
import type { ServiceKind } from '../../rules/service-kind.ts'
import { into } from '../../rules/tally.ts'
import { extended } from '../extended.ts'
import { workerJudging } from '../worker/judging.ts'
import { WORK_NAME } from '../worker/metrics.ts'
import { CHANNEL, DELIVERIES, NOTIFICATION_METRICS, OUTCOME, RETRIES } from './metrics.ts'
import { DEAD_LETTERS, DELIVERY_RATE, LATENCY, notificationRules } from './rules.ts'

const DELIVERED = new Metric(DELIVERIES)
const RETRIED = new Metric(RETRIES)

export const notificationJudging: ServiceKind = extended(workerJudging, {
  name: 'notification',
  metrics: NOTIFICATION_METRICS,
  // Its deliveries are its work: one rule about them is enough.
  changes: { low_success_rate: false },
  rules: notificationRules,
  figures: {
    delivery_rate_percent: figure(DELIVERY_RATE).by(WORK_NAME).data,
    delivery_p95_ms: figure(quantile(0.95, LATENCY).over('15m')).in('ms').by(CHANNEL).data,
    deliveries_last_hour: figure(increase(DELIVERED).over('1h')).by(CHANNEL).data,
    outcomes_last_hour: figure(increase(DELIVERED).over('1h')).by(OUTCOME).data,
    retries_last_hour: figure(increase(RETRIED).over('1h')).by(CHANNEL).data,
    dead_letters_last_hour: figure(increase(DEAD_LETTERS).over('1h')).data,
  },
  records: {
    delivery: {
      about: 'One notification over one channel, when the last is known of it; a call that throws is one that failed.',
      is: 'attempt',
      tallies: [
        into(DELIVERED).by(CHANNEL, 'channel').by(OUTCOME, 'outcome').by(ERROR_TYPE, 'reason').data,
        into(LATENCY).of('latencyMs', 'ms').by(CHANNEL, 'channel').data,
      ],
    },
    retry: { about: 'A delivery that is put off.', tallies: [into(RETRIED).by(CHANNEL, 'channel').by(ERROR_TYPE, 'reason').data] },
    give_up: {
      about: 'A delivery that was given up and became a dead letter.',
      tallies: [into(DEAD_LETTERS).by(CHANNEL, 'channel').by(ERROR_TYPE, 'reason').data],
    },
  },
})
