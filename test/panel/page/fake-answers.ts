/** Made-up answers of the panel's server to what pages ask. */
import { ACTIONS } from '../../../src/panel/http/access/rights.ts'
import type { ControlFacts, ControlOfInstance } from '../../../src/panel/control-protocol.ts'
import type {
  AlertTimeline,
  AuditRow,
  Bars,
  Chart,
  DependencyMap,
  EpisodeRow,
  Now,
  ServiceDetail,
  ServiceHistory,
  Session,
  ShownStatus,
  SilenceRow,
  Step,
  Transition,
  Trends,
} from '../../../src/panel/protocol.ts'

const MIN = 60_000
const HOUR = 60 * MIN

/** `undefined`: there is no such thing. */
export function answerOf(url: URL, world: Now): unknown {
  const [, , what = '', name = '', part] = url.pathname.split('/').map(decodeURIComponent)
  switch (what) {
    case 'session':
      return session()
    case 'bars':
      return barsOf(url.searchParams.getAll('service'), world)
    case 'services':
      if (!world.services.some(({ service }) => service === name)) return undefined
      if (part === 'control') return controlOf()
      if (part === 'history') return historyOf(name, Number(url.searchParams.get('hours') ?? 1))
      return part === 'alerts' ? episodesOf(name) : detailOf(name, world)
    case 'alerts':
      return timelineOf(name, world)
    case 'map':
      return mapOf(world)
    case 'trends':
      return trendsOf(world)
    case 'silences':
      return world.services.length === 0 ? [] : silencesOf(world)
    case 'audit':
      return world.services.length === 0 ? [] : auditOf()
    default:
      return undefined
  }
}

function controlOf(): ControlFacts {
  return {
    took: { drain: { lastMs: [12_000, 41_000, 9000], medianMs: 12_000, times: 14 } },
    nameNeededFor: [null],
    down: ['tracker_fetcher-4'],
  }
}

const CONTROL: ControlOfInstance = {
  ...{ allows: ['pause', 'resume', 'drain', 'stop'], inHand: { count: 4, oldestSeconds: 12 }, drainLimitSeconds: 30, workP99Seconds: 45 },
}

function session(): Session {
  const role = process.env['FAKE_ROLE'] === 'viewer' ? 'viewer' : 'operator'
  return {
    user: 'you',
    role,
    may: role === 'viewer' ? ['note'] : ACTIONS,
    control: true,
    login: 'none',
    version: '0.1.0',
    grafana: 'http://grafana.example',
    prometheus: true,
    retentionHours: 24,
  }
}

function barsOf(names: readonly string[], { services, at }: Now): Bars {
  return Object.fromEntries(
    names.map((name) => {
      const { status = 'unknown' } = services.find(({ service }) => service === name) ?? {}
      const quarter = (i: number): ShownStatus | null =>
        i < 6 ? null : i > 92 ? status : i > 40 && i < 44 ? 'degraded' : i === 60 ? 'unhealthy' : 'healthy'
      const values = Array.from({ length: 60 }, (_, i) =>
        i > 20 && i < 24 ? null : 900 + 200 * Math.sin(i / 5 + name.length) + ((i * 37) % 50),
      )
      return [name, { quarters: Array.from({ length: 96 }, (_, i) => quarter(i)), until: at, spark: { figure: 'rate', values } }]
    }),
  )
}

function chartOf(figure: string, unit: string, from: number, to: number, level: number, lines: readonly string[], limit?: number): Chart {
  const count = 240
  const times = Array.from({ length: count }, (_, i) => Math.round((from + ((to - from) * i) / (count - 1)) / 1000))
  const valueAt = (i: number, line: number): number | null =>
    i > 100 && i < 112
      ? null
      : Math.max(0, level * (1 + line / 6) * (1 + 0.25 * Math.sin(i / 17 + line)) + ((i * 7919 * (line + 1)) % 23) * (level / 120))
  return {
    figure,
    unit,
    times,
    lines: lines.map((name, line) => ({
      name,
      values: times.map((_, i) => (i > 190 && line === 0 && figure.startsWith('success') ? 20 : valueAt(i, line))),
    })),
    limits: limit === undefined ? [] : [{ severity: 'WARNING', value: limit }],
  }
}

function historyOf(name: string, hours: number): ServiceHistory {
  const to = Date.now()
  const from = to - hours * HOUR
  const instances = [1, 2, 3].map((n) => `${name}-${n}`)
  return {
    from,
    to,
    charts: [
      chartOf('fetch_rate_per_hour', '/h', from, to, 1200, ['all', ...instances], 10),
      chartOf('success_rate_percent', '%', from, to, 78, ['all'], 80),
      chartOf('apple_api_percentiles_ms.p95', 'ms', from, to, 420, instances),
      chartOf('total_queue_size', '', from, to, 31, ['all'], 10_000),
    ],
    spans: [
      { alertId: 'a1', episode: 3, rule: 'apple_account_unauthenticated', severity: 'CRITICAL', from: to - hours * HOUR * 0.2 },
      {
        alertId: 'a2',
        episode: 1,
        rule: 'low_success_rate',
        severity: 'WARNING',
        from: from + hours * HOUR * 0.3,
        to: from + hours * HOUR * 0.4,
      },
    ],
    restarts: [{ at: from + hours * HOUR * 0.43, instance: `${name}-2` }],
    ...(hours === 24 && { since: from + 3 * HOUR }),
  }
}

function detailOf(name: string, { services, alerts, at }: Now): ServiceDetail {
  const row = services.find(({ service }) => service === name)!
  const instance = `${name}-1`
  return {
    row,
    alerts: alerts.filter(({ service }) => service === name),
    instances: [
      { instance, status: row.status, phase: 'running', beatAt: at - 3000, uptimeSeconds: 93_000, control: CONTROL },
      {
        instance: `${name}-2`,
        status: row.status,
        phase: 'draining',
        beatAt: at - 9000,
        uptimeSeconds: 61,
        clockAheadMs: 4200,
        control: CONTROL,
      },
      { instance: `${name}-3`, status: 'missing', beatAt: at - 9 * MIN, problem: 'its last message could not be read' },
    ],
    checks: [
      { name: 'redis', status: 'healthy', latencyMs: 0.8, instance },
      { name: 'anisette', status: 'unhealthy', latencyMs: null, error: 'connect ECONNREFUSED 10.0.0.7:6969', instance },
    ],
    rules: [
      {
        rule: 'apple_account_unauthenticated',
        says: 'breach',
        current: 'logged_out',
        threshold: 'logged_in',
        forSeconds: 0,
        distance: -1,
        instance,
      },
      {
        rule: 'low_success_rate',
        says: 'breach',
        current: 72.4,
        threshold: 80,
        unit: '%',
        forSeconds: 60,
        heldSeconds: 12,
        distance: -0.1,
        instance,
      },
      {
        rule: 'large_queue',
        labels: { queue: 'hot' },
        says: 'ok',
        current: 8100,
        threshold: 10_000,
        unit: 'items',
        forSeconds: 60,
        distance: 0.19,
        instance,
      },
      {
        rule: 'slow_apple_api',
        says: 'inconclusive',
        reason: 'low_sample',
        current: null,
        threshold: 10,
        unit: 's',
        forSeconds: 60,
        instance,
      },
    ],
    dependsOn: [
      { name: 'anisette', status: 'unhealthy', reason: 'connect ECONNREFUSED', through: ['check'] },
      { name: 'redis', status: 'healthy', through: ['check', 'calls'] },
    ],
    neededBy: ['location_aggregator', 'realtime_geofence'],
    metrics: {
      fetch_rate_per_hour: 1204.5,
      success_rate_percent: 72.4,
      total_queue_size: 31,
      queue_sizes: { hot: 30, cold: 1 },
      p50_ms: null,
    },
    unknown: { p50_ms: 'fewer than 20 calls in 5 min' },
    problems: [],
    grafanaUrl: 'http://grafana.example/d/otel-health-service?var-service=x',
  }
}

function episodesOf(name: string): readonly EpisodeRow[] {
  const now = Date.now()
  return [
    {
      alertId: `${name}1`,
      episode: 3,
      rule: 'low_success_rate',
      severity: 'WARNING',
      from: now - 12 * MIN,
      message: '8 of 20 batches failed',
    },
    {
      alertId: `${name}2`,
      episode: 2,
      rule: 'large_queue',
      labels: { queue: 'hot' },
      severity: 'CRITICAL',
      from: now - 9 * HOUR,
      to: now - 8 * HOUR,
      message: '61,000 due',
    },
  ]
}

function timelineOf(id: string, { alerts }: Now): AlertTimeline | undefined {
  const alert = alerts.find((row) => row.id === id)
  if (!alert) return undefined
  const { since: at, service, rule, severity, episode, message } = alert
  const said = (type: string, later: number, more: Partial<Transition> = {}): Step => ({
    kind: 'transition',
    at: at + later,
    transition: {
      id: '1-1',
      at: at + later,
      type,
      alertId: id,
      episode,
      service,
      rule,
      severity,
      state: 'firing',
      message,
      deliver: true,
      cause: 'rule',
      actor: null,
      told: null,
      ...more,
    },
  })
  return {
    alert,
    episode,
    episodes: [
      { episode, from: at },
      { episode: episode - 1, from: at - 26 * HOUR, to: at - 25 * HOUR },
    ],
    cut: false,
    steps: [
      { kind: 'breach', at: at - MIN, message: '3 of 12 batches failed', instance: `${service}-1` },
      said('fired', 0, { severity: 'WARNING', value: { current: 72, threshold: 80, unit: '%' } }),
      { kind: 'told', at: at + 400, target: 'pager', type: 'fired', severity: 'WARNING' },
      said('escalated', 2 * MIN),
      { kind: 'told', at: at + 2 * MIN + 300, target: 'pager', type: 'escalated', severity: 'CRITICAL' },
      { kind: 'action', at: at + 4 * MIN, audit: { ...auditOf()[0]!, at: at + 4 * MIN } },
      said('updated', 5 * MIN, { deliver: false, message: '9 of 20 batches failed' }),
    ],
  }
}

function mapOf({ services }: Now): DependencyMap {
  const status = (name: string): ShownStatus => services.find(({ service }) => service === name)?.status ?? 'unknown'
  const of = (name: string, is: 'service' | 'check' | 'unknown' = 'service'): DependencyMap['nodes'][number] => ({
    name,
    is,
    status: is === 'service' ? status(name) : is === 'unknown' ? 'unknown' : name === 'anisette' ? 'unhealthy' : 'healthy',
    isCause: name === 'anisette',
    ...(name === 'anisette' && { reason: 'connect ECONNREFUSED 10.0.0.7:6969' }),
  })
  if (services.length === 0) return { nodes: [], edges: [] }
  const edge = (from: string, to: string): { readonly from: string; readonly to: string } => ({ from, to })
  return {
    nodes: [
      ...['tracker_fetcher', 'geocoder', 'location_aggregator', 'realtime_geofence', 'notifier'].map((name) => of(name)),
      of('anisette', 'check'),
      of('redis', 'check'),
      of('postgres', 'check'),
      of('billing', 'unknown'),
    ],
    edges: [
      edge('tracker_fetcher', 'anisette'),
      edge('tracker_fetcher', 'redis'),
      edge('location_aggregator', 'tracker_fetcher'),
      edge('location_aggregator', 'postgres'),
      edge('realtime_geofence', 'location_aggregator'),
      edge('notifier', 'realtime_geofence'),
      edge('notifier', 'geocoder'),
      edge('notifier', 'billing'),
      edge('geocoder', 'redis'),
    ],
  }
}

function trendsOf({ services }: Now): Trends {
  const to = Date.now()
  return {
    range: '24h',
    source: 'redis',
    rows: services.slice(0, 3).map(({ service }, i) => ({
      service,
      charts: [
        chartOf('fetch_rate_per_hour', '/h', to - 24 * HOUR, to, 1200, ['all']),
        chartOf('success_rate_percent', '%', to - 24 * HOUR, to, 90, ['all'], 80),
        chartOf('total_queue_size', '', to - 24 * HOUR, to, 4000, ['all'], 10_000),
      ],
      forecasts:
        i === 0
          ? [
              {
                figure: 'total_queue_size',
                unit: 'items',
                now: 4210,
                limit: 10_000,
                perDay: { value: 620, error: 140 },
                days: { value: 9.3, atLeast: 7.6, atMost: 12.1 },
              },
            ]
          : [
              {
                figure: 'total_queue_size',
                unit: 'items',
                now: 31,
                limit: 10_000,
                says: i === 1 ? 'does not grow' : 'not enough data: 40 min of 6 h',
              },
            ],
    })),
  }
}

function silencesOf({ alerts }: Now): readonly SilenceRow[] {
  const now = Date.now()
  return [
    {
      id: '4b1f',
      matcher: 'service=notifier,rule=large_queue',
      by: 'ada',
      why: 'deploy of the push gateway',
      inForce: true,
      from: now - HOUR,
      until: now + 2 * HOUR,
      matches: alerts.slice(0, 1).map(({ id }) => id),
    },
    {
      id: '9c00',
      matcher: 'label.check=postgres',
      by: 'grace',
      why: 'backup',
      inForce: false,
      from: now + 30 * HOUR,
      until: now + 32 * HOUR,
      repeats: { every: 'Sun 02:00', forSeconds: 7200, zone: 'Europe/Berlin' },
      matches: [],
    },
    {
      id: 'd3aa',
      matcher: 'service=tracker_fetcher,rule=low_fetch_rate',
      by: 'ada',
      why: 'until the account is back',
      inForce: true,
      from: now - 5 * MIN,
      until: now + 160 * HOUR,
      endsWith: { alertId: 'trackerfetcherlowfetchra', episode: 3 },
      matches: alerts.slice(1, 2).map(({ id }) => id),
    },
  ]
}

function auditOf(): readonly AuditRow[] {
  const now = Date.now()
  return [
    {
      id: '3-0',
      at: now - 20 * MIN,
      actor: 'ada',
      from: '10.0.0.3',
      action: 'ack',
      why: 'restarting the proxy, back by two',
      about: { alert: 'notifierlargequeue', service: 'notifier', rule: 'large_queue', severity: 'WARNING', until: '2026-12-01T02:00:00Z' },
    },
    {
      id: '2-0',
      at: now - 60 * MIN,
      actor: 'ada',
      from: '10.0.0.3',
      action: 'silence',
      why: 'deploy of the push gateway',
      about: { silence: '4b1f', matcher: 'service=notifier,rule=large_queue' },
    },
    {
      id: '1-0',
      at: now - 30 * HOUR,
      actor: 'grace <script>alert(1)</script>',
      from: 'laptop',
      action: 'forget',
      why: 'it was a test',
      about: { service: 'trial' },
    },
  ]
}
