import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { NotificationService } from '../../examples/notification/create-notification.ts'
import type { FenceEvent } from '../../examples/service/pipeline.ts'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { simulatedServices, type SimulatedServices } from './simulated-services.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let valkey: EmbeddedValkey
let run: SimulatedServices
beforeAll(async () => {
  valkey = await startValkey()
})
afterAll(() => valkey.stop())
beforeEach(async () => {
  run = await simulatedServices({ redisPort: valkey.port })
})
afterEach(() => run.close())

const event = (trackerId: string, transition: FenceEvent['transition']): FenceEvent => ({
  trackerId,
  fence: 'depot',
  transition,
  at: run.clock.now() - MINUTE,
  enqueuedAt: run.clock.now(),
})
/** Four pushes, three mails, one text message. */
const EVENTS = () => [event('a', 'enter'), event('b', 'enter'), event('a', 'dwell'), event('a', 'exit')]

const started = async (env?: Record<string, string>): Promise<NotificationService> => {
  const notification = run.create.notification(env)
  await notification.start()
  return notification
}

/** How many notifications have not ended. */
const openNotifications = async (): Promise<number> =>
  (await run.open('notification:outbox')) + (await run.redis.zcard('notification:retry')) + (await run.redis.hlen('notification:pending'))

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((all, n) => all + n, 0)

/** What the service counted is what the gateway did, and every notification ended once or is open. */
const expectAgreement = async (notification: NotificationService): Promise<void> => {
  const { notifications, deliveries, gatewayCalls } = notification.counts()
  const { calls, accepted } = run.siblings.summary().gateway
  for (const channel of ['push', 'mail', 'sms', 'receipts'] as const) {
    const { ECONNREFUSED: _, ...seen } = gatewayCalls[channel]
    expect(seen).toEqual(calls[channel] ?? {})
  }
  expect(sum(notifications)).toBe(sum(deliveries.push) + sum(deliveries.mail) + sum(deliveries.sms) + (await openNotifications()))
  expect(deliveries.push['sent'] ?? 0).toBe(accepted['push'] ?? 0)
  expect(await run.redis.llen('notification:dead')).toBe(
    (['push', 'mail', 'sms'] as const).reduce((all, channel) => all + (deliveries[channel]['failed'] ?? 0), 0),
  )
}

describe('notification', () => {
  test('each event goes to the channels of its transition; mail and sms end with their receipt', async () => {
    const notification = await started()
    await run.push('notification:events', EVENTS())
    await run.clock.run(15_000)
    expect(await run.redis.hlen('notification:pending')).toBeGreaterThan(0)
    await run.clock.run(5 * MINUTE)
    await run.drain(notification)
    expect(notification.counts()).toMatchObject({
      events: { enter: 2, dwell: 1, exit: 1 },
      notifications: { push: 4, mail: 3, sms: 1 },
      deliveries: { push: { sent: 4 }, mail: { delivered: 3 }, sms: { delivered: 1 } },
      retries: {},
    })
    expect(await openNotifications()).toBe(0)
    await expectAgreement(notification)
    expect(run.siblings.summary().gateway.receipts).toEqual({ mail: { delivered: 3 }, sms: { delivered: 1 } })
  })

  test('what bounces says why, by channel', async () => {
    await run.simulators.setFault('gateway.bounce', { channel: 'mail' })
    const notification = await started()
    await run.push('notification:events', EVENTS())
    await run.clock.run(5 * MINUTE)
    await run.drain(notification)
    expect(notification.counts()).toMatchObject({
      deliveries: { push: { sent: 4 }, mail: { bounced: 3 }, sms: { delivered: 1 } },
      reasons: { unknown_recipient: 3 },
    })
    await expectAgreement(notification)
  })

  test.for([
    { fault: 'gateway.500', reason: '500' },
    { fault: 'gateway.down', reason: 'ECONNREFUSED' },
    { fault: 'gateway.slow', reason: 'timeout' },
  ] as const)('while $fault notifications wait longer and longer, and end when it is over', async ({ fault, reason }) => {
    const notification = await started()
    await run.simulators.setFault(fault)
    await run.push('notification:events', EVENTS())
    await run.clock.run(2 * MINUTE)
    const { retries } = notification.counts()
    expect(Object.keys(retries)).toEqual([reason])
    expect(retries[reason]).toBeGreaterThan(16)
    expect(notification.counts().deliveries).toEqual({ push: {}, mail: {}, sms: {} })
    await run.simulators.clearFault(fault)
    await run.clock.run(HOUR)
    await run.drain(notification)
    expect(notification.counts()).toMatchObject({
      deliveries: { push: { sent: 4 }, mail: { delivered: 3 }, sms: { delivered: 1 } },
      reasons: {},
    })
    await expectAgreement(notification)
    expect(sum(run.siblings.summary().gateway.accepted)).toBe(8)
  })

  test('after RETRY_MAX repetitions a notification is given up, and kept for a person', async () => {
    const notification = await started({ RETRY_MAX: '2' })
    await run.simulators.setFault('gateway.500', { channel: 'sms' })
    await run.push('notification:events', EVENTS())
    await run.clock.run(HOUR)
    await run.drain(notification)
    expect(notification.counts()).toMatchObject({
      deliveries: { push: { sent: 4 }, mail: { delivered: 3 }, sms: { failed: 1 } },
      reasons: { 500: 1 },
      retries: { 500: 2 },
      gatewayCalls: { sms: { 500: 3 } },
    })
    expect(await run.read('notification:dead')).toMatchObject([{ channel: 'sms', transition: 'dwell', retries: 2, reason: '500' }])
    await expectAgreement(notification)
  })

  test('a receipt that comes before the acceptance was seen waits for it', async () => {
    const notification = await started({ SMS_FOR: '', PUSH_FOR: '' })
    // Accepted, but the answer comes too late each time; meanwhile the gateway delivers.
    await run.simulators.setFault('gateway.slow', { ttl_ms: 40_000 })
    await run.push('notification:events', [event('a', 'enter')])
    await run.clock.run(39_000)
    expect(run.siblings.summary().gateway).toMatchObject({ accepted: { mail: 1 } })
    await run.clock.run(5 * MINUTE)
    await run.drain(notification)
    expect(run.siblings.summary().gateway.again['mail']).toBeGreaterThan(0)
    expect(notification.counts().deliveries.mail).toEqual({ delivered: 1 })
    await expectAgreement(notification)
  })

  test('nothing is lost or doubled wherever a crash comes', async () => {
    for (let answers = 1; answers <= 60; answers++) {
      await run.redis.flushall()
      // Receipts are numbered since the gateway began.
      const { receipts, accepted } = run.siblings.summary().gateway
      const before = sum(receipts['mail'] ?? {}) + sum(receipts['sms'] ?? {})
      await run.redis.set('notification:receipts-after', before)
      await run.push('notification:events', [event('a', 'enter'), event('a', 'dwell')])
      const first = run.create.notification({}, run.dyingRedis(answers))
      await first.start()
      await run.clock.run(2 * MINUTE)
      const second = run.create.notification()
      await second.start()
      await run.clock.run(5 * MINUTE)
      expect(await run.open('notification:events')).toBe(0)
      expect(await openNotifications()).toBe(0)
      expect(await run.redis.llen('notification:dead')).toBe(0)
      expect(sum(run.siblings.summary().gateway.accepted) - sum(accepted)).toBe(4)
      await run.drain(first, second)
    }
  })
})
