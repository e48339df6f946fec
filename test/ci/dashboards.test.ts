/**
 * Dashboards and rules on the real programs: a fetcher under register and a worker export to the shipped collector, which sends to the
 * shipped Prometheus. Everything a dashboard or a rule asks for is asked there, and what it answers is what the channels said.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { ACCOUNT_STATUS, ANISETTE_STATUS, TIERS } from '../../src/kinds/tracker-fetcher/metrics.ts'
import { HEALTH_ALERT_STATUS, HEALTH_HEARTBEAT_TIME, HEALTH_INSTANCE_PHASE, HEALTH_STATUS } from '../../src/catalogue.ts'
import { KINDS } from '../../src/kinds/index.ts'
import { prometheusRules } from '../../src/generate/prometheus-rules.ts'
import { prometheusName } from '../../src/export/prometheus-name.ts'
import { parsePromql } from '../generate/promql.ts'
import type { StatusMessage } from '../../src/wire/status-message.ts'
import { RealStack, type Sample } from './real-stack.ts'
import { EXPORT_INTERVAL_S, SERVICE, WatchedFetcher } from './watched-fetcher.ts'

const FOLDER = fileURLToPath(new URL('../../grafana/dashboards/', import.meta.url))
const WORKER = fileURLToPath(new URL('./fixtures/worker.ts', import.meta.url))

/** A service of each kind but the fetcher's, which is the real one. */
const SERVICES: Readonly<Record<string, string>> = {
  worker: 'mailer',
  ...Object.fromEntries(KINDS.filter(({ name }) => !['worker', SERVICE].includes(name)).map(({ name }) => [name, `a_${name}`])),
}

/** What has no data here, although all is well. By the metric or the expression; everything else must have some. */
const LEGITIMATELY_EMPTY: Readonly<Record<string, string>> = {
  health_evaluation_errors_total: 'no rule and no evaluation threw',
  health_work_interrupted_total: 'no process was killed with work in hand',
  [`health_records_dropped_total{deployment_environment_name=~".*",job=~"${SERVICE}"`]: 'the fetcher recorded nothing that is no amount',
  otelcol_exporter_send_failed_metric_points_total: 'the collector gave up nothing',
  ALERTS: 'no rule of Prometheus has fired yet',
}

let stack: RealStack
let fetcher: WatchedFetcher
const workers: ChildProcess[] = []
let startedAt: number

const seconds = (): number => Date.now() / 1000

beforeAll(async () => {
  stack = await RealStack.start()
  startedAt = seconds()
  // A limit that some calls pass, for slow ones to be there.
  fetcher = await WatchedFetcher.start(stack.otlpEndpoint, { MAX_API_RESPONSE_TIME: '150', ACCOUNT_INTERVAL_MS: '500' })
  for (const [kind, service] of Object.entries(SERVICES)) {
    const env = {
      ...process.env,
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: stack.otlpEndpoint,
      OTEL_METRIC_EXPORT_INTERVAL: '2000',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      HEALTH_REDIS_HOST: '127.0.0.1',
      HEALTH_REDIS_PORT: String(fetcher.redisPort),
      HEALTH_PUBLISHING_INTERVAL: '1',
    }
    workers.push(spawn(process.execPath, [WORKER, kind], { env, stdio: ['ignore', 'inherit', 'inherit'] }))
  }
})
afterAll(async () => {
  for (const worker of workers) worker.kill('SIGKILL')
  await fetcher?.stop()
  await stack?.stop()
})

/** Points as they were exported, by the epoch second of the export. */
async function exported(series: string): Promise<Map<number, Sample[]>> {
  const at = new Map<number, Sample[]>()
  for (const { labels, points } of await stack.points(`${series}[10m]`)) {
    for (const [time, value] of points) at.set(time, [...(at.get(time) ?? []), { labels, value }])
  }
  return at
}

/** What the channel said within one export interval of `at`. */
function saidAround(at: number): readonly StatusMessage[] {
  return fetcher.statuses.filter(({ timestamp }) => Math.abs(Date.parse(timestamp) / 1000 - at) <= EXPORT_INTERVAL_S)
}

/** Exports whose value is none of those that the channel said around them. Of an export that nobody spoke around there is nothing to say. */
async function unsaid<T>(read: () => Promise<ReadonlyMap<number, T>>, said: (message: StatusMessage) => T): Promise<object[]> {
  const differing: object[] = []
  let compared = 0
  for (const [at, value] of await read()) {
    const around = saidAround(at)
    if (around.length === 0) continue
    compared++
    const values = around.map(said)
    if (!values.some((each) => JSON.stringify(each) === JSON.stringify(value))) differing.push({ at, exported: value, said: values })
  }
  expect(compared).toBeGreaterThan(10)
  return differing
}

/** The state that is 1, at each export. */
async function states(metric: string, label: string, matcher: string = ''): Promise<Map<number, string | undefined>> {
  const points = await exported(`${metric}{job="${SERVICE}"${matcher}}`)
  return new Map(Array.from(points, ([at, samples]) => [at, samples.find(({ value }) => value === 1)?.labels[label]]))
}

/** Everything that can happen to the fetcher happens: it fails, is slow, loses anisette and recovers, and cannot export for a while. */
async function liveThroughIt(): Promise<void> {
  const is = async (wanted: (message: StatusMessage) => boolean, timeout = 120_000): Promise<void> =>
    void (await vi.waitUntil(() => fetcher.statuses.slice(-3).some(wanted), { timeout, interval: 100 }))
  const has = (name: string, inState: string) =>
    is(({ alerts }) => alerts.some(({ rule, state }) => rule === name && state === inState), 480_000)
  await is(({ phase, status }) => phase === 'running' && status === 'healthy')
  await fetcher.switchOn('http.500', { probability: 0.9 })
  await fetcher.switchOn('slow', { probability: 0.2, delay_ms: 400 })
  await fetcher.switchOn('empty_body', { probability: 0.1 })
  await has('low_success_rate', 'firing')
  await fetcher.switchOn('anisette.down', { ttl_ms: 75_000 })
  await has('anisette_unreachable', 'firing')
  await stack.stopCollector()
  await vi.waitUntil(() => fetcher.lines.some((line) => line.includes('OTLP export fails')), { timeout: 30_000 })
  const beats = fetcher.statuses.length
  await vi.waitUntil(() => fetcher.statuses.length >= beats + 5, { timeout: 30_000 })
  await stack.startCollector()
  await has('anisette_unreachable', 'recovering')
  await is(({ metrics }) => metrics['geofence_events_generated'] !== 0)
  // One more export of all of it.
  const until = Date.parse(fetcher.statuses.at(-1)!.timestamp) / 1000
  await vi.waitUntil(async () => (await stack.query(`${prometheusName(HEALTH_HEARTBEAT_TIME)}{job="${SERVICE}"}`))[0]!.value > until, {
    timeout: 30_000,
  })
}

describe('a fetcher that fails, loses anisette and recovers', () => {
  beforeAll(liveThroughIt, 900_000)

  test.for([
    { metric: HEALTH_STATUS, label: 'health_state', said: ({ status }: StatusMessage) => status },
    { metric: HEALTH_INSTANCE_PHASE, label: 'health_phase', said: ({ phase }: StatusMessage) => phase },
    ...['low_success_rate', 'anisette_unreachable', 'large_queue'].map((rule) => ({
      metric: HEALTH_ALERT_STATUS,
      label: 'health_alert_state',
      matcher: `,health_rule="${rule}"`,
      said: ({ alerts }: StatusMessage) => alerts.find((alert) => alert.rule === rule)?.state ?? 'inactive',
    })),
  ])('$metric.name$matcher is what the channel said within one export interval', async ({ metric, label, said, ...more }) => {
    const matcher = 'matcher' in more ? more.matcher : ''
    expect(await unsaid(() => states(prometheusName(metric), label, matcher), said)).toEqual([])
  })

  test.for([
    { metric: ACCOUNT_STATUS, label: 'tracker_fetcher_account_state', fine: 'logged_in', key: 'apple_account_authenticated' },
    { metric: ANISETTE_STATUS, label: 'tracker_fetcher_anisette_state', fine: 'reachable', key: 'anisette_server_reachable' },
  ])('$metric.name is what $key said', async ({ metric, label, fine, key }) => {
    const known = async () =>
      new Map(Array.from(await states(prometheusName(metric), label), ([at, state]) => [at, state === 'unknown' ? null : state === fine]))
    expect(await unsaid(known, ({ metrics }) => metrics[key] as boolean | null)).toEqual([])
  })

  test('queue sizes are what the channel said', async () => {
    const points = () => exported(`tracker_fetcher_queue_size{job="${SERVICE}",tracker_fetcher_queue_state="due"}`)
    const sizeOf = (samples: readonly Sample[], tier: string) =>
      samples.find(({ labels }) => labels['tracker_fetcher_queue_tier'] === tier)?.value
    const sizes = async () => new Map(Array.from(await points(), ([at, samples]) => [at, TIERS.map((tier) => sizeOf(samples, tier))]))
    expect(await unsaid(sizes, ({ metrics }) => TIERS.map((tier) => (metrics['queue_sizes'] as Record<string, number>)[tier]))).toEqual([])
  })

  test('the success rate of the dashboard, from the counters, is what the channel said', async () => {
    const [target] = panelsOf('otel-health-tracker-fetcher.json').find(({ title }) => title === 'Success rate, 5 min')!.targets
    const compared: { at: number; exported: number | undefined; said: number }[] = []
    for (const at of (await exported(`${prometheusName(HEALTH_HEARTBEAT_TIME)}{job="${SERVICE}"}`)).keys()) {
      const said = new Set(saidAround(at).map(({ metrics }) => metrics['success_rate_percent'] as number | null))
      const [rate] = said
      // While it changes, an export falls between two messages, and what it counted nobody said.
      if (said.size !== 1 || rate === undefined || rate === null) continue
      const [series] = await stack.queryRange(substituted(target!.expr, SERVICE), at, at, 1)
      compared.push({ at, exported: series && Math.round(10 * series.points[0]![1]) / 10, said: rate })
    }
    expect(compared.length).toBeGreaterThan(10)
    expect(compared.map(({ said }) => said)).not.toContain(100)
    // Two that are rounded may be a tenth apart. Toward five minutes and later the window that is judged begins up to 10 s after Prometheus's.
    const apart = (at: number) => (at - startedAt < 240 ? 0.101 : 0.5)
    expect(compared.filter(({ at, exported: is = NaN, said }) => !(Math.abs(is - said) <= apart(at)))).toEqual([])
  })

  test('a stop is the last that is exported', { timeout: 60_000 }, async () => {
    const neighbour = await neighbourOf('polite')
    neighbour.kill('SIGTERM')
    await once(neighbour, 'close')
    const phase = async () => (await stack.query('health_instance_phase{job="polite"} == 1'))[0]?.labels['health_phase']
    await expect.poll(phase, { timeout: 20_000 }).toBe('stopped')
  })
})

/** Another service for a short time. */
async function neighbourOf(name: string): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    ['--import', fileURLToPath(new URL('../../src/register.ts', import.meta.url)), '-e', 'setInterval(() => {}, 1000)'],
    {
      env: {
        ...process.env,
        OTEL_SERVICE_NAME: name,
        OTEL_EXPORTER_OTLP_ENDPOINT: stack.otlpEndpoint,
        OTEL_METRIC_EXPORT_INTERVAL: '2000',
        HEALTH_REDIS_HOST: '127.0.0.1',
        HEALTH_REDIS_PORT: String(fetcher.redisPort),
        HEALTH_PUBLISHING_INTERVAL: '1',
      },
      stdio: 'ignore',
    },
  )
  await vi.waitUntil(async () => (await stack.query(`health_status{job="${name}"}`)).length > 0, { timeout: 30_000 })
  return child
}

interface Target {
  readonly expr: string
  readonly instant?: boolean
}
interface Panel {
  readonly title: string
  readonly targets: readonly Target[]
}
interface Dashboard {
  readonly panels: readonly (Partial<Panel> & { readonly title: string })[]
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] }
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[] }
}

function dashboardOf(file: string): Dashboard {
  return JSON.parse(readFileSync(`${FOLDER}${file}`, 'utf8')) as Dashboard
}

function panelsOf(file: string): readonly Panel[] {
  return dashboardOf(file).panels.flatMap(({ title, targets }) => (targets ? [{ title, targets }] : []))
}

/** As Grafana asks with all variables at All, and one service chosen. */
function substituted(expr: string, service: string): string {
  return expr
    .replaceAll('$__rate_interval', '30s')
    .replaceAll('$environment', '.*')
    .replaceAll('$service', service)
    .replaceAll('$instance', '.*')
}

const QUERIES = readdirSync(FOLDER).flatMap((file) => {
  const kind = /^otel-health-(.*)\.json$/.exec(file)?.[1]?.replaceAll('-', '_') ?? ''
  const service = kind === SERVICE ? SERVICE : (SERVICES[kind] ?? '.*')
  return [
    ...panelsOf(file).flatMap(({ title, targets }) =>
      targets.map(({ expr, instant = false }) => ({ file, title, expr, instant, service })),
    ),
    ...dashboardOf(file).annotations.list.map(({ name, expr }) => ({ file, title: `annotation ${name}`, expr, instant: false, service })),
  ]
})

describe('every query of every dashboard', () => {
  beforeAll(async () => {
    // A service that goes without a word, for its neighbours to see.
    const neighbour = await neighbourOf('gone')
    neighbour.kill('SIGKILL')
    await vi.waitUntil(async () => (await stack.query('health_service_silent{health_service="gone"} == 1')).length > 0, { timeout: 60_000 })
  }, 120_000)

  test.for(QUERIES)('$file, $title: $expr', async ({ expr, instant, service }) => {
    const promql = substituted(expr, service)
    const found = instant ? await stack.query(promql) : await stack.queryRange(promql, startedAt, seconds(), 5)
    const excuse = Object.keys(LEGITIMATELY_EMPTY).find((metric) => promql.includes(metric))
    expect(found.length > 0 ? 'data' : `no data, ${excuse ? LEGITIMATELY_EMPTY[excuse] : 'and no reason'}`).not.toBe(
      'no data, and no reason',
    )
    // 0 / 0 is no figure that anybody can read.
    const values = instant ? (found as readonly Sample[]).map(({ value }) => value) : []
    expect(values.filter(Number.isNaN)).toEqual([])
  })

  test.for(
    readdirSync(FOLDER).flatMap((file) =>
      dashboardOf(file).templating.list.flatMap(({ name, query }) =>
        typeof query === 'string' ? [] : [{ file, name, query: query.query }],
      ),
    ),
  )('$file, variable $name: $query', async ({ name, query }) => {
    const [, series = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(query) ?? []
    const values = new Set((await stack.series(substituted(series, '.*'))).map((labels) => labels[label]))
    // Only the fetcher does not name its environment.
    if (name === 'environment' && series.includes('low_fetch_rate')) expect(values).toEqual(new Set([undefined]))
    else expect([...values].filter(Boolean).length).toBeGreaterThan(0)
  })
})

describe('every rule for Prometheus', () => {
  const rules = prometheusRules({ publishingInterval: 30, exportInterval: 60 })

  test('is loaded and evaluated without an error', async () => {
    const found = await stack.rules()
    expect(found.map(({ name, health, lastError }) => ({ name, health, lastError: lastError ?? '' }))).toEqual(
      rules.map(({ alert }) => ({ name: alert, health: 'ok', lastError: '' })),
    )
  })

  /** For the silence of a rule to mean something, all that it reads must be there. By series why some is not. */
  const NOT_YET: Readonly<Record<string, string>> = {
    'health_evaluation_errors_total{}': 'no rule and no evaluation threw',
    'health_publish_messages_total{health_publish_outcome="dropped"}': 'the health Redis took everything',
    'otelcol_exporter_send_failed_metric_points_total{job="otel-collector"}': 'the collector gave up nothing',
    'prometheus_http_requests_total{job="prometheus",handler="/api/v1/otlp/v1/metrics",code=~"4.."}': 'Prometheus refused nothing',
  }
  const reads = rules.flatMap(({ alert, expr }) => {
    const selectors = parsePromql(expr).selectors.map(({ metric, matchers }) => `${metric}{${matchers.join(',')}}`)
    return Array.from(new Set(selectors), (selector) => ({ alert, selector }))
  })
  test.for(reads)('$alert reads $selector', async ({ selector }) => {
    const found = await stack.query(`last_over_time(${selector}[10m])`)
    expect(found.length > 0 ? 'data' : NOT_YET[selector]).toBeDefined()
  })

  test('tells of the collector that is stopped, and of nothing else', { timeout: 60_000 }, async () => {
    const told = async () => (await stack.rules()).filter(({ state }) => state === 'firing' || state === 'pending').map(({ name }) => name)
    await stack.stopCollector()
    // That it fires after two minutes is tested on a clock of its own.
    await vi.waitUntil(async () => (await told()).includes('OtelCollectorDown'), { timeout: 30_000, interval: 200 })
    // Earlier in this file the collector was away for a moment, which the services have told of, and a service was killed.
    expect((await told()).filter((name) => !['HealthExportFailing', 'HealthHeartbeatAbsent'].includes(name))).toEqual(['OtelCollectorDown'])
    await stack.startCollector()
  })
})
