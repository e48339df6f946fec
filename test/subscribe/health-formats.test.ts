import { expect, test } from 'vitest'
import { componentHealth, healthJson, httpStatusOf } from '../../src/subscribe/health-formats.ts'
import type { InstanceView, ServiceView } from '../../src/subscribe/health-view.ts'
import { serviceStatus } from '../../src/subscribe/service-status.ts'
import type { AlertView } from '../../src/wire/alert-view.ts'
import type { StatusMessage } from '../../src/wire/status-message.ts'

const AT = Date.UTC(2026, 10, 22, 10)
const ISO = '2026-11-22T10:00:00.000Z'

function instanceOf(instance: string, change: Partial<StatusMessage> = {}): InstanceView {
  const status = {
    ...{ channel: 'status', v: 1, service: 'mailer', instance, beat: 1, timestamp: ISO, status: 'healthy', instance_status: 'healthy' },
    ...{ phase: 'running', since: ISO, uptime_seconds: 60, reasons: [], checks: {}, metrics: {}, alerts: [] },
    ...change,
  } as unknown as StatusMessage
  return { instance, lastBeatAt: AT, status }
}

function alertOf(change: Partial<AlertView> = {}): AlertView {
  return {
    ...{ alert_id: 'a1', episode: 1, rev: 1, service: 'mailer', rule: 'low_rate', severity: 'WARNING', state: 'firing', since: ISO },
    ...{ message: 'too few', value: { current: 71.4, threshold: 80, unit: 'percent' }, instances: {} },
    ...change,
  }
}

function both(instances: readonly InstanceView[], alerts: readonly AlertView[] = []) {
  const service: ServiceView = { service: 'mailer', lastBeatAt: AT, instances }
  const status = serviceStatus(service, alerts)
  return { opamp: componentHealth(service, status, AT), json: healthJson(service, status) }
}

test('a healthy service, its instances and their checks', () => {
  const { opamp, json } = both([
    instanceOf('pod-1', { checks: { redis: { status: 'healthy', latency_ms: 0.4 } } }),
    instanceOf('pod-2', { uptime_seconds: 10 }),
  ])
  const at = '1795341600000000000'
  expect(opamp).toEqual({
    healthy: true,
    startTimeUnixNano: '1795341540000000000',
    status: 'healthy',
    statusTimeUnixNano: at,
    componentHealthMap: {
      'pod-1': {
        healthy: true,
        startTimeUnixNano: '1795341540000000000',
        status: 'healthy',
        statusTimeUnixNano: at,
        componentHealthMap: { redis: { healthy: true, startTimeUnixNano: '0', status: 'healthy', statusTimeUnixNano: at } },
      },
      'pod-2': { healthy: true, startTimeUnixNano: '1795341590000000000', status: 'healthy', statusTimeUnixNano: at },
    },
  })
  expect(json).toEqual({
    status: 'pass',
    serviceId: 'mailer',
    notes: [],
    checks: {
      'instance:status': ['pod-1', 'pod-2'].map((componentId) => ({
        ...{ componentId, componentType: 'component', observedValue: 'healthy', status: 'pass', time: ISO },
      })),
      'redis:responseTime': [
        {
          componentId: 'pod-1',
          componentType: 'datastore',
          observedValue: 0.4,
          observedUnit: 'ms',
          status: 'pass',
          time: ISO,
        },
      ],
    },
  })
  expect(httpStatusOf(json)).toBe(200)
})

test.for<{ why: string; instances: readonly InstanceView[]; alerts?: readonly AlertView[]; status: string; word: string; http: number }>([
  { why: 'an open warning', instances: [instanceOf('a')], alerts: [alertOf()], status: 'degraded', word: 'warn', http: 200 },
  {
    why: 'an open critical alert',
    instances: [instanceOf('a')],
    alerts: [alertOf({ severity: 'CRITICAL' })],
    status: 'unhealthy',
    word: 'fail',
    http: 503,
  },
  {
    why: 'one instance of two is missing',
    instances: [instanceOf('a'), { instance: 'b', lastBeatAt: AT, status: undefined }],
    status: 'degraded',
    word: 'warn',
    http: 200,
  },
  {
    why: 'none gives a sign of life',
    instances: [{ instance: 'b', lastBeatAt: AT, status: undefined }],
    status: 'unhealthy',
    word: 'fail',
    http: 503,
  },
])('$why is $status, $word, and says why', ({ instances, alerts = [], status, word, http }) => {
  const { opamp, json } = both(instances, alerts)
  expect(opamp).toMatchObject({ healthy: false, status, lastError: expect.stringMatching(/./) })
  expect(json).toMatchObject({ status: word, output: opamp.lastError })
  expect(httpStatusOf(json)).toBe(http)
})

test('what is silent does not run, and what a check found is said', () => {
  const failing = { redis: { status: 'unhealthy', latency_ms: null, error: 'ECONNREFUSED' } } as const
  const { opamp, json } = both([
    { instance: 'gone', lastBeatAt: AT, status: undefined },
    instanceOf('pod', { instance_status: 'degraded', reasons: ['redis check is failing: ECONNREFUSED'], checks: failing }),
  ])
  expect(opamp.componentHealthMap?.['gone']).toMatchObject({ healthy: false, startTimeUnixNano: '0', status: 'unknown' })
  expect(opamp.componentHealthMap?.['pod']?.componentHealthMap?.['redis']).toMatchObject({ healthy: false, lastError: 'ECONNREFUSED' })
  expect(json.checks['redis:responseTime']).toEqual([
    { componentId: 'pod', componentType: 'datastore', status: 'fail', time: ISO, output: 'ECONNREFUSED' },
  ])
})

test('an alert is a check of its own', () => {
  const { json } = both([instanceOf('a')], [alertOf({ rule: 'a:b' })])
  expect(json.checks['alert:a_b']).toEqual([
    {
      componentId: 'a1',
      componentType: 'component',
      observedValue: 71.4,
      observedUnit: 'percent',
      status: 'warn',
      time: ISO,
      output: 'too few',
    },
  ])
})
