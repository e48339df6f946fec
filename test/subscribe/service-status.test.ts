import { expect, test } from 'vitest'
import { encodeStatus } from '../../src/wire/status-message.ts'
import type { AlertView } from '../../src/wire/alert-view.ts'
import { parseStatus } from '../../src/wire/message.ts'
import { serviceStatus, type FoldedStatus } from '../../src/subscribe/service-status.ts'
import type { InstanceView } from '../../src/subscribe/health-view.ts'
import type { Severity, Status } from '../../src/types.ts'
import { AT, snapshotOf } from '../wire/fixtures.ts'

function live(instance: string, instanceStatus: Status = 'healthy', reasons: readonly string[] = []): InstanceView {
  return {
    instance,
    lastBeatAt: AT,
    status: parseStatus('s', encodeStatus(snapshotOf({ service: 's', instance, instanceStatus, reasons }), 1).json),
  }
}
const missing = (instance: string): InstanceView => ({ instance, lastBeatAt: AT, status: undefined })
const alert = (rule: string, severity: Severity, service = 's'): AlertView => ({
  ...{ alert_id: rule, episode: 1, rev: 1, service, rule, severity },
  ...{ state: 'firing', since: '2026-11-22T10:00:00.000Z', message: 'm', value: null, instances: {} },
})

const stopped = 'no instance is left, and none is missed'
const silence = 'silent: no instance gives a sign of life'

test.for<{ why: string; instances: InstanceView[]; alerts: AlertView[]; is: FoldedStatus; reasons: string[] }>([
  { why: 'all is well', instances: [live('a'), live('b')], alerts: [], is: 'healthy', reasons: [] },
  { why: 'a warning is open', instances: [live('a')], alerts: [alert('w', 'WARNING')], is: 'degraded', reasons: ['w: m'] },
  {
    why: 'the worst decides and comes first',
    instances: [live('a'), missing('b')],
    alerts: [alert('w', 'WARNING'), alert('c', 'CRITICAL')],
    is: 'unhealthy',
    reasons: ['c: m', 'w: m', 'instance b is missing'],
  },
  { why: 'an alert of another service', instances: [live('a')], alerts: [alert('c', 'CRITICAL', 'other')], is: 'healthy', reasons: [] },
  { why: 'an instance is missing', instances: [live('a'), missing('b')], alerts: [], is: 'degraded', reasons: ['instance b is missing'] },
  {
    why: 'an instance is not well',
    instances: [live('a'), live('b', 'degraded', ['redis'])],
    alerts: [],
    is: 'degraded',
    reasons: ['redis'],
  },
  { why: 'nobody is alive', instances: [missing('a')], alerts: [], is: 'unhealthy', reasons: [silence] },
  { why: 'all said that they stop', instances: [], alerts: [], is: 'stopped', reasons: [stopped] },
  { why: 'all said so with a warning open', instances: [], alerts: [alert('w', 'WARNING')], is: 'stopped', reasons: ['w: m', stopped] },
  {
    why: 'all said so with something critical open',
    instances: [],
    alerts: [alert('c', 'CRITICAL')],
    is: 'unhealthy',
    reasons: ['c: m', stopped],
  },
])('$why: $is', ({ instances, alerts, is, reasons }) => {
  const folded = serviceStatus({ service: 's', lastBeatAt: AT, instances }, alerts)
  expect([folded.status, folded.reasons]).toEqual([is, reasons])
})

test.for<{ why: string; severities: Severity[]; is: string }>([
  { why: 'a warning open', severities: ['WARNING'], is: 'unknown' },
  { why: 'a critical alert open', severities: ['WARNING', 'CRITICAL'], is: 'unhealthy' },
])('of a service that is not listed and left $why: $is', ({ severities, is }) => {
  const alerts = severities.map((severity): AlertView => ({ ...alert(severity, severity), state: 'unknown' }))
  const folded = serviceStatus({ service: 's', lastBeatAt: undefined, instances: [] }, alerts)
  expect(folded.status).toBe(is)
  expect(folded.otherReasons).toEqual(['no instance is on the list of services'])
})

test('an instance whose status cannot be read is there, and not well', () => {
  const unread: InstanceView = { instance: 'b', lastBeatAt: AT, status: undefined, problem: 'is larger than 64 KB' }
  const folded = serviceStatus({ service: 's', lastBeatAt: AT, instances: [live('a'), unread] }, [])
  expect(folded).toMatchObject({ status: 'degraded', reasons: ['the status of instance b is larger than 64 KB'], missing: [] })
  expect(folded.live).toHaveLength(2)
})

test('alerts are listed with the oldest of the worst first, and what else is wrong beside them', () => {
  const older = { ...alert('y', 'WARNING'), since: '2026-11-22T09:00:00.000Z' }
  const instances = [live('a', 'degraded', ['redis check is failing', 'w: as it was before']), missing('b')]
  const folded = serviceStatus({ service: 's', lastBeatAt: AT, instances }, [alert('w', 'WARNING'), older, alert('c', 'CRITICAL')])
  expect(folded.alerts.map(({ rule }) => rule)).toEqual(['c', 'y', 'w'])
  expect(folded.otherReasons).toEqual(['instance b is missing', 'redis check is failing'])
  expect([folded.live, folded.missing]).toEqual([[instances[0]], [instances[1]]])
})
