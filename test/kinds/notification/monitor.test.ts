import { expect, test } from 'vitest'

import { NotificationHealthMonitor } from '../../../src/kinds/notification/monitor.ts'
import { notification } from '../../../src/kinds/notification/kind.ts'
import { diagLines } from '../../contracts/diag-lines.ts'
import { judgedService } from '../judged-service.ts'

test('deliveries by channel and outcome, retries and dead letters; each delivery is one piece of work', async () => {
  const service = await judgedService(NotificationHealthMonitor)
  service.minutes(1, (monitor) => {
    for (let n = 0; n < 20; n++) monitor.recordDelivery({ channel: 'push', outcome: 'sent', latencyMs: 800 })
    monitor.recordDelivery({ channel: 'mail', outcome: 'delivered', latencyMs: 9000 })
    monitor.recordDelivery({ channel: 'mail', outcome: 'bounced', reason: 'unknown_recipient', latencyMs: 4000 })
    monitor.recordDelivery({ channel: 'sms', outcome: 'failed', reason: 503 })
    monitor.recordRetry({ channel: 'sms', reason: 503 })
    monitor.recordRetry({ channel: 'sms', reason: 503 })
    monitor.recordGiveUp({ channel: 'sms', reason: 503 })
  })
  expect(service.status).toMatchObject({
    kind: 'notification',
    metrics: {
      delivery_rate_percent: { push: 100, mail: 50, sms: 0 },
      delivery_p95_ms: { push: expect.any(Number) as number, mail: null },
      deliveries_last_hour: { push: 20, mail: 2, sms: 1 },
      outcomes_last_hour: { sent: 20, delivered: 1, bounced: 1, failed: 1 },
      retries_last_hour: { sms: 2 },
      dead_letters_last_hour: 1,
      success_rate_percent: 91.3,
    },
    totals: {
      attempts: { ok: 21, failed: { unknown_recipient: 1, 503: 1 } },
      'notification.deliveries': {
        'push sent': 20,
        'mail delivered': 1,
        'mail bounced unknown_recipient': 1,
        'sms failed 503': 1,
      },
      'notification.retries': { 'sms 503': 2 },
      'notification.give_ups': { 'sms 503': 1 },
    },
  })
})

test.for<{ why: string; delivery: object; deliveries: object; attempts: object }>([
  {
    why: 'without a reason failed by its outcome',
    delivery: { channel: 'mail', outcome: 'bounced' },
    deliveries: { 'mail bounced': 1 },
    attempts: { ok: 0, failed: { bounced: 1 } },
  },
  {
    why: 'with a message for a reason says that there was one',
    delivery: { channel: 'mail', outcome: 'failed', reason: 'no such user: bob@example.com' },
    deliveries: { 'mail failed _OTHER': 1 },
    attempts: { ok: 0, failed: { _OTHER: 1 } },
  },
  {
    why: 'with an outcome that nobody knows has not succeeded',
    delivery: { channel: 'mail', outcome: 'lost' },
    deliveries: { 'mail _OTHER': 1 },
    attempts: { ok: 0, failed: { lost: 1 } },
  },
  {
    why: 'that says nothing of its end was sent',
    delivery: { channel: 'push', outcome: null, reason: null },
    deliveries: { 'push sent': 1 },
    attempts: { ok: 1, failed: {} },
  },
  {
    why: 'of a call that failed has failed for the same reason',
    delivery: { channel: 'sms', success: false, errorType: 'ETIMEDOUT' },
    deliveries: { 'sms failed ETIMEDOUT': 1 },
    attempts: { ok: 0, failed: { ETIMEDOUT: 1 } },
  },
  {
    why: 'of which no channel is said has the name of the work for one',
    delivery: { name: 'mail', success: true },
    deliveries: { 'mail sent': 1 },
    attempts: { ok: 1, failed: {} },
  },
  {
    why: 'whose outcome is told is as that says',
    delivery: { channel: 'sms', success: true, outcome: 'failed', reason: 'blocked' },
    deliveries: { 'sms failed blocked': 1 },
    attempts: { ok: 0, failed: { blocked: 1 } },
  },
])('a delivery $why', async ({ delivery, deliveries, attempts }) => {
  const service = await judgedService(NotificationHealthMonitor)
  service.minutes(1, (monitor) => monitor.record('delivery', delivery))
  expect(service.status.totals).toMatchObject({ 'notification.deliveries': deliveries, attempts })
})

test('the first 50 channels are told apart, and nothing is lost in the sum', async () => {
  const service = await judgedService(NotificationHealthMonitor)
  service.minutes(1, (monitor) => {
    for (let n = 0; n < 60; n++) monitor.recordDelivery({ channel: `user-${n}`, outcome: 'sent' })
  })
  const deliveries = service.status.totals['notification.deliveries'] as Readonly<Record<string, number>>
  expect([Object.keys(deliveries).length, deliveries['_OTHER sent']]).toEqual([51, 10])
})

test('may be told any rubbish, drops it and is judged no worse', async () => {
  const lines = diagLines()
  const service = await judgedService(NotificationHealthMonitor)
  const rubbish: unknown[] = [undefined, null, Number.NaN, -1, Infinity, 'x'.repeat(10_000), [], () => {}, Symbol('s'), 1n]
  service.minutes(3, (monitor) => {
    for (const value of rubbish as never[]) {
      monitor.recordDelivery(value)
      monitor.recordDelivery({ channel: value, outcome: 'sent', latencyMs: value, reason: value })
      monitor.recordRetry(value)
      monitor.recordRetry({ channel: value, reason: value })
      monitor.recordGiveUp(value)
    }
  })
  expect([service.told, service.status.status]).toEqual([[], 'healthy'])
  expect(lines.join('\n')).toContain('latencyMs of delivery that is no amount was dropped')
})

test('zero-code tells it of deliveries, retries and dead letters', async () => {
  const service = await judgedService(NotificationHealthMonitor)
  const { recorder, monitor } = notification.monitor({
    clock: service.clock,
    exporter: service.exporter,
    env: { OTEL_METRICS_EXPORTER: 'none' },
  })
  await monitor.start()
  const facts = { name: 'send', success: true, durationMs: 3, errorType: undefined, reportsFound: undefined, events: undefined }
  recorder.record('delivery', facts, { channel: 'push', outcome: 'sent', latencyMs: 100 })
  recorder.record('delivery', facts, { channel: 'mail', outcome: 'failed', reason: '500' })
  recorder.record('retry', facts, { channel: 'mail', reason: '500' })
  recorder.record('give_up', facts, { channel: 'mail', reason: '500' })
  const { totals } = await monitor.collectHealthData()
  expect(totals).toMatchObject({
    attempts: { ok: 1, failed: { 500: 1 } },
    'notification.deliveries': { 'push sent': 1, 'mail failed 500': 1 },
    'notification.retries': { 'mail 500': 1 },
    'notification.give_ups': { 'mail 500': 1 },
  })
  await monitor.stop(0)
})

test('a delivery of which nobody can tell how it ended is neither delivered nor failed', async () => {
  const service = await judgedService(NotificationHealthMonitor)
  service.minutes(1, (monitor) => {
    for (let n = 0; n < 20; n++) monitor.record('delivery', { channel: 'push', success: 'unknown' })
    monitor.record('delivery', { channel: 'push', success: 'unknown', outcome: 'bounced' })
  })
  expect(service.status).toMatchObject({
    metrics: { outcomes_last_hour: { unknown: 20, bounced: 1 }, success_rate_percent: 0 },
    totals: { attempts: { ok: 0, failed: { bounced: 1 }, unknown: 20 } },
  })
})
