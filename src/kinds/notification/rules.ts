/** How a notification service is judged beyond any worker. */
import { DEPENDENCY_DOWN } from '../../catalogue.ts'
import { Metric } from '../../rules/metric-ref.ts'
import { increase, quantile, successRate } from '../../rules/readings.ts'
import type { Reading } from '../../rules/readings.ts'
import type { RuleSentence } from '../../rules/rule.ts'
import { rule } from '../../rules/rule.ts'
import { WORK_NAME } from '../worker/metrics.ts'
import { WORK } from '../worker/rules.ts'
import { CHANNEL, DELIVERY_LATENCY, GIVE_UPS } from './metrics.ts'

export const LATENCY = new Metric(DELIVERY_LATENCY)
export const DEAD_LETTERS = new Metric(GIVE_UPS)

/** A delivery is an attempt whose name is its channel. */
export const DELIVERY_RATE: Reading = successRate({
  ...WORK,
  attempts: WORK.told,
  wording: { rate: 'Delivery rate', units: 'notifications', unitsInFull: 'notifications' },
})

export function notificationRules(): readonly RuleSentence[] {
  return [
    rule('low_delivery_rate')
      .when(DELIVERY_RATE)
      .below(95, '%')
      .critical(80)
      .by(WORK_NAME)
      .inhibitedBy(DEPENDENCY_DOWN)
      .summary(
        'Fewer than 95 % (CRITICAL: 80 %) of the notifications of one channel were sent or delivered, honest about small numbers; an alert for each channel.',
      ),
    rule('slow_delivery')
      .when(quantile(0.95, LATENCY).over('15m'))
      .above(60, 's')
      .critical(300)
      .by(CHANNEL)
      .says('{of}: the 95th percentile of deliveries is {current} over {window} (limit {limit}), of {n}')
      .summary('95th percentile of the time from event to delivery above 60 s (CRITICAL: 300 s) over 15 minutes, for each channel.'),
    rule('dead_letters_growing')
      .when(increase(DEAD_LETTERS).over('1h'))
      .above(5)
      .critical(100)
      .for(0)
      .says('{current} {current:notification was|notifications were} given up in {window} (limit {limit})')
      .summary('More than 5 (CRITICAL: 100) notifications became dead letters in an hour.'),
  ]
}
