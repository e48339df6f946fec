/** What the dashboard of a notification service shows before what it shows of any worker. */
import { ERROR_TYPE } from '../../catalogue.ts'
import { increase, percent, quantile, rate, sum } from '../../panels/promql.ts'
import { byLastWord, FAILURE_COLOURS } from '../../panels/line-colours.ts'
import { BESIDE_A_CHART } from '../../panels/panel-spec.ts'
import { anHour } from '../../panels/work-panels.ts'
import type { KindRows } from '../kind.ts'
import { workerRows } from '../worker/dashboard.ts'
import { CHANNEL, DELIVERIES, DELIVERY_LATENCY, GIVE_UPS, OUTCOME, RETRIES } from './metrics.ts'

const GOOD = { [OUTCOME]: ['sent', 'delivered'] }
const TOLD = { [OUTCOME]: { not: 'unknown' } }
const BAD = { [OUTCOME]: ['bounced', 'failed'] }

export const notificationRows: KindRows = (limits, timing) => [
  {
    title: 'Deliveries',
    panels: [
      {
        kind: 'stat',
        title: 'Delivery rate, 5 min, by channel',
        description: 'Notifications of the last 5 minutes that were sent or delivered. Judged by the rule low_delivery_rate.',
        unit: 'percent',
        width: 8,
        height: BESIDE_A_CHART,
        limits: limits('low_delivery_rate'),
        queries: [
          {
            expr: percent(sum(increase(DELIVERIES, '5m', GOOD), [CHANNEL]), sum(increase(DELIVERIES, '5m', TOLD), [CHANNEL])),
            legend: '{{notification_channel}}',
          },
        ],
      },
      {
        kind: 'stat',
        title: 'Dead letters, last hour',
        description: `${GIVE_UPS.description} Judged by the rule dead_letters_growing.`,
        unit: 'short',
        width: 4,
        height: BESIDE_A_CHART,
        limits: limits('dead_letters_growing'),
        queries: [{ expr: sum(increase(GIVE_UPS, '1h')), legend: 'dead letters' }],
      },
      {
        kind: 'timeseries',
        title: 'Delivery rate',
        description: 'Percent of notifications that were sent or delivered; no line where there were none.',
        unit: 'percent',
        width: 12,
        limits: limits('low_delivery_rate'),
        queries: [
          {
            expr: percent(sum(rate(DELIVERIES, GOOD), [CHANNEL]), sum(rate(DELIVERIES, TOLD), [CHANNEL])),
            legend: '{{notification_channel}}',
          },
        ],
      },
      anHour(
        'Deliveries an hour',
        DELIVERIES.description,
        8,
        [{ expr: sum(rate(DELIVERIES), [CHANNEL, OUTCOME]), legend: '{{notification_channel}} {{notification_outcome}}' }],
        { colours: byLastWord({ sent: 'blue', delivered: 'green', bounced: 'orange', failed: 'red', unknown: 'purple' }) },
      ),
      anHour(
        'Not delivered an hour, by reason',
        'Notifications that bounced or failed, by why.',
        8,
        [{ expr: sum(rate(DELIVERIES, BAD), [CHANNEL, ERROR_TYPE]), legend: '{{notification_channel}} {{error_type}}' }],
        { colours: FAILURE_COLOURS, empty: 'nothing failed or bounced' },
      ),
      {
        kind: 'timeseries',
        title: 'Time to delivery, p95, by channel',
        description: `${DELIVERY_LATENCY.description} Judged by the rule slow_delivery.`,
        unit: 's',
        width: 8,
        limits: limits('slow_delivery'),
        queries: [{ expr: quantile(0.95, DELIVERY_LATENCY, {}, [CHANNEL]), legend: '{{notification_channel}}' }],
      },
      anHour(
        'Retries and give-ups an hour',
        `${RETRIES.description} ${GIVE_UPS.description}`,
        24,
        [
          { expr: sum(rate(RETRIES), [CHANNEL]), legend: '{{notification_channel}} tried again' },
          { expr: sum(rate(GIVE_UPS), [CHANNEL]), legend: '{{notification_channel}} given up' },
        ],
        { colours: byLastWord({ 'tried again': 'orange', 'given up': 'red' }) },
      ),
    ],
  },
  ...workerRows(limits, timing),
]
