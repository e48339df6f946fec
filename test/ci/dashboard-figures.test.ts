/**
 * What the dashboards make of what can happen to services: several instances, a deploy, two environments, another SDK. Services are made
 * of what they export; collector, Prometheus and the queries of the dashboards are the real ones.
 */
import { readFileSync } from 'node:fs'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import type { MetricDefinition } from '../../src/catalogue.ts'
import {
  HEALTH_CHECK_NAME,
  HEALTH_CHECK_STATUS,
  HEALTH_HEARTBEAT_TIME,
  HEALTH_INSTANCE_PHASE,
  HEALTH_PHASE,
  HEALTH_STATE,
  HEALTH_STATUS,
  PROCESS_UPTIME,
} from '../../src/catalogue.ts'
import {
  WORK_ATTEMPTS,
  WORK_NAME,
  WORK_OUTCOME,
  WORK_QUEUE_NAME,
  WORK_QUEUE_SIZE,
  WORK_QUEUE_STATE,
} from '../../src/kinds/worker/metrics.ts'
import { RealStack, type Sample } from './real-stack.ts'

const FOLDER = new URL('../../grafana/dashboards/', import.meta.url)

interface Shown {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[]
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] }
}
function dashboard(name: string): Shown {
  return JSON.parse(readFileSync(new URL(`otel-health-${name}.json`, FOLDER), 'utf8')) as Shown
}

interface Point {
  readonly metric: MetricDefinition
  readonly attributes?: Readonly<Record<string, string>>
  readonly value: number
}
interface Export {
  readonly service: string
  readonly instance: string
  /** Seconds ago. */
  readonly ago: number
  readonly points: readonly Point[]
  readonly resource?: Readonly<Record<string, string>>
  /** Seconds before this export, of every point, as other SDKs have it of levels too. */
  readonly began?: number
}

const states = (metric: MetricDefinition, attribute: string, is: string | undefined, of: Record<string, string> = {}): Point[] =>
  metric.attributes[attribute]!.map((state) => ({ metric, attributes: { ...of, [attribute]: state }, value: state === is ? 1 : 0 }))
const status = (is: string): Point[] => states(HEALTH_STATUS, HEALTH_STATE, is)
const phase = (is: string): Point[] => states(HEALTH_INSTANCE_PHASE, HEALTH_PHASE, is)
const due = (value: number): Point => ({
  metric: WORK_QUEUE_SIZE,
  attributes: { [WORK_QUEUE_NAME]: 'mails', [WORK_QUEUE_STATE]: 'due' },
  value,
})
const failed = (value: number): Point => ({ metric: WORK_ATTEMPTS, attributes: { [WORK_OUTCOME]: 'failed', [WORK_NAME]: 'send' }, value })

const EXPORTS: readonly Export[] = [
  // Unhealthy and with a long queue, it stopped for a version that mends it.
  { service: 'deployed', instance: 'old', ago: 40, points: [...status('unhealthy'), ...phase('stopped'), due(500)] },
  { service: 'deployed', instance: 'new', ago: 5, points: [...status('healthy'), ...phase('running'), due(3)] },
  // The same under one id.
  {
    service: 'pinned',
    instance: 'pod-0',
    resource: { 'service.version': '1' },
    ago: 40,
    points: [...status('unhealthy'), ...phase('stopped')],
  },
  {
    service: 'pinned',
    instance: 'pod-0',
    resource: { 'service.version': '2' },
    ago: 5,
    points: [...status('healthy'), ...phase('running')],
  },
  // Two that share their queue and do not agree about the service.
  { service: 'pair', instance: 'a', ago: 5, points: [...status('degraded'), ...phase('running'), due(7)] },
  { service: 'pair', instance: 'b', ago: 5, points: [...status('healthy'), ...phase('running'), due(7)] },
  // Once in each environment.
  ...['production', 'staging'].map((environment) => ({
    service: 'twice',
    instance: environment,
    resource: { 'deployment.environment.name': environment },
    ago: 5,
    points: [...status(environment === 'staging' ? 'unhealthy' : 'healthy'), ...phase('running')],
  })),
  // Died 8 minutes ago.
  { service: 'dead', instance: 'a', ago: 480, points: [...status('healthy'), ...phase('running')] },
  { service: 'stopped', instance: 'a', ago: 20, points: [...status('healthy'), ...phase('stopped')] },
  // All it tried failed.
  ...[120, 60, 0].map((ago) => ({
    service: 'outage',
    instance: 'a',
    ago,
    began: 180 - ago,
    points: [...status('unhealthy'), ...phase('running'), failed(30 - ago / 6)],
  })),
  // One dependency is down, the other is not checked any more.
  {
    service: 'checks',
    instance: 'a',
    ago: 5,
    points: [
      ...phase('running'),
      ...states(HEALTH_CHECK_STATUS, HEALTH_STATE, 'unhealthy', { [HEALTH_CHECK_NAME]: 'sql' }),
      ...states(HEALTH_CHECK_STATUS, HEALTH_STATE, undefined, { [HEALTH_CHECK_NAME]: 'redis' }),
    ],
  },
  // Through another SDK, every 60 s: all its series say when they began.
  ...[100, 40].map((ago) => ({
    service: 'other-sdk',
    instance: 'a',
    ago,
    began: 160 - ago,
    points: [...status('degraded'), ...phase('running'), { metric: PROCESS_UPTIME, value: 161 - ago }],
  })),
]

let stack: RealStack
let now: number

beforeAll(async () => {
  stack = await RealStack.start()
  now = Math.floor(Date.now() / 1000)
  for (const each of EXPORTS.toSorted((a, b) => b.ago - a.ago)) await send(each)
  // The newest comes last, and the collector keeps the order.
  await vi.waitUntil(async () => (await stack.query('max(health_heartbeat_time_seconds)'))[0]?.value === now, {
    timeout: 30_000,
    interval: 100,
  })
}, 60_000)
afterAll(() => stack?.stop())

async function send({ service, instance, ago, points, resource = {}, began }: Export): Promise<void> {
  const at = now - ago
  const all = [...points, { metric: HEALTH_HEARTBEAT_TIME, value: at }]
  const response = await fetch(`${stack.otlpEndpoint}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      resourceMetrics: [
        {
          resource: { attributes: keyValues({ 'service.name': service, 'service.instance.id': instance, ...resource }) },
          scopeMetrics: [{ scope: { name: 'otel-health' }, metrics: all.map((point) => toMetric(point, at, began)) }],
        },
      ],
    }),
  })
  expect(response.status).toBe(200)
}

function toMetric({ metric: { name, unit, instrument }, attributes = {}, value }: Point, at: number, began: number | undefined): object {
  const start = began === undefined ? {} : { startTimeUnixNano: nanoseconds(at - began) }
  const data = { dataPoints: [{ attributes: keyValues(attributes), asDouble: value, timeUnixNano: nanoseconds(at), ...start }] }
  if (instrument === 'observable_gauge') return { name, unit, gauge: data }
  return { name, unit, sum: { ...data, aggregationTemporality: 2, isMonotonic: instrument === 'counter' } }
}

function keyValues(attributes: Readonly<Record<string, string>>): object[] {
  return Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }))
}

function nanoseconds(seconds: number): string {
  return `${seconds}000000000`
}

/** As Grafana asks with this service chosen, everything else at All, and a step of 60 s at least. */
function asked(expr: string, service: string): string {
  return expr
    .replaceAll('$__rate_interval', '240s')
    .replaceAll('$environment', '.*')
    .replaceAll('$service', service)
    .replaceAll('$instance', '.*')
}

function queryOf(name: string, title: string, target = 0): string {
  return dashboard(name).panels.find((panel) => panel.title === title && panel.targets)!.targets![target]!.expr
}

/** What the first panel of this title shows now. */
async function figures(name: string, title: string, service: string, target?: number): Promise<readonly Sample[]> {
  return await stack.query(asked(queryOf(name, title, target), service))
}

const HEALTHY = 0
const DEGRADED = 1
const UNHEALTHY = 2
const SILENT = 3

describe('the status', () => {
  test.for([
    { why: 'after a deploy it is that of the instance that runs', service: 'deployed', shown: [HEALTHY] },
    { why: 'also where the id of the instance stays', service: 'pinned', shown: [HEALTHY] },
    { why: 'of several instances it is the worst', service: 'pair', shown: [DEGRADED] },
    { why: 'each environment has its own', service: 'twice', shown: [HEALTHY, UNHEALTHY] },
    { why: 'nobody knows that of a service that died', service: 'dead', shown: [] },
    { why: 'one that stopped has none', service: 'stopped', shown: [] },
    { why: 'an SDK that gives levels a beginning changes nothing', service: 'other-sdk', shown: [DEGRADED] },
  ])('$service: $why', async ({ service, shown }) => {
    expect((await figures('worker', 'Status', service)).map(({ value }) => value).toSorted((a, b) => a - b)).toEqual(shown)
  })

  test('a beginning that nobody measured is a gap in the timeline, not a healthy time', async () => {
    const [series] = await stack.queryRange(asked(queryOf('fleet', 'Status'), 'other-sdk'), now - 160, now, 5)
    expect(new Set(series?.points.map(([, value]) => value))).toEqual(new Set([DEGRADED]))
    expect(series?.points[0]?.[0]).toBeGreaterThanOrEqual(now - 100)
  })

  test('the fleet counts services, not instances', async () => {
    const counted = await Promise.all(
      ['Healthy', 'Degraded', 'Unhealthy'].map(async (title) => (await figures('fleet', title, '.*'))[0]?.value),
    )
    // deployed, pinned and twice in production; pair and other-sdk; twice in staging and outage.
    expect(counted).toEqual([3, 2, 2])
  })
})

test('a queue that instances share is counted once, as those see it that run', async () => {
  expect((await figures('worker', 'Items due', 'deployed')).map(({ value }) => value)).toEqual([3])
  expect((await figures('worker', 'Items due', 'pair')).map(({ value }) => value)).toEqual([7])
})

test('a service that died minutes ago is silent in the fleet, with a row that says since when; one that stopped is not', async () => {
  expect((await figures('fleet', 'Silent', '.*'))[0]?.value).toBe(1)
  const ages = await figures('fleet', 'Services', '.*', 1)
  expect(ages.find(({ labels }) => labels['job'] === 'dead')?.value).toBeGreaterThan(479)
  expect(ages.map(({ labels }) => labels['job'])).not.toContain('stopped')
  const worst = (await figures('fleet', 'Services', '.*')).toSorted((a, b) => b.value - a.value)[0]
  expect([worst?.labels['job'], worst?.value]).toEqual(['dead', SILENT])
})

test('the phase of one that stopped is in sight for a moment', async () => {
  const [stopped] = await figures('worker', 'Phase', 'stopped')
  expect(stopped?.value).toBe(4)
})

test.for([
  { why: 'is 0 % where all failed from the start', service: 'outage', shown: [0] },
  { why: 'is not known where nothing was tried', service: 'pair', shown: [] },
])('the success rate $why', async ({ service, shown }) => {
  for (const title of ['Success rate, 5 min', 'Success rate'])
    expect((await figures('worker', title, service)).map(({ value }) => value)).toEqual(shown)
})

test('a dependency that is not checked any more is not healthy', async () => {
  const found = await figures('worker', 'Dependencies', 'checks')
  expect(found.map(({ labels, value }) => [labels['health_check_name'], value])).toEqual([['sql', UNHEALTHY]])
})

test('no heartbeat is as old as the epoch', async () => {
  const series = await stack.queryRange(asked(queryOf('pipeline', 'Age of heartbeats'), '.*'), now - 600, now, 5)
  expect(Math.max(...series.flatMap(({ points }) => points.map(([, value]) => value)))).toBeLessThan(700)
})

test('the start of a service that exports every 60 s is marked', async () => {
  const starts = dashboard('fleet').annotations.list.find(({ name }) => name === 'Starts')!
  const [series] = await stack.queryRange(asked(starts.expr, 'other-sdk'), now - 95, now, 5)
  expect(series?.points.some(([, value]) => value > 0)).toBe(true)
})
