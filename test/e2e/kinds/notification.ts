/** Forty pushes that are all sent, thirty-five mails of which fifteen bounce, twenty sms of which ten are given up at the third try. */
import { NotificationHealthMonitor } from '../../../src/index.ts'
import type { Delivery } from '../../../src/index.ts'
import { between, upTo, type KindContract } from './contract.ts'

/** How long there has been something to tell by sms when work begins. */
const SMS_AGE_MS = 90_000

export function notificationsOf(channel: string, outcome: string, count: number, at: number): readonly string[] {
  return upTo(count).map((n) => JSON.stringify({ id: `${outcome}-${n}`, channel, at }))
}

const LEDGER = {
  calls: { ok: 85, 503: 30 },
  deliveries: { 'push sent': 40, 'mail delivered': 20, 'mail bounced mailbox_full': 15, 'sms delivered': 10, 'sms failed 503': 10 },
  retries: { 'sms 503': 20 },
  deadLetters: { 'sms 503': 10 },
  due: { outbox: 0, dead: 10 },
}

export const notification: KindContract = {
  kind: 'notification',
  folder: 'notification',
  lists: (now) => ({
    outbox: [
      ...notificationsOf('push', 'sent', 40, now),
      ...notificationsOf('mail', 'delivered', 20, now),
      ...notificationsOf('mail', 'bounced', 15, now),
      ...notificationsOf('sms', 'delivered', 10, now - SMS_AGE_MS),
      ...notificationsOf('sms', 'down', 10, now - SMS_AGE_MS),
    ],
  }),
  ledger: LEDGER,
  monitor(options) {
    const monitor = new NotificationHealthMonitor({
      ...options,
      rules: { low_delivery_rate: { for: 0, plain: true }, slow_delivery: { for: 0 }, dead_letters_growing: { limit: 5 } },
    })
    return { monitor, tell: () => tell(monitor) }
  },
  totals: {
    attempts: { ok: 70, failed: { mailbox_full: 15, 503: 10 } },
    found: 0,
    events: 0,
    api_calls: { gateway: LEDGER.calls },
    'notification.deliveries': LEDGER.deliveries,
    'notification.retries': LEDGER.retries,
    'notification.give_ups': LEDGER.deadLetters,
  },
  soon: () => ({ queue_sizes: LEDGER.due, total_queue_size: 10 }),
  later: {
    success_rate_percent: 73.7,
    delivery_rate_percent: { push: 100, mail: 57.1, sms: 50 },
    'work.push.success_rate_percent': 100,
    'work.mail.success_rate_percent': 57.1,
    'work.sms.success_rate_percent': 50,
    'work.sms.rate_per_hour': between(20, 20 * 120),
    delivery_p95_ms: { push: between(0, 60_000), mail: between(0, 60_000), sms: between(60_000, 120_000) },
    deliveries_last_hour: { push: 40, mail: 35, sms: 20 },
    outcomes_last_hour: { sent: 40, delivered: 30, bounced: 15, failed: 10 },
    retries_last_hour: { sms: 20 },
    dead_letters_last_hour: 10,
  },
  alerts: [
    { rule: 'dead_letters_growing', severity: 'WARNING' },
    { rule: 'low_delivery_rate', labels: { 'work.name': 'mail' }, severity: 'CRITICAL' },
    { rule: 'low_delivery_rate', labels: { 'work.name': 'sms' }, severity: 'CRITICAL' },
    { rule: 'slow_delivery', labels: { 'notification.channel': 'sms' }, severity: 'WARNING' },
  ],
}

function tell(monitor: NotificationHealthMonitor): void {
  const deliver = (count: number, delivery: Delivery): void => {
    for (const _ of upTo(count)) {
      monitor.recordApiCall({ upstream: 'gateway', durationMs: 8 })
      monitor.recordDelivery(delivery)
    }
  }
  deliver(40, { channel: 'push', outcome: 'sent', latencyMs: 20 })
  deliver(20, { channel: 'mail', outcome: 'delivered', latencyMs: 30 })
  deliver(15, { channel: 'mail', outcome: 'bounced', reason: 'mailbox_full', latencyMs: 30 })
  deliver(10, { channel: 'sms', outcome: 'delivered', latencyMs: SMS_AGE_MS })
  for (const _ of upTo(10)) {
    monitor.recordApiCall({ upstream: 'gateway', durationMs: 8, errorType: 503 })
    for (let retry = 1; retry <= 2; retry++) {
      monitor.recordRetry({ channel: 'sms', reason: 503 })
      monitor.recordApiCall({ upstream: 'gateway', durationMs: 8, errorType: 503 })
    }
    monitor.recordGiveUp({ channel: 'sms', reason: 503 })
    monitor.recordDelivery({ channel: 'sms', outcome: 'failed', reason: 503, latencyMs: SMS_AGE_MS })
  }
  for (const [queue, due] of Object.entries(LEDGER.due)) monitor.recordQueue(queue, { due })
}
