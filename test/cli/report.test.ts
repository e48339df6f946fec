import { describe, expect, test } from 'vitest'
import { asJson, details, overview, summary } from '../../src/cli/report.ts'
import type { HealthView, ServiceView } from '../../src/subscribe/health-view.ts'
import type { AlertView } from '../../src/wire/alert-view.ts'
import { parseStatus } from '../../src/wire/message.ts'
import { encodeStatus } from '../../src/wire/status-message.ts'
import type { Snapshot } from '../../src/types.ts'
import { AT, snapshotOf } from '../wire/fixtures.ts'

const alert: AlertView = {
  ...{ alert_id: 'a1', episode: 1, rev: 41, service: 'mailer', rule: 'low_success_rate', labels: { 'work.name': 'sendMail' } },
  ...{
    severity: 'CRITICAL',
    state: 'firing',
    since: new Date(AT - 180_000).toISOString(),
    message: '20 of 70 attempts failed',
    value: null,
    instances: {},
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
    summary: [summary(view, service)],
  }
  expect(lines.overview.slice(-2)).toEqual([
    '  CRITICAL  firing for 3 min  low_success_rate work.name=sendMail  20 of 70 attempts failed',
    '  sql check is failing: timeout',
  ])
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

test.for([80, 40, 20])('on a terminal of %d characters no line is longer, and words stay whole where they fit', (width) => {
  const long = {
    ...alert,
    rule: 'a_rule_of_the_house_with_a_name',
    message: 'twenty of seventy attempts of this work have failed meanwhile',
  }
  const wide: HealthView = { ...view, alerts: [long, { ...long, alert_id: 'a2', service: 'mailer', rule: 'low' }] }
  for (const lines of [overview(wide, 10, width), details(wide, service, width)]) {
    const shown = lines.filter((line) => !/^(SERVICE|mailer)/.test(line))
    expect(shown.filter((line) => line.length > width)).toEqual([])
    expect(shown.join(' ').replaceAll(/ +/g, ' ')).toContain('twenty of seventy attempts of this work have failed meanwhile')
  }
})

describe('what is not known, and what is paused', () => {
  const shown = (change: Partial<Snapshot>): string[] => {
    const { json } = encodeStatus(
      snapshotOf({ service: 'mailer', instance: 'pod-1', status: 'healthy', checks: {}, alerts: [], ...change }),
      1,
    )
    const status = parseStatus('mailer', json)
    const mailer = { ...service, instances: [{ instance: 'pod-1', lastBeatAt: AT, status }] }
    return details({ ...view, services: [mailer], alerts: [] }, mailer)
  }

  test('nobody sees the work: at length once, and by each figure', () => {
    const why = 'no source of work is watched: bull is loaded, and what is done with it is not seen'
    const lines = shown({ working: false, metrics: { work_rate_per_hour: null, rate: null }, unknown: { work_rate_per_hour: why } })
    expect(lines[1]).toBe(`${why}, so that its rates are unknown`)
    expect(lines.slice(-2)).toEqual(['  work_rate_per_hour  no source of work is watched', '  rate                not known'])
  })

  test('a queue is paused', () => {
    const metrics = { queue_sizes: { mails: 120, digests: 3, _OTHER: 9, empty: 0 }, paused_queues: { mails: 120, _OTHER: 4, empty: 0 } }
    expect(shown({ metrics }).at(-1)).toBe('  queue_sizes  mails 120 (paused), digests 3, _OTHER 9 (4 paused), empty 0 (paused)')
  })

  test.for([
    { phases: ['running', 'running'], says: '2 of 2' },
    { phases: ['paused', 'running'], says: '2 of 2, 1 paused' },
    { phases: ['paused', 'paused'], says: '2 of 2, 2 paused' },
    { phases: ['stopped', 'running'], says: '2 of 2, 1 stopped' },
    { phases: ['draining', 'paused', 'paused'], says: '3 of 3, 2 paused, 1 draining' },
  ] as const)('instances that are $phases: $says, though all are well', ({ phases, says }) => {
    const instances = phases.map((phase, i) => {
      const { json } = encodeStatus(
        snapshotOf({ service: 'mailer', instance: `pod-${i}`, phase, instanceStatus: 'healthy', alerts: [] }),
        1,
      )
      return { instance: `pod-${i}`, lastBeatAt: AT, status: parseStatus('mailer', json) }
    })
    const mailer = { ...service, instances }
    const seen = { ...view, services: [mailer], alerts: [] }
    expect(summary(seen, mailer)).toBe(`mailer is healthy, ${says.replace(/^\d of \d/, '$& instances')}, last beat 0 s ago`)
    expect(overview(seen)[1]!.replaceAll(/ +/g, ' ')).toContain(`mailer healthy ${says} `)
  })

  test('figures of which all parts are unknown say why', () => {
    const lines = shown({ metrics: { percentiles: { p50: null, p95: null } }, unknown: { percentiles: 'no calls in the last 5 min' } })
    expect(lines.at(-1)).toBe('  percentiles  no calls in the last 5 min')
  })
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

describe('what a service depends on', () => {
  const dependent = (name: string, dependsOn: readonly string[]): ServiceView => {
    const checks = { redis: { status: 'healthy' } } as const
    const message = snapshotOf({ service: name, dependsOn, checks, instanceStatus: 'healthy', reasons: [], alerts: [], metrics: {} })
    return {
      service: name,
      lastBeatAt: AT,
      instances: [{ instance: '4f2c', lastBeatAt: AT, status: parseStatus(name, encodeStatus(message, 1).json) }],
    }
  }
  const newsletter = dependent('newsletter', ['mailer', 'redis'])
  const shop = dependent('shop', ['newsletter', 'pay\u001b[2Jments'])
  const all: HealthView = { ...view, services: [service, newsletter, shop] }

  test('stands below it where that is not well', () => {
    expect(overview(all).slice(4)).toEqual([
      'newsletter  healthy    1 of 1     -       0 s ago',
      '  depends on mailer, which is unhealthy: low_success_rate work.name=sendMail: 20 of 70 attempts failed',
      'shop        healthy    1 of 1     -       0 s ago',
      '  depends on mailer (through newsletter), which is unhealthy: low_success_rate work.name=sendMail: 20 of 70 attempts failed',
      '  depends on payments, which is unknown: nothing has been heard of it',
    ])
  })

  test('stands among its details, well or not', () => {
    const lines = details(all, shop)
    expect(lines.slice(lines.indexOf('depends on'))).toEqual([
      'depends on',
      '  newsletter                   healthy',
      '  payments                     unknown    nothing has been heard of it',
      '  mailer (through newsletter)  unhealthy  low_success_rate work.name=sendMail: 20 of 70 attempts failed',
      '',
      'checks',
      '  redis  healthy',
    ])
  })

  test('is told by a check, as far as it is the worst', () => {
    expect(summary(all, shop)).toBe(
      'shop is healthy, 1 of 1 instances, last beat 0 s ago (depends on mailer (through newsletter), which is unhealthy: low_success_rate work.name=sendMail: 20 of 70 attempts failed)',
    )
  })

  test('is data, for every service', () => {
    const { services } = asJson(all, all.services) as { services: { depends_on: unknown }[] }
    const reason = 'low_success_rate work.name=sendMail: 20 of 70 attempts failed'
    expect(services.map((each) => each.depends_on)).toEqual([
      [],
      [
        { name: 'mailer', status: 'unhealthy', reason },
        { name: 'redis', status: 'healthy' },
      ],
      [
        { name: 'newsletter', status: 'healthy' },
        { name: 'pay\u001b[2Jments', status: 'unknown', reason: 'nothing has been heard of it' },
        { name: 'mailer', status: 'unhealthy', reason, through: ['newsletter'] },
      ],
    ])
  })
})
