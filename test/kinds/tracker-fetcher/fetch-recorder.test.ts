import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { CATALOGUE } from '../../../src/kinds/index.ts'
import { RECORDS_DROPPED } from '../../../src/catalogue.ts'
import { CellStore } from '../../../src/record/cells.ts'
import { FetchRecorder } from '../../../src/kinds/tracker-fetcher/fetch-recorder.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

function recorder() {
  const store = new CellStore(new VirtualClock())
  const changes = { count: 0 }
  const fetches = new FetchRecorder(store, { maxApiResponseTimeMs: 10_000, onStateChange: () => void changes.count++ })
  /** `{outcome=failed,error.type=timeout: 2}` of one metric, attribute names without their prefix. */
  const read = (metric: string): Record<string, number> => {
    store.refresh()
    const entries = store
      .samples()
      .filter(({ series }) => series.metric === `tracker_fetcher.${metric}` || series.metric === metric)
      .map(({ series, kind, value }) => {
        const labels = Object.entries(series.attributes).map(
          ([name, v]) => `${name.replace(/^tracker_fetcher\.\w+\.|^tracker_fetcher\./, '')}=${v}`,
        )
        return [labels.toSorted().join(','), kind === 'histogram' ? value.count : value] as const
      })
    return Object.fromEntries(entries)
  }
  return { fetches, read, store, changes }
}

describe('attempts and their evidence', () => {
  test('an attempt alone is a unit of its own', () => {
    const { fetches, read } = recorder()
    fetches.attempt({ success: true, reportsFound: 2, tier: 'hot' })
    fetches.attempt({ success: true })
    fetches.attempt({ success: false, errorType: 'timeout', tier: 'hot' })
    expect(read('fetch.attempts')).toEqual({
      'outcome=reports,tier=hot': 1,
      'outcome=empty': 1,
      'error.type=timeout,outcome=failed,tier=hot': 1,
    })
    expect(read('fetch.units')).toEqual({ 'outcome=ok': 2, 'outcome=failed': 1 })
    expect(read('fetch.streak')).toEqual({ '': -1 })
  })

  test.for([
    { why: 'a failed call fails all of its batch and is one failed unit', failures: 290, of: 290, unit: 'failed' },
    { why: 'exactly half failed is not more than half', failures: 2, of: 4, unit: 'ok' },
    { why: 'more than half failed is a failed unit', failures: 3, of: 4, unit: 'failed' },
    { why: 'one bad tracker among many is an ok unit', failures: 1, of: 290, unit: 'ok' },
  ])('$why', ({ failures, of, unit }) => {
    const { fetches, read } = recorder()
    fetches.batch(Array.from({ length: of }, (_, i) => (i < failures ? { success: false, errorType: '500' } : { success: true })))
    expect(read('fetch.units')).toEqual({ [`outcome=${unit}`]: 1 })
    expect(Object.values(read('fetch.attempts')).reduce((a, b) => a + b)).toBe(of)
  })

  test('an attempt of which nobody can tell how it ended is one, and no evidence', () => {
    const { fetches, read } = recorder()
    fetches.attempt({ success: 'unknown', tier: 'hot' })
    fetches.batch([{ success: 'unknown' }, { success: true }])
    expect(read('fetch.attempts')).toEqual({ 'outcome=unknown,tier=hot': 1, 'outcome=unknown': 1, 'outcome=empty': 1 })
    expect(read('fetch.units')).toEqual({ 'outcome=ok': 1 })
  })

  test('an empty batch is no evidence', () => {
    const { fetches, read } = recorder()
    fetches.batch([])
    expect(read('fetch.units')).toEqual({})
  })

  test('the streak counts units of one outcome in a row', () => {
    const { fetches, read } = recorder()
    for (const ok of [true, true, false, false, false]) fetches.unit(ok)
    expect(read('fetch.streak')).toEqual({ '': -3 })
    fetches.unit(true)
    expect(read('fetch.streak')).toEqual({ '': 1 })
  })
})

test('a call over the limit or timed out is slow', () => {
  const { fetches, read } = recorder()
  fetches.apiCall({ durationMs: 10_000 })
  fetches.apiCall({ durationMs: 10_001 })
  fetches.apiCall({ durationMs: 50, errorType: 'timeout' })
  fetches.apiCall({ upstream: 'anisette', durationMs: 20_000, errorType: '503' })
  expect(read('upstream.slow')).toEqual({ 'upstream=apple': 2, 'upstream=anisette': 1 })
  expect(read('upstream.duration')).toEqual({
    'upstream=apple': 2,
    'error.type=timeout,upstream=apple': 1,
    'error.type=503,upstream=anisette': 1,
  })
})

test('states are one-hot and only a change asks for an evaluation', () => {
  const { fetches, read, changes } = recorder()
  fetches.appleAccount('logged_in')
  fetches.appleAccount('logged_in')
  fetches.appleAccount('require_2fa')
  expect(changes.count).toBe(2)
  expect(read('account.status')).toEqual({
    'state=logged_in': 0,
    'state=logged_out': 0,
    'state=require_2fa': 1,
    'state=blocked': 0,
    'state=unknown': 0,
  })
})

describe('bad input is counted and dropped, never thrown', () => {
  const rubbish = fc.oneof(
    fc.anything(),
    fc.constantFrom(Number.NaN, Infinity, -1, 'x'.repeat(10_000), '\u0000\u001b[31m', null, undefined),
  )
  test('whatever is recorded, values stay finite and attributes stay within the catalogue', () => {
    fc.assert(
      fc.property(rubbish, rubbish, (a, b) => {
        const { fetches, store } = recorder()
        const calls: ((x: never, y: never) => void)[] = [
          (x) => fetches.attempt(x),
          (x) => fetches.attempt({ success: true, reportsFound: x, geofenceEvents: x, errorType: x, tier: x }),
          (x) => fetches.batch(x),
          (x, y) => fetches.batch([x, y, { success: true }] as never),
          (x, y) => fetches.skipped(x, y),
          (x) => fetches.retry(x),
          (x, y) => fetches.attempt({ success: true, retries: x, errorType: y }),
          (x, y) => fetches.fetchBatch({ attempts: [x, { success: false, retries: y }], retries: x, skipped: y, tier: x }, y),
          (x, y) => fetches.bind(x).succeeded(y, 1),
          (x, y) => fetches.bind(x).failed(y),
          (x, y) => fetches.bindApiCalls(x).record(y),
          (x, y) => fetches.bindApiCalls('apple').record(x, y),
          (x) => fetches.geofenceEvents(x),
          (x, y) => fetches.batchDuration(x, y, y),
          (x) => fetches.apiCall(x),
          (x, y) => fetches.apiCall({ durationMs: x, errorType: y, upstream: y }),
          (x) => fetches.queueSizes(x),
          (x) => fetches.queueSizes({ hot: x }),
          (x) => fetches.queueSizes({ hot: { due: x } }),
          (x) => fetches.oldestDueAges(x),
          (x) => fetches.appleAccount(x),
          (x) => fetches.anisette(x),
        ]
        for (const call of calls) call(a as never, b as never)
        const known = new Map(CATALOGUE.map((metric) => [metric.name, metric]))
        for (const { series, kind, value } of store.samples()) {
          expect(Number.isFinite(kind === 'histogram' ? value.sum : value)).toBe(true)
          for (const [name, attribute] of Object.entries(series.attributes)) {
            expect(known.get(series.metric)?.attributes[name], `${series.metric} ${name}`).toContain(attribute)
          }
        }
      }),
    )
  })

  test.for([
    { why: 'NaN reports', call: (f: FetchRecorder) => f.attempt({ success: true, reportsFound: Number.NaN }) },
    { why: 'a negative duration', call: (f: FetchRecorder) => f.apiCall({ durationMs: -1 }) },
    { why: 'an unknown account state', call: (f: FetchRecorder) => f.appleAccount('on_holiday' as never) },
    { why: 'retries that are no list', call: (f: FetchRecorder) => f.attempt({ success: true, retries: 2 as never }) },
    {
      why: 'retries of a batch that are no list',
      call: (f: FetchRecorder) => f.fetchBatch({ attempts: [{ success: true }], retries: null as never }, 5),
    },
    { why: 'NaN reports through a bound handle', call: (f: FetchRecorder) => f.bind('hot').succeeded(Number.NaN, 0) },
    { why: 'an infinite duration through a bound handle', call: (f: FetchRecorder) => f.bindApiCalls('apple').record(Infinity) },
    { why: 'a bound upstream that is unknown', call: (f: FetchRecorder) => f.bindApiCalls('tracker-4711' as never).record(5) },
    { why: 'a queue size that is neither number nor object', call: (f: FetchRecorder) => f.queueSizes({ hot: true as never }) },
    { why: 'an infinite queue', call: (f: FetchRecorder) => f.queueSizes({ hot: Infinity }) },
  ])('$why is one dropped record', ({ call }) => {
    const { fetches, read } = recorder()
    call(fetches)
    expect(read(RECORDS_DROPPED.name)).toEqual({ '': 1 })
  })
})

test('no text of the service becomes an attribute', () => {
  const canary = 'CANARY-5f3c'
  const { fetches, store } = recorder()
  const attempt = {
    success: false,
    errorType: canary,
    tier: canary,
    trackerId: canary,
    retries: [canary],
    geofenceEvents: { [canary]: 1 },
  } as never
  fetches.attempt(attempt)
  fetches.fetchBatch(
    { attempts: [attempt], tier: canary, errorType: canary, skipped: { reason: canary, count: 1 }, location: canary } as never,
    5,
  )
  fetches.apiCall({ durationMs: 1, errorType: canary, url: canary } as never)
  fetches.queueSizes({ [canary]: 1, hot: { [canary]: 1 } } as never)
  fetches.appleAccount(canary as never)
  fetches.anisette(canary as never)
  fetches.skipped(canary as never, 1)
  store.refresh()
  const recorded = JSON.stringify(store.samples().map(({ series }) => [series.metric, series.attributes]))
  expect(recorded).toContain('_OTHER')
  expect(recorded).not.toContain(canary)
})
