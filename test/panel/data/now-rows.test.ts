import { expect, test } from 'vitest'

import { NowRows } from '../../../src/panel/data/now-rows.ts'
import { AT, alertView, iso, serviceView, viewOf } from './views.ts'

test('a service is as the fold says it is, with its figures and what it says besides its alerts', () => {
  const metrics = { work_rate_per_hour: 12, success_rate_percent: 50, total_queue_size: 3, upstream_percentiles_ms: { p95: 80 } }
  const view = viewOf(
    [
      serviceView(
        'mailer',
        { kind: 'worker', metrics, status: 'degraded', reasons: ['redis check is failing'] },
        { instance: 'b', missing: true, agoMs: 100 },
      ),
    ],
    [alertView()],
  )
  expect(new NowRows().of(view).services).toEqual([
    {
      ...{ service: 'mailer', kind: 'worker', status: 'degraded', since: AT - 60_000 },
      reasons: ['instance b is missing', 'redis check is failing'],
      ...{ live: 1, missing: 1, phases: { running: 1 }, beatAt: AT, rate: 12, success: 50, p95: 80, due: 3, alerts: 1 },
    },
  ])
})

test('a service of which nobody is there is unhealthy, and no figure of it is shown', () => {
  const [row] = new NowRows().of(viewOf([serviceView('mailer', { missing: true, agoMs: 9000 })])).services
  expect(row).toMatchObject({ status: 'unhealthy', live: 0, missing: 1, rate: null, due: null, phases: {} })
  expect(row!.unknown!.rate).toBe('no instance is there to say it')
})

test('a service that stopped keeps no figures', () => {
  const [row] = new NowRows().of(viewOf([serviceView('mailer', { phase: 'stopped', metrics: { work_rate_per_hour: 9 } })])).services
  expect(row).toMatchObject({ rate: null, phases: { stopped: 1 } })
})

test('since when is left out where the newest instance says another status', () => {
  const [row] = new NowRows().of(viewOf([serviceView('mailer', { status: 'healthy' })], [alertView()])).services
  expect(row).not.toHaveProperty('since')
})

test('what it depends on that is not well is said of every service, as otel-health status says it', () => {
  const view = viewOf([
    serviceView('api', { status: 'degraded', reasons: ['slow'], depends_on: ['mailer'] }),
    serviceView('calm', { depends_on: ['mailer'] }),
    serviceView('free'),
    serviceView('mailer', { status: 'degraded', reasons: ['no disk'] }),
  ])
  const [api, calm, free] = new NowRows().of(view).services
  expect(api!.cause).toBe('depends on mailer, which is degraded: no disk')
  expect(calm!.cause).toBe('depends on mailer, which is degraded: no disk')
  expect(free).not.toHaveProperty('cause')
})

test('rows of what has not changed are the same objects', () => {
  const rows = new NowRows()
  const [api, mailer] = [serviceView('api', { depends_on: ['mailer'] }), serviceView('mailer', {})]
  const alert = alertView({ service: 'mailer' })
  const first = rows.of(viewOf([api, mailer], [alert]))
  // The subscriber reads alerts anew now and then: other objects that say the same.
  const again = rows.of(viewOf([api, mailer], [{ ...alert }]))
  expect(again.services[0]).toBe(first.services[0])
  expect(again.services[1]).toBe(first.services[1])
  expect(again.alerts[0]).toBe(first.alerts[0])
  const other = rows.of(viewOf([api, serviceView('mailer', { agoMs: 5 })], [{ ...alert, rev: 2 }]))
  expect(other.services[0]).toBe(first.services[0])
  expect(other.alerts[0]).not.toBe(first.alerts[0])
})

test('a service whose dependency has changed is another row though it has not changed itself', () => {
  const rows = new NowRows()
  const api = serviceView('api', { status: 'degraded', reasons: ['slow'], depends_on: ['mailer'] })
  const first = rows.of(viewOf([api, serviceView('mailer', { status: 'degraded', reasons: ['no disk'] })]))
  const second = rows.of(viewOf([api, serviceView('mailer', {})]))
  expect(first.services[0]!.cause).toContain('no disk')
  expect(second.services[0]).not.toHaveProperty('cause')
})

test('an alert has what lies over it, and no link that is none', () => {
  const at = iso(AT)
  const overlays = { ack: { by: 'ada\u202e', why: 'on it', at, until: iso(AT + 1000) }, silenced: ['s1'], inhibited: true, held_until: at }
  const instances = { a: { state: 'firing', severity: 'WARNING', since: at, breaching: true, seen: at } } as const
  const row = (runbook: string) =>
    new NowRows().of(viewOf([serviceView()], [alertView({ runbook, overlays, instances, labels: { q: 'hot' } })])).alerts[0]!
  expect(row('https://wiki/a')).toEqual({
    ...{
      id: 'a1',
      episode: 1,
      rev: 1,
      service: 'mailer',
      rule: 'low_success_rate',
      labels: { q: 'hot' },
      severity: 'WARNING',
      state: 'firing',
    },
    ...{ since: AT - 5000, message: 'm', runbook: 'https://wiki/a', silenced: ['s1'], inhibited: true, heldUntil: AT },
    instances: [{ instance: 'a', state: 'firing', severity: 'WARNING', since: AT }],
    ack: { by: 'ada', why: 'on it', at: AT, until: AT + 1000 },
  })
  expect(row('javascript:alert(1)')).not.toHaveProperty('runbook')
})

test('an inhibited alert says which may have caused it, where only one can have', () => {
  const down = alertView({ alert_id: 'down', service: 'redis', rule: 'down', severity: 'CRITICAL' })
  const late = alertView({ alert_id: 'late', service: 'api', rule: 'late', overlays: { inhibited: true } })
  const services = [serviceView('api', { depends_on: ['redis'] }), serviceView('redis', {})]
  const explained = (...alerts: Parameters<typeof viewOf>[1] & {}) => {
    const found = new NowRows().of(viewOf(services, alerts)).alerts.find(({ id }) => id === 'late')
    return found?.explainedBy
  }
  expect(explained(down, late)).toBe('down')
  expect(explained({ ...down, severity: 'WARNING' }, late)).toBeUndefined()
  expect(explained(down, late, alertView({ alert_id: 'other', service: 'api', rule: 'other' }))).toBeUndefined()
})

test('alerts stand CRITICAL first, then the oldest', () => {
  const of = (id: string, severity: 'WARNING' | 'CRITICAL', ago: number) => alertView({ alert_id: id, severity, since: iso(AT - ago) })
  const view = viewOf([serviceView()], [of('young', 'WARNING', 1), of('old', 'WARNING', 9), of('worst', 'CRITICAL', 1)])
  expect(new NowRows().of(view).alerts.map(({ id }) => id)).toEqual(['worst', 'old', 'young'])
})

test('problems, and that nothing is fresh, are said', () => {
  const view = viewOf([], [], { staleSince: 5, problems: [{ key: '{health}:meta', reason: 'is of another type than it should be' }] })
  expect(new NowRows().of(view, 'no answer')).toEqual({
    ...{ at: AT, staleSince: 5, staleReason: 'no answer', epoch: 'e', seq: 1, services: [], alerts: [] },
    problems: ['{health}:meta is of another type than it should be'],
  })
})
