/** What a panel might show, made up: to look at the pages without a Redis. */
import type { AlertRow, Now, ServiceRow, ShownStatus } from '../../../src/panel/protocol.ts'
import type { Severity } from '../../../src/types.ts'

/** `storm`: a thousand services of which all is on the move. */
export type Scenario = 'day' | 'calm' | 'empty' | 'broken' | 'thousand' | 'storm'

const MIN = 60_000
const KINDS: readonly (readonly [string, string])[] = [
  ['tracker_fetcher', 'tracker_fetcher'],
  ['geocoder', 'geocoding'],
  ['location_aggregator', 'location_aggregator'],
  ['realtime_geofence', 'realtime_geofence'],
  ['notifier', 'notification'],
]

export function madeUp(scenario: Scenario, at: number): Now {
  const services = servicesOf(scenario, at)
  return {
    at,
    epoch: 'e1',
    seq: 1,
    problems:
      scenario === 'broken' ? ['{health}:meta is of another type than it should be', 'The status of <b>geocoder</b> cannot be read.'] : [],
    ...(scenario === 'broken' && { staleSince: at - 7 * MIN, staleReason: 'connect ECONNREFUSED 127.0.0.1:6379' }),
    services,
    alerts: alertsOf(scenario, services, at),
  }
}

function servicesOf(scenario: Scenario, at: number): readonly ServiceRow[] {
  if (scenario === 'empty') return []
  if (scenario === 'thousand' || scenario === 'storm')
    return Array.from({ length: 1000 }, (_, i) =>
      row(`${['fetch', 'parse', 'store', 'send'][i % 4]!}-${String(i).padStart(4, '0')}`, 'worker', statusOf(i), at),
    )
  if (scenario === 'calm') return KINDS.map(([name, kind]) => row(name, kind, 'healthy', at))
  const statuses: readonly ShownStatus[] =
    scenario === 'broken'
      ? ['unhealthy', 'unknown', 'unhealthy', 'unhealthy', 'stopped']
      : ['unhealthy', 'healthy', 'degraded', 'healthy', 'healthy']
  return [
    ...KINDS.map(([name, kind], i) => controlled(row(name, kind, statuses[i]!, at), at)),
    row('old_importer', 'worker', 'unknown', at),
  ]
}

/** One that is paused, and one that drains. */
function controlled(service: ServiceRow, at: number): ServiceRow {
  const asked = { instance: null, by: 'ann', from: '10.0.0.7', at: at - 40_000, expires: at + 20_000 }
  if (service.service === 'geocoder') {
    const [why, until] = ['the provider moves', at + 52 * MIN]
    const instances = ['geocoder-1', 'geocoder-2', 'geocoder-3'].map((instance) => ({ instance, state: 'done' as const, at: at - 37_000 }))
    return {
      ...service,
      status: 'paused',
      phases: { paused: 3 },
      control: {
        requests: [{ ...asked, id: 'r1', action: 'pause', why, until, state: 'done', asked: instances, endedAt: at - 37_000 }],
        desired: [{ instance: null, state: 'paused', by: 'ann', why, at: at - 40_000, until }],
      },
    }
  }
  if (service.service !== 'tracker_fetcher') return service
  const why = 'new disks <b>today</b>'
  return {
    ...service,
    control: {
      requests: [
        {
          ...{ ...asked, id: 'r2', action: 'drain', why, state: 'under way' },
          asked: [
            { instance: 'tracker_fetcher-1', state: 'under way', at: at - 1000, inHand: 4, oldestSeconds: 12 },
            { instance: 'tracker_fetcher-2', state: 'done', at: at - 20_000 },
            { instance: 'tracker_fetcher-3', state: 'refused', at: at - 39_000, reason: 'Another request is under way: restart.' },
          ],
        },
      ],
      desired: [{ instance: null, state: 'stopped', by: 'ann', why, at: at - 40_000 }],
    },
  }
}

function statusOf(i: number): ShownStatus {
  return i % 97 === 3 ? 'unhealthy' : i % 31 === 5 ? 'degraded' : i % 211 === 7 ? 'unknown' : i % 301 === 9 ? 'stopped' : 'healthy'
}

function row(service: string, kind: string, status: ShownStatus, at: number): ServiceRow {
  const isHere = status !== 'unknown'
  const sum = Buffer.from(service).reduce((total, byte) => total + byte, 0)
  return {
    service,
    kind,
    status,
    since: at - (status === 'healthy' ? 300 : 12) * MIN - sum * 1000,
    reasons:
      status === 'unhealthy'
        ? ['apple_account_unauthenticated is firing: no account can fetch']
        : status === 'degraded'
          ? ['1 of 3 instances is missing']
          : [],
    ...(service === 'location_aggregator' &&
      status !== 'healthy' && { cause: 'depends on tracker_fetcher, which is unhealthy: no account can fetch' }),
    live: isHere ? (status === 'degraded' ? 2 : 3) : 0,
    missing: status === 'degraded' ? 1 : 0,
    phases: isHere ? { running: status === 'degraded' ? 1 : 3, ...(status === 'degraded' && { draining: 1 }) } : {},
    ...(isHere ? { beatAt: at - 4000 - (sum % 20) * 1000 } : { beatAt: at - 190 * MIN }),
    rate: isHere && service !== 'realtime_geofence' ? 1200 + (sum % 700) : null,
    success: isHere ? (status === 'unhealthy' ? 0 : 99.97 - (sum % 7) / 3) : null,
    p95: isHere && kind !== 'location_aggregator' ? 120 + sum : null,
    due: isHere ? sum % 40 : null,
    unknown: {
      ...(service === 'realtime_geofence' && { rate: 'it is still starting' }),
      ...(kind === 'location_aggregator' && { p95: 'it has no upstreams' }),
    },
    alerts: status === 'unhealthy' ? 2 : status === 'degraded' ? 1 : 0,
  }
}

function alertsOf(scenario: Scenario, services: readonly ServiceRow[], at: number): readonly AlertRow[] {
  const bad =
    scenario === 'storm' ? services.slice(0, 200) : services.filter(({ status }) => status === 'unhealthy' || status === 'degraded')
  const rows = bad.flatMap(({ service, status }, i): AlertRow[] => [
    alert(
      service,
      status === 'unhealthy' ? 'apple_account_unauthenticated' : 'low_success_rate',
      status === 'unhealthy' ? 'CRITICAL' : 'WARNING',
      at - (12 + i) * MIN,
    ),
    ...(status === 'unhealthy' ? [{ ...alert(service, 'low_fetch_rate', 'WARNING', at - 9 * MIN), inhibited: true as const }] : []),
  ])
  if (scenario === 'thousand' || scenario === 'storm') return rows
  if (scenario === 'day') {
    const acked = alert('notifier', 'large_queue', 'WARNING', at - 47 * MIN)
    rows.push({
      ...acked,
      labels: { queue: 'push', check: '<img src=x onerror=alert(1)>' },
      ack: { by: 'ada', why: 'restarting the proxy, back by two', at: at - 20 * MIN, until: at + 220 * MIN },
      flapping: true,
      silenced: ['4b1f'],
    })
  }
  if (scenario === 'broken')
    rows.push({ ...alert('geocoder', 'service_silent', 'CRITICAL', at - 8 * MIN), state: 'unknown', instances: [] })
  return rows
}

function alert(service: string, rule: string, severity: Severity, since: number): AlertRow {
  return {
    id: `${service}.${rule}`.replaceAll(/[^a-z0-9]/g, '').slice(0, 24),
    episode: 3,
    rev: 7,
    service,
    rule,
    severity,
    state: 'firing',
    since,
    message: MESSAGES[rule] ?? 'The last that was heard of it is 3 intervals old.',
    runbook: `https://runbooks.example/${rule}`,
    value: { current: 0, threshold: 80, unit: '%' },
    instances: [1, 2].map((n) => ({ instance: `${service}-${n}`, state: 'firing', severity, since })),
  }
}

const MESSAGES: Readonly<Record<string, string>> = {
  apple_account_unauthenticated:
    'No account can fetch: 2 of 2 accounts are logged out, the re-login of the last failed 12 min ago with 401.',
  low_fetch_rate: '0 fetches in the last hour, expected at least 10: the queue had 31 trackers due all the time.',
  low_success_rate: '8 of 20 batches failed; a service at 80 % does this once in 300 times.',
  large_queue: '12,431 items are due, limit 10,000; at this pace it is empty in 3 h.',
}
