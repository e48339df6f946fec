/** What a notification service records beyond any worker: deliveries by channel, how long they take, retries and give-ups. */
import type { MetricDefinition } from '../../catalogue.ts'
import { ERROR_TYPE } from '../../catalogue.ts'

/** `sent`: handed over, and nothing more will be known; `delivered`: confirmed; `bounced`: it came back; `failed`: it was never taken. */
export const OUTCOMES = ['sent', 'delivered', 'bounced', 'failed'] as const
export type DeliveryOutcome = (typeof OUTCOMES)[number]

export const CHANNEL = 'notification.channel'
export const OUTCOME = 'notification.outcome'

export const DELIVERIES: MetricDefinition = {
  name: 'notification.deliveries',
  instrument: 'counter',
  unit: '{delivery}',
  description: 'Notifications by channel, each counted once, when the last is known of it; `unknown` where nobody can tell.',
  attributes: { [CHANNEL]: [], [OUTCOME]: [...OUTCOMES, 'unknown'], [ERROR_TYPE]: [] },
}
export const DELIVERY_LATENCY: MetricDefinition = {
  name: 'notification.delivery.latency',
  instrument: 'histogram',
  unit: 's',
  description: 'Time from when there was something to tell to when the last was known of the delivery, retries and receipt included.',
  attributes: { [CHANNEL]: [] },
  bounds: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600],
}
export const RETRIES: MetricDefinition = {
  name: 'notification.retries',
  instrument: 'counter',
  unit: '{retry}',
  description: 'Deliveries that were put off to be tried again, by why.',
  attributes: { [CHANNEL]: [], [ERROR_TYPE]: [] },
}
export const GIVE_UPS: MetricDefinition = {
  name: 'notification.give_ups',
  instrument: 'counter',
  unit: '{delivery}',
  description: 'Deliveries that were given up after their last try and became dead letters, by why.',
  attributes: { [CHANNEL]: [], [ERROR_TYPE]: [] },
}

/** In the order of docs and dashboards. */
export const NOTIFICATION_METRICS: readonly MetricDefinition[] = [DELIVERIES, DELIVERY_LATENCY, RETRIES, GIVE_UPS]
