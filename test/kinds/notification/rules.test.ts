import { describe, expect, test } from 'vitest'

import type { DeliveryOutcome } from '../../../src/kinds/notification/metrics.ts'
import { NotificationHealthMonitor } from '../../../src/kinds/notification/monitor.ts'
import { notificationJudging } from '../../../src/kinds/notification/judging.ts'
import type { RulesConfig } from '../../../src/rules/rules-config.ts'
import type { ServiceHealthMonitorOptions } from '../../../src/service/monitor-options.ts'
import { judgedService } from '../judged-service.ts'

type Act = (monitor: NotificationHealthMonitor) => void

/** So many deliveries of one channel, of which so many end otherwise than sent. */
const deliveries =
  (channel: string, n: number, bad = 0, outcome: DeliveryOutcome = 'bounced', latencySeconds = 2): Act =>
  (monitor) => {
    for (let i = 0; i < n; i++) monitor.recordDelivery({ channel, outcome: i < bad ? outcome : 'sent', latencyMs: 1000 * latencySeconds })
  }
const giveUps =
  (n: number): Act =>
  (monitor) => {
    for (let i = 0; i < n; i++) monitor.recordGiveUp({ channel: 'mail', reason: 500 })
  }
const all =
  (...acts: readonly Act[]): Act =>
  (monitor) => {
    for (const act of acts) act(monitor)
  }
const started = (options: ServiceHealthMonitorOptions = {}) => judgedService(NotificationHealthMonitor, options)

describe('low_delivery_rate', () => {
  test('fires for the channel that fails, below 95 %, and resolves', async () => {
    const service = await started()
    const push = deliveries('push', 50)
    service.minutes(15, all(push, deliveries('mail', 20, 1)))
    expect(service.told).toEqual([])
    service.minutes(60, all(push, deliveries('mail', 20, 4)))
    expect(service.told).toEqual(['low_delivery_rate mail fired WARNING'])
    expect(service.message).toMatch(
      /^mail: Delivery rate is [\d.]+ % over [\d.]+ (?:min|h) \(limit 95 %\): [\d,]+ of [\d,]+ attempts failed; a service at 95 % does this .+$/,
    )
    expect(service.status).toMatchObject({ status: 'degraded', alerts: [{ labels: { 'work.name': 'mail' } }] })
    service.minutes(120, all(push, deliveries('mail', 20)))
    expect(service.told).toEqual(['low_delivery_rate mail fired WARNING', 'low_delivery_rate mail resolved WARNING'])
  })

  test('is CRITICAL below 80 %, and of two channels each has an alert of its own', async () => {
    const service = await started()
    service.minutes(60, all(deliveries('push', 20, 12), deliveries('sms', 20, 16, 'failed'), deliveries('mail', 20)))
    for (const channel of ['push', 'sms']) expect(service.open).toContain(`low_delivery_rate ${channel} firing`)
    expect(service.status.alerts.map(({ severity }) => severity)).toEqual(['CRITICAL', 'CRITICAL'])
  })

  test('tells of a run of failures in a channel that is seldom used', async () => {
    const service = await started()
    service.minutes(
      120,
      all(deliveries('push', 5), (monitor) => {
        if (service.clock.monotonicMs() % 600_000 === 0) deliveries('sms', 1, 1, 'failed')(monitor)
      }),
    )
    expect(service.told).toEqual(['low_delivery_rate sms fired WARNING', 'low_delivery_rate sms escalated CRITICAL'])
    expect(service.message).toMatch(/^sms: /)
  })

  test('a burst of two failures is nothing, and a bounce now and then neither', async () => {
    const service = await started()
    service.minutes(1, deliveries('sms', 2, 2)).minutes(
      120,
      all(deliveries('mail', 5), (monitor) => {
        if (service.clock.monotonicMs() % 600_000 === 0) deliveries('mail', 1, 1)(monitor)
      }),
    )
    expect(service.told).toEqual([])
  })

  test('is the one rule of its deliveries: the success rate of any worker is not judged besides', async () => {
    const service = await started()
    service.minutes(20, deliveries('mail', 20, 20))
    expect(service.told[0]).toMatch(/^low_delivery_rate mail fired /)
    expect(service.status.verdicts.map(({ rule }) => rule)).not.toContain('low_success_rate')
    expect(notificationJudging.required).toEqual(['large_queue', 'low_work_rate'])
    expect(() => new NotificationHealthMonitor({ env: {}, rules: { low_success_rate: { limit: 50 } } })).toThrow(
      /^The rule low_success_rate is not there to be changed: known are /,
    )
  })
})

describe('slow_delivery', () => {
  test('fires for the channel that is slow, above a minute, is CRITICAL above five, and resolves', async () => {
    const service = await started()
    const push = deliveries('push', 50)
    const mail = (seconds: number) => all(push, deliveries('mail', 10, 0, 'sent', seconds))
    service.minutes(6, mail(55))
    expect(service.told).toEqual([])
    service.minutes(3, mail(100))
    expect(service.told).toEqual(['slow_delivery mail fired WARNING'])
    expect(service.message).toMatch(/^mail: the 95th percentile of deliveries is [\d.]+ s over \d+ min \(limit 60 s\), of \d+$/)
    service.minutes(3, mail(400))
    expect(service.told.at(-1)).toBe('slow_delivery mail escalated CRITICAL')
    service.minutes(20, mail(2))
    expect(service.told.at(-1)).toMatch(/^slow_delivery mail resolved/)
  })

  test('of fewer than twenty deliveries in a quarter of an hour nothing is said', async () => {
    const service = await started()
    service.minutes(60, deliveries('sms', 1, 0, 'sent', 3000))
    expect(service.told).toEqual([])
    expect(service.status.verdicts).toContainEqual({
      rule: 'slow_delivery',
      kind: 'inconclusive',
      reason: 'low_sample',
      labels: { 'notification.channel': 'sms' },
    })
  })

  test('stays as it is when the channel is not used any more', async () => {
    const service = await started()
    service.minutes(7, deliveries('mail', 10, 0, 'sent', 100)).minutes(60)
    expect([service.told, service.open]).toEqual([['slow_delivery mail fired WARNING'], ['slow_delivery mail firing']])
  })
})

describe('dead_letters_growing', () => {
  test('fires at once above 5 in an hour, is CRITICAL above 100, and resolves when the hour is over', async () => {
    const service = await started()
    service.minutes(2).minutes(1, giveUps(5))
    expect(service.told).toEqual([])
    service.seconds(1, giveUps(1))
    service.seconds(1)
    expect(service.told).toEqual(['dead_letters_growing fired WARNING'])
    expect(service.message).toBe('6 notifications were given up in 1 h (limit 5)')
    service.minutes(1, giveUps(95))
    expect(service.told.at(-1)).toBe('dead_letters_growing escalated CRITICAL')
    service.minutes(58)
    expect(service.told).toHaveLength(2)
    service.minutes(5)
    expect(service.told.at(-1)).toMatch(/^dead_letters_growing resolved /)
  })

  test('an alert of before a restart is over two minutes after it, for what was before is not known', async () => {
    const before = (await started()).minutes(1, giveUps(20))
    expect(before.open).toEqual(['dead_letters_growing firing'])
    const after = await judgedService(NotificationHealthMonitor, {}, before)
    after.minutes(3)
    expect(after.told).toEqual(['dead_letters_growing resolved WARNING'])
  })
})

describe('an operator sleeps', () => {
  test('with nothing to see at all', async () => {
    const service = await started()
    service.minutes(120)
    expect([service.told, service.status.status, service.status.reasons]).toEqual([[], 'healthy', []])
    expect(
      service.status.verdicts.map((verdict) => `${verdict.rule} ${verdict.kind === 'inconclusive' ? verdict.reason : verdict.kind}`),
    ).toEqual([
      'large_queue no_data',
      'low_work_rate no_data',
      'slow_upstream no_data',
      'low_delivery_rate no_data',
      'slow_delivery no_data',
      'dead_letters_growing ok',
      'restart_loop no_data',
      'drain_stuck ok',
      'dependency_down no_data',
    ])
  })

  test('when it is idle after work, and the wall clock is set by an hour', async () => {
    const service = await started()
    service.minutes(30, all(deliveries('push', 5), deliveries('mail', 5)))
    service.clock.stepWallClock(3_600_000)
    service.minutes(30, deliveries('push', 5)).minutes(60)
    expect([service.told, service.status.status, service.status.reasons]).toEqual([[], 'healthy', []])
  })
})

test.for([
  { rule: 'low_delivery_rate', act: deliveries('mail', 20, 4), minutes: 60, told: 'low_delivery_rate mail fired WARNING', limit: 82 },
  { rule: 'slow_delivery', act: deliveries('mail', 10, 0, 'sent', 90), minutes: 7, told: 'slow_delivery mail fired WARNING', limit: 150 },
  { rule: 'dead_letters_growing', act: giveUps(2), minutes: 10, told: 'dead_letters_growing fired WARNING', limit: 50 },
])('$rule fires, but not with another limit, and not where it is switched off', async ({ rule, act, minutes, told: expected, limit }) => {
  const told = async (rules: RulesConfig) => (await started({ rules })).minutes(minutes, act).told
  expect(await told({})).toEqual([expected])
  expect(await told({ [rule]: { limit } })).toEqual([])
  expect(await told({ [rule]: false })).toEqual([])
})
