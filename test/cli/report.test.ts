import { expect, test } from 'vitest'
import { asJson, details, overview, summary } from '../../src/cli/report.ts'
import { serviceStatus } from '../../src/subscribe/service-status.ts'
import type { HealthView, ServiceView } from '../../src/subscribe/snapshot.ts'
import type { AlertView } from '../../src/wire/alert-view.ts'
import { parseStatus } from '../../src/wire/message.ts'
import { encodeStatus } from '../../src/wire/status-message.ts'
import { AT, snapshotOf } from '../wire/fixtures.ts'

const alert: AlertView = {
  ...{ alert_id: 'a1', episode: 1, rev: 41, service: 'mailer', rule: 'low_success_rate', labels: { 'work.name': 'sendMail' } },
  ...{
    severity: 'CRITICAL',
    state: 'firing',
    since: new Date(AT - 180_000).toISOString(),
    message: '20 of 70 attempts failed',
    value: null,
  },
}
const said = encodeStatus(
  snapshotOf({
    ...{ service: 'mailer', instance: 'pod-1', kind: 'worker', status: 'unhealthy', instanceStatus: 'unhealthy', metrics: {} },
    reasons: ['low_success_rate work.name=sendMail: 19 of 69 attempts failed', 'sql check is failing: timeout'],
  }),
  1,
)
const service: ServiceView = {
  service: 'mailer',
  lastBeatAt: AT,
  instances: [{ instance: 'pod-1', lastBeatAt: AT, status: parseStatus('mailer', said.json) }],
}
const view: HealthView = { at: AT, epoch: 'e', seq: 41, services: [service], alerts: [alert] }

test('an alert is called by rule and labels, once, wherever it is shown', () => {
  const lines = {
    overview: overview(view),
    details: details(view, service),
    summary: [summary(service, serviceStatus(service, view.alerts), AT)],
  }
  expect(lines.overview.at(-1)).toBe('  CRITICAL  firing for 3 min  low_success_rate work.name=sendMail  20 of 70 attempts failed')
  expect(lines.details.slice(0, 4)).toEqual([
    'mailer  unhealthy  sql check is failing: timeout',
    '',
    'alerts',
    '  CRITICAL  firing for 3 min  low_success_rate work.name=sendMail  20 of 70 attempts failed',
  ])
  expect(lines.summary[0]).toMatch(/^mailer is unhealthy: low_success_rate work\.name=sendMail \(3 min\): 20 of 70 attempts failed, 1 of 1/)
  for (const [name, shown] of Object.entries(lines)) {
    expect([name, shown.join('\n').match(/attempts failed/g)]).toEqual([name, ['attempts failed']])
  }
})

test('as data it is what stands on the wire, and the kind of the service with it', () => {
  const [data] = (asJson(view, [service]) as { services: Record<string, unknown>[] }).services
  expect(data).toMatchObject({
    status: 'unhealthy',
    reasons: ['low_success_rate work.name=sendMail: 20 of 70 attempts failed', 'sql check is failing: timeout'],
    instances: [{ kind: 'worker', instance: 'pod-1' }],
    alerts: [{ alert_id: 'a1', labels: { 'work.name': 'sendMail' } }],
  })
  expect(JSON.stringify(data)).not.toContain('"channel"')
})
