import { expect, test } from 'vitest'
import { encodeStatus } from '../../src/wire/status-message.ts'
import type { AlertView } from '../../src/wire/alert-view.ts'
import { parseStatus } from '../../src/wire/message.ts'
import { serviceStatus } from '../../src/subscribe/service-status.ts'
import type { InstanceView } from '../../src/subscribe/snapshot.ts'
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
  ...{ state: 'firing', since: '2026-11-22T10:00:00.000Z', message: 'm', value: null },
})

test.for<{ why: string; instances: InstanceView[]; alerts: AlertView[]; is: Status; reasons: string[] }>([
  { why: 'all is well', instances: [live('a'), live('b')], alerts: [], is: 'healthy', reasons: [] },
  { why: 'a warning is open', instances: [live('a')], alerts: [alert('w', 'WARNING')], is: 'degraded', reasons: ['w'] },
  {
    why: 'the worst decides and comes first',
    instances: [live('a'), missing('b')],
    alerts: [alert('w', 'WARNING'), alert('c', 'CRITICAL')],
    is: 'unhealthy',
    reasons: ['c', 'w', 'missing b'],
  },
  { why: 'an alert of another service', instances: [live('a')], alerts: [alert('c', 'CRITICAL', 'other')], is: 'healthy', reasons: [] },
  { why: 'an instance is missing', instances: [live('a'), missing('b')], alerts: [], is: 'degraded', reasons: ['missing b'] },
  {
    why: 'an instance is not well',
    instances: [live('a'), live('b', 'degraded', ['redis'])],
    alerts: [],
    is: 'degraded',
    reasons: ['redis'],
  },
  { why: 'nobody is alive', instances: [missing('a')], alerts: [], is: 'unhealthy', reasons: ['silent', 'missing a'] },
  { why: 'all were forgotten', instances: [], alerts: [], is: 'unhealthy', reasons: ['silent'] },
])('$why: $is', ({ instances, alerts, is, reasons }) => {
  const folded = serviceStatus({ service: 's', lastBeatAt: AT, instances }, alerts)
  expect([folded.status, folded.reasons]).toEqual([is, reasons])
})
