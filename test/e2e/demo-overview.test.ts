import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { paint, type Line } from '../../examples/demo/line.ts'
import { readOptions } from '../../examples/demo/options.ts'
import { overviewLines } from '../../examples/demo/overview-screen.ts'
import { Overview } from '../../examples/demo/overview.ts'
import type { HealthView } from '../../src/subscribe/health-view.ts'
import type { AlertView } from '../../src/wire/alert-view.ts'
import { parseMessage } from '../../src/wire/message.ts'
import type { StatusMessage } from '../../src/wire/status-message.ts'

const NOW = Date.parse('2026-11-22T10:00:00Z')
const AT = new Date(NOW).toISOString()
const FACTS = { now: NOW, startedAt: NOW - 60_000, endsAt: undefined, keys: true }
const SMALL = { columns: 80, rows: 24 }
const FETCHER = 'tracker_fetcher'
const AGGREGATOR = 'location_aggregator'
const NAMES = [FETCHER, AGGREGATOR, 'realtime_geofence', 'notification', 'geocoding']
const DEPENDS_ON: Readonly<Record<string, readonly string[]>> = {
  [AGGREGATOR]: [FETCHER],
  realtime_geofence: [AGGREGATOR],
  notification: ['realtime_geofence'],
  geocoding: [AGGREGATOR],
}
// oxlint-disable-next-line no-control-regex
const STYLES = /\x1b\[(?:0|1|2|1;7|32|33|1;31)m/g

const head = (service: string) => ({ v: 1, service, instance: 'i', beat: 1, timestamp: AT })

function status(service: string, { phase = 'running', reasons = [] }: { phase?: string; reasons?: readonly string[] } = {}): StatusMessage {
  const body = {
    ...head(service),
    depends_on: DEPENDS_ON[service],
    status: 'healthy',
    instance_status: phase === 'starting' ? 'degraded' : 'healthy',
    phase,
    since: AT,
    uptime_seconds: 1,
    reasons,
    checks: {},
    metrics: {},
    alerts: [],
  }
  return parseMessage(`health:service:${service}:status`, JSON.stringify(body)) as StatusMessage
}

function alertOf(service: string, message = 'Apple wants a code'): AlertView {
  return {
    alert_id: service,
    episode: 1,
    rev: 1,
    service,
    rule: 'r',
    severity: 'CRITICAL',
    state: 'firing',
    since: new Date(NOW - 12_000).toISOString(),
    message,
    value: null,
    instances: {},
  }
}

/** What a reader knows when each of these services has said so much. */
function viewOf(messages: readonly StatusMessage[], alerts: readonly AlertView[] = []): HealthView {
  const services = messages.map((said) => ({
    service: said.service,
    lastBeatAt: NOW,
    instances: [{ instance: said.instance, lastBeatAt: NOW, status: said }],
  }))
  return { at: NOW, epoch: 'e', seq: 1, services, alerts }
}

class Told {
  readonly news: string[] = []
  readonly overview = new Overview(NAMES, NOW - 34_000, ({ source, text }) => this.news.push(`${source}: ${text}`))

  metrics(service: string, metrics: object): void {
    const body = { ...head(service), metrics, evidence: {}, totals: {} }
    this.overview.hear(parseMessage(`health:service:${service}:metrics`, JSON.stringify(body))!, NOW)
  }

  see(alerts: readonly AlertView[] = [], now = NOW): void {
    this.overview.see(
      viewOf(
        NAMES.map((name) => status(name)),
        alerts,
      ),
      now,
    )
  }

  /** All run and are known to be healthy, for so long that whoever is not well by now is missed. */
  allHealthy(): this {
    for (const name of NAMES) this.metrics(name, { success_rate_percent: 100 })
    this.see()
    this.see([], NOW + 60_000)
    return this
  }

  screen(size = SMALL): string {
    const lines = overviewLines(this.overview, size, { ...FACTS, startedAt: NOW - 34_000 })
    return textOf(lines)
  }
}

const textOf = (lines: readonly Line[]): string => lines.map((line) => line.map(([text]) => text).join('')).join('\n')

describe('what is told', () => {
  test('that all are healthy, once it is known how much of their work succeeds', () => {
    const told = new Told()
    told.see()
    for (const name of NAMES.slice(1)) told.metrics(name, { success_rate_percent: 100 })
    told.see()
    expect(told.news.filter((line) => line.startsWith('healthy'))).toEqual([])
    told.metrics(FETCHER, { success_rate_percent: 100 })
    told.see()
    told.see()
    expect(told.news.filter((line) => line.startsWith('healthy'))).toEqual(['healthy: all five services are healthy, 34 s after the start'])
  })

  test('how a service stands, whenever that changes', () => {
    const told = new Told()
    told.overview.see(viewOf([status(FETCHER, { phase: 'starting', reasons: ['starting'] })]), NOW)
    told.overview.see(viewOf([status(FETCHER)]), NOW)
    told.overview.see(viewOf([status(FETCHER)], [alertOf(FETCHER)]), NOW)
    told.overview.hear(status(FETCHER, { phase: 'stopped' }), NOW)
    expect(told.news).toEqual([
      'status: tracker_fetcher degraded, starting',
      'status: tracker_fetcher healthy, running',
      'status: tracker_fetcher unhealthy, running: r',
      'status: tracker_fetcher healthy, stopped',
    ])
  })

  test('when a service begins and ends to depend on one that is not well, and not again when a figure in the reason changes', () => {
    const told = new Told().allHealthy()
    const before = told.news.length
    told.see([alertOf(FETCHER, '12 failed')], NOW + 60_000)
    told.see([alertOf(FETCHER, '13 failed')], NOW + 60_000)
    told.see([], NOW + 60_000)
    expect(told.news.slice(before).filter((line) => line.startsWith('depends') && line.includes(AGGREGATOR))).toEqual([
      'depends: location_aggregator depends on tracker_fetcher, which is unhealthy: r: 12 failed',
      'depends: realtime_geofence depends on tracker_fetcher (through location_aggregator), which is unhealthy: r: 12 failed',
      'depends: notification depends on tracker_fetcher (through realtime_geofence, location_aggregator), which is unhealthy: r: 12 failed',
      'depends: geocoding depends on tracker_fetcher (through location_aggregator), which is unhealthy: r: 12 failed',
      'depends: location_aggregator: all that it depends on is well again',
    ])
  })

  test('nothing of who is missing as long as the services start', () => {
    const told = new Told()
    told.overview.see(viewOf([status('notification')]), NOW)
    told.see([alertOf(FETCHER)])
    expect(told.news.filter((line) => line.startsWith('depends'))).toEqual([])
  })
})

describe('screen', () => {
  test('a service that was not heard of yet has a row', () => {
    expect(new Told().screen()).toMatch(/^ notification +- +- +not heard of yet$/m)
  })

  test.for([
    {
      service: FETCHER,
      metrics: { fetch_rate_per_hour: 17_120, success_rate_percent: 99.24 },
      says: '17,120 fetches/h, 99.2 % ok',
    },
    {
      service: AGGREGATOR,
      metrics: { reports_per_hour: 28_542, lag_seconds: 0.24, dropped_percent: 6.4 },
      says: '28,542 reports/h, lag 0.2 s, drops 6 %',
    },
    {
      service: 'realtime_geofence',
      metrics: { events_last_hour: { enter: 4, exit: 3, dwell: null }, detection_p95_ms: 106_000 },
      says: '7 events in 1 h, detection p95 106 s',
    },
    {
      service: 'notification',
      metrics: { deliveries_last_hour: { push: 37, mail: 21 }, delivery_rate_percent: { push: 100, mail: 95 } },
      says: 'mail 21 push 37, 95 % ok',
    },
    {
      service: 'geocoding',
      metrics: { cache_hit_rate_percent: 63.5, provider_requests_per_hour: { nominatim: 900, photon: 100 } },
      says: '64 % cache hits, 1,000 requests/h',
    },
    { service: 'geocoding', metrics: { cache_hit_rate_percent: null, provider_requests_per_hour: {} }, says: 'no figures yet' },
  ])('$service: $says', ({ service, metrics, says }) => {
    const told = new Told()
    told.see()
    told.metrics(service, metrics)
    expect(told.screen()).toContain(` ${service.padEnd(20)}HEALTHY   running  ${says}\n`)
  })

  test('an open alert stands there with its service, and one line for each service that depends on it', () => {
    const told = new Told().allHealthy()
    told.see([alertOf(FETCHER)], NOW + 60_000)
    expect(told.screen()).toMatch(/Alerts +CRITICAL tracker_fetcher r {2}firing 12 s\n +Apple wants a code\n/)
    expect(told.screen()).toMatch(
      /Depends +location_aggregator depends on tracker_fetcher, which is unhealthy: r: Apple wants a code\n( +\w+ depends on tracker_fetcher, .*\n){3} Messages/,
    )
    expect(told.screen({ columns: 120, rows: 40 })).toContain('geocoding depends on tracker_fetcher (through location_aggregator), which')
  })

  test('a fault that is on says for how long', () => {
    const told = new Told()
    told.overview.setFaults([{ name: 'gateway.500', settings: {}, since: NOW - 9000 }], NOW)
    expect(told.screen()).toContain('gateway.500 9 s')
    expect(told.screen({ columns: 120, rows: 40 })).toMatch(/gateway\.500 .* ON for 9 s: /)
  })

  test.for([
    { why: 'the smallest usual terminal', columns: 80, rows: 24 },
    { why: 'a usual one', columns: 120, rows: 40 },
    { why: 'a large one', columns: 200, rows: 50 },
    { why: 'a sliver', columns: 30, rows: 8 },
    { why: 'hardly anything', columns: 1, rows: 1 },
  ])('fits into $why, whatever comes', ({ columns, rows }) => {
    const word = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('x'.repeat(300)), fc.constant('a b '.repeat(200)))
    const said = fc.record({ words: fc.array(word, { minLength: 2 }), alerts: fc.nat(12), metrics: fc.dictionary(word, fc.jsonValue()) })
    fc.assert(
      fc.property(said, ({ words, alerts, metrics }) => {
        const told = new Told().allHealthy()
        const [rule, message] = words as [string, string]
        for (const name of NAMES) told.metrics(name, { ...metrics, lag_seconds: 1e300, deliveries_last_hour: { [rule]: 1 } })
        told.see(
          Array.from({ length: alerts }, (_, index) => ({ ...alertOf(NAMES[index % NAMES.length]!, message), rule })),
          NOW + 60_000,
        )
        told.overview.say('stderr', message, 'warning', NOW)
        const lines = overviewLines(told.overview, { columns, rows }, FACTS)
        expect(lines.length).toBeLessThanOrEqual(rows)
        for (const line of lines) {
          const text = paint(line, columns).replaceAll(STYLES, '')
          expect(Array.from(text).length).toBeLessThanOrEqual(columns)
          expect(text).not.toMatch(/\p{Cc}|\p{Cf}/u)
        }
      }),
    )
  })
})

describe('--all', () => {
  test('is read beside --seconds', () => {
    expect(readOptions(['--all', '--seconds', '60'], {}, false)).toEqual({ all: true, seconds: 60, screen: false })
  })

  test.for([
    { why: 'a value that it does not take', args: ['--all=yes'], says: /^--all is "yes", expected no value\.$/ },
    {
      why: 'an argument that does not exist',
      args: ['--all', 'notification'],
      says: /^The argument "notification" is not known; there are /,
    },
  ])('$why is refused in one sentence', ({ args, says }) => {
    expect(() => readOptions(args, {}, false)).toThrow(says)
  })
})
