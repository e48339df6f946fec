import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { metricRows, neededSeconds, type Limits } from '../../examples/demo/metric-rows.ts'
import { paint, type Line } from '../../examples/demo/line.ts'
import { readOptions } from '../../examples/demo/options.ts'
import { screenLines } from '../../examples/demo/screen.ts'
import { View } from '../../examples/demo/view.ts'
import { toInstanceName } from '../../src/wire/names.ts'
import { parseMessage } from '../../src/wire/message.ts'
import { isCovered } from '../../src/judge/covered.ts'

const NOW = Date.parse('2026-11-22T10:00:00Z')
const FACTS = { now: NOW, startedAt: NOW - 60_000, endsAt: undefined, keys: true }
const LIMITS: Limits = {
  evaluationInterval: 1,
  publishingInterval: 5,
  minFetchRate: 10,
  minSuccessRateHealthy: 80,
  minSuccessRateDegraded: 50,
  largeQueue: 10_000,
  veryLargeQueue: 50_000,
  maxApiResponseTime: 10_000,
}
// oxlint-disable-next-line no-control-regex
const STYLES = /\x1b\[(?:0|1|2|1;7|32|33|1;31)m/g

const SERVICE = 'tracker_fetcher'
const AT = new Date(NOW).toISOString()
const HEAD = { v: 1, service: SERVICE, instance: 'i', beat: 1, timestamp: AT }
const STATUS = {
  ...HEAD,
  status: 'healthy',
  instance_status: 'healthy',
  phase: 'running',
  since: AT,
  uptime_seconds: 1,
  reasons: [],
  checks: {},
  metrics: {},
  alerts: [],
}
const METRICS = { ...HEAD, metrics: {}, evidence: {}, totals: {} }
const TRANSITION = {
  ...HEAD,
  id: '1-1',
  epoch: 'e',
  seq: 1,
  type: 'fired',
  deliver: true,
  alert_id: 'a',
  episode: 1,
  rev: 1,
  rule: 'r',
  severity: 'WARNING',
  state: 'firing',
  since: AT,
  message: 'm',
  value: null,
  instances: {},
}

/** A view that was told these bodies as they come over the channels. */
const viewOf = (...bodies: readonly (typeof STATUS | typeof METRICS | typeof TRANSITION)[]): View => {
  const view = new View(SERVICE, LIMITS, () => {})
  for (const body of bodies) {
    const channel = 'seq' in body ? 'health:system:alerts' : `health:service:${SERVICE}:${'status' in body ? 'status' : 'metrics'}`
    view.hear(parseMessage(channel, JSON.stringify(body))!, NOW)
  }
  return view
}
const textOf = (lines: readonly Line[]): string => lines.map((line) => line.map(([text]) => text).join('')).join('\n')

describe('screen', () => {
  const alert = {
    id: 'a',
    rule: 'anisette_unreachable',
    severity: 'CRITICAL',
    state: 'firing',
    since: '2026-11-22T09:59:48Z',
    message: 'It cannot be reached',
  }

  test('an open alert stands there with its evidence and since when', () => {
    const view = viewOf({ ...STATUS, status: 'unhealthy', since: alert.since, alerts: [alert as never] })
    const text = textOf(screenLines(view, { columns: 80, rows: 24 }, FACTS))
    expect(text).toMatch(/Status +UNHEALTHY since \d\d:\d\d:48 \(12 s\)/)
    expect(text).toMatch(/Alerts +CRITICAL anisette_unreachable {2}firing since \d\d:\d\d:48 \(12 s\)\n +It cannot be reached/)
  })

  test('a service that says nothing any more is said to be silent', () => {
    const view = viewOf(STATUS)
    expect(textOf(screenLines(view, { columns: 80, rows: 24 }, { ...FACTS, now: NOW + 20_000 }))).toContain('silent for 20 s')
  })

  test.for([
    { why: 'the smallest usual terminal', columns: 80, rows: 24 },
    { why: 'a large one', columns: 200, rows: 50 },
    { why: 'a sliver', columns: 30, rows: 8 },
    { why: 'hardly anything', columns: 1, rows: 1 },
  ])('fits into $why, whatever comes', ({ columns, rows }) => {
    const word = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('x'.repeat(300)), fc.constant('a b '.repeat(200)))
    const told = fc.record({ words: fc.array(word, { minLength: 3 }), alerts: fc.nat(5), metrics: fc.dictionary(word, fc.jsonValue()) })
    fc.assert(
      fc.property(told, ({ words, alerts, metrics }) => {
        const [rule, message, instance] = words as [string, string, string]
        const view = viewOf(
          {
            ...STATUS,
            status: 'degraded',
            reasons: words as never[],
            alerts: Array.from({ length: alerts }, () => ({ ...alert, rule, message })) as never[],
          },
          { ...METRICS, instance: toInstanceName(instance.slice(0, 9)), metrics, evidence: metrics },
          { ...TRANSITION, rule, message },
        )
        view.say('fetcher', message, 'warning', NOW)
        const lines = screenLines(view, { columns, rows }, FACTS)
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

describe('metrics', () => {
  test('as long as one is unknown it says how much of the time it needs has passed', () => {
    const evidence = { fetch_rate_per_hour: { attempts: 3, window_seconds: 3600, covered_seconds: 10.2 } }
    const [fetchRate] = metricRows({ metrics: { fetch_rate_per_hour: null }, evidence }, LIMITS, 2000)
    expect(fetchRate).toMatchObject({ value: '12 s of 30 s', known: false, limit: 'min 10/h' })
  })

  test('a percentile beyond the last bucket is shown as a bound', () => {
    const metrics = { apple_api_response_time_ms: 40_000, apple_api_percentiles_ms: { p95: null } }
    const evidence = { apple_api_percentiles_ms: { p95: { more_than: 60_000 } } }
    const row = metricRows({ metrics, evidence }, LIMITS, 0).find(({ name }) => name === 'Apple API time')
    expect(row).toMatchObject({ value: 'mean 40 s, p95 more than 60 s', good: false })
  })

  test('the time needed is the one the judge waits for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 21_600 }), fc.integer({ min: 1, max: 10 }), (windowSeconds, tick) => {
        const needed = neededSeconds(windowSeconds, tick)
        expect(isCovered({ windowSeconds, coveredSeconds: needed }, tick)).toBe(true)
        expect(isCovered({ windowSeconds, coveredSeconds: needed - 0.01 }, tick)).toBe(false)
      }),
    )
  })
})

test('periodic messages take one line of the feed, not one each', () => {
  const view = viewOf(STATUS, METRICS, { ...STATUS, beat: 2 }, METRICS)
  expect(view.feed.map(({ source, times, text }) => ({ source, times, text }))).toEqual([
    { source: 'status', times: 2, text: 'healthy, running, beat 2' },
    { source: 'metrics', times: 2, text: '0 of 8 metrics known' },
  ])
})

test.for([
  { why: 'a terminal', env: { TERM: 'xterm' }, isTerminal: true, screen: true },
  { why: 'a pipe', env: {}, isTerminal: false, screen: false },
  { why: 'CI', env: { CI: 'true' }, isTerminal: true, screen: false },
  { why: 'NO_COLOR', env: { NO_COLOR: '1' }, isTerminal: true, screen: false },
  { why: 'a terminal that knows no codes', env: { TERM: 'dumb' }, isTerminal: true, screen: false },
])('$why: screen $screen', ({ env, isTerminal, screen }) => {
  expect(readOptions([], env, isTerminal)).toEqual({ seconds: undefined, all: false, screen })
})
