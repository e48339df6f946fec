import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { CATALOGUE } from '../../../src/kinds/index.ts'
import { RECORDS_DROPPED } from '../../../src/catalogue.ts'
import { CARDINALITY_LIMIT, CellStore } from '../../../src/record/cells.ts'
import { WorkRecorder } from '../../../src/kinds/worker/work-recorder.ts'
import { diagLines } from '../../contracts/diag-lines.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

function recorder() {
  const store = new CellStore(new VirtualClock())
  const work = new WorkRecorder(store, { maxApiResponseTimeMs: 10_000 })
  /** `{error.type=timeout,outcome=failed: 2}` of one metric, attribute names without their namespace; histograms as their count. */
  const read = (metric: string): Record<string, number> => {
    store.refresh()
    const entries = store
      .samples()
      .filter(({ series }) => series.metric === `work.${metric}` || series.metric === metric)
      .map(({ series, kind, value }) => {
        const labels = Object.entries(series.attributes).map(([name, v]) => `${name.replace(/^work\.(queue\.)?/, '')}=${v}`)
        return [labels.toSorted().join(','), kind === 'histogram' ? value.count : value] as const
      })
    return Object.fromEntries(entries)
  }
  const dropped = () => read(RECORDS_DROPPED.name)[''] ?? 0
  return { work, read, store, dropped }
}

describe('attempts and their evidence', () => {
  test('an attempt is counted with its name, its error, what it found and how long it took', () => {
    const { work, read } = recorder()
    work.attempt({ success: true, name: 'fetch', durationMs: 120, reportsFound: 3, events: 2 })
    work.attempt({ success: true, name: 'fetch', reportsFound: 0 })
    work.attempt({ success: false, name: 'fetch', durationMs: 40, errorType: 'ECONNRESET', reportsFound: 9 })
    work.attempt({ success: false, errorType: 503 })
    work.attempt({ success: false })
    expect(read('attempts')).toEqual({
      'name=fetch,outcome=ok': 2,
      'error.type=ECONNRESET,name=fetch,outcome=failed': 1,
      'error.type=503,outcome=failed': 1,
      'error.type=_OTHER,outcome=failed': 1,
    })
    expect(read('items.found')).toEqual({ 'name=fetch': 3 })
    expect(read('events')).toEqual({ 'name=fetch': 2 })
    expect(read('attempt.duration')).toEqual({ 'name=fetch': 1, 'error.type=ECONNRESET,name=fetch': 1 })
    expect(read('units')).toEqual({ 'name=fetch,outcome=ok': 2, 'name=fetch,outcome=failed': 1, 'outcome=failed': 2 })
    expect(read('streak')).toEqual({ 'name=fetch': -1, '': -2 })
  })

  test.for([
    { why: 'a failed batch is one failed unit', failures: 290, of: 290, unit: 'failed' },
    { why: 'exactly half failed is not more than half', failures: 2, of: 4, unit: 'ok' },
    { why: 'more than half failed is a failed unit', failures: 3, of: 4, unit: 'failed' },
  ])('$why', ({ failures, of, unit }) => {
    const { work, read } = recorder()
    work.batch(
      Array.from({ length: of }, (_, i) => ({ success: i >= failures })),
      700,
    )
    expect(read('units')).toEqual({ [`outcome=${unit}`]: 1 })
    expect(Object.values(read('attempts')).reduce((a, b) => a + b)).toBe(of)
    expect(read('batch.duration')).toEqual({ '': 1 })
  })

  test('a batch names its attempts, and its error is the duration’s', () => {
    const { work, read } = recorder()
    work.batch({ name: 'import', attempts: [{ success: true, name: 'row' }, { success: true }], events: 4, errorType: 'EPIPE' }, 50)
    expect(read('attempts')).toEqual({ 'name=row,outcome=ok': 1, 'name=import,outcome=ok': 1 })
    expect(read('batch.duration')).toEqual({ 'error.type=EPIPE,name=import': 1 })
    expect(read('events')).toEqual({ 'name=import': 4 })
  })

  test('a batch of a tracker fetcher is one too: its tier is the name', () => {
    const { work, read, dropped } = recorder()
    const attempts = [
      { success: true, reportsFound: 2, duplicateReports: 1, geofenceEvents: { enter: 1, exit: 2 } },
      { success: false, errorType: '500', tier: 'retry' },
    ] as const
    const batch = { tier: 'hot', attempts, geofenceEvents: 1, retries: ['429'], skipped: null }
    work.batch(batch, 800)
    expect(read('attempts')).toEqual({ 'name=hot,outcome=ok': 1, 'error.type=500,name=retry,outcome=failed': 1 })
    expect(read('items.found')).toEqual({ 'name=hot': 2 })
    expect(read('events')).toEqual({ 'name=hot': 4 })
    expect(dropped()).toBe(0)
  })

  test('an attempt of which nobody can tell how it ended is one, and no evidence', () => {
    const { work, read, dropped } = recorder()
    work.attempt({ success: 'unknown', name: 'load', durationMs: 5, reportsFound: 3 })
    work.batch([{ success: 'unknown' }, { success: false, errorType: 'E' }, { success: 'unknown' }], 10)
    work.batch([{ success: 'unknown' }], 10)
    expect(read('attempts')).toEqual({ 'name=load,outcome=unknown': 1, 'outcome=unknown': 3, 'error.type=E,outcome=failed': 1 })
    expect(read('units')).toEqual({ 'outcome=failed': 1 })
    expect(read('streak')).toEqual({ '': -1 })
    expect([read('attempt.duration'), read('items.found')]).toEqual([{ 'name=load': 1 }, {}])
    expect(dropped()).toBe(0)
  })

  test('an empty batch is no evidence, but one that failed is a failed attempt', () => {
    const { work, read } = recorder()
    work.batch([], 10)
    expect([read('units'), read('batch.duration')]).toEqual([{}, {}])
    work.batch([], 10, 'ECONNREFUSED')
    expect(read('attempts')).toEqual({ 'error.type=ECONNREFUSED,outcome=failed': 1 })
    expect(read('units')).toEqual({ 'outcome=failed': 1 })
    expect(read('batch.duration')).toEqual({ 'error.type=ECONNREFUSED': 1 })
  })

  test('a record that is a batch is as many attempts as its field says, however many, and one unit', () => {
    const { work, read, dropped } = recorder()
    work.record({ batchOf: 'rows' }, { success: true, name: 'load', rows: 1_000_000, durationMs: 10, events: [1, 2] })
    work.record({ batchOf: 'rows' }, { success: true, name: 'load', rows: 0, durationMs: 10 })
    expect(read('attempts')).toEqual({ 'name=load,outcome=ok': 1_000_000 })
    expect([read('units'), read('batch.duration'), read('events')]).toEqual([
      { 'name=load,outcome=ok': 1 },
      { 'name=load': 1 },
      { 'name=load': 2 },
    ])
    expect(dropped()).toBe(0)
    work.record({ batchOf: 'rows' }, { success: true, name: 'load', rows: 1_000_001, durationMs: 10 })
    expect([read('attempts'), dropped()]).toEqual([{ 'name=load,outcome=ok': 1_000_000 }, 1])
  })
})

test.for([
  { why: 'at the limit is not over it', durationMs: 10_000, slow: 0 },
  { why: 'over the limit is slow', durationMs: 10_001, slow: 1 },
  { why: 'a time-out is slow whatever it lasted', durationMs: 5, errorType: 'UND_ERR_HEADERS_TIMEOUT', slow: 1 },
  { why: 'so is the one of AbortSignal.timeout', durationMs: 5, errorType: 'TimeoutError', slow: 1 },
  { why: 'another failure is not', durationMs: 5, errorType: 502, slow: 0 },
])('calls: $why', ({ durationMs, errorType, slow }) => {
  const { work, read } = recorder()
  work.apiCall({ upstream: 'localhost:6969', durationMs, ...(errorType !== undefined && { errorType }) })
  expect(read('upstream.slow')['upstream=localhost:6969'] ?? 0).toBe(slow)
  expect(Object.keys(read('upstream.duration'))).toEqual([
    `${errorType === undefined ? '' : `error.type=${errorType},`}upstream=localhost:6969`,
  ])
})

test.for([
  { why: 'asked to wait, and was answered late within that', call: { durationMs: 20_000, waitMs: 20_000 }, is: 'waited', slow: 0 },
  { why: 'asked to wait, and was answered a little later', call: { durationMs: 30_000, waitMs: 20_000 }, is: 'waited', slow: 0 },
  { why: 'asked to wait, and was answered far too late', call: { durationMs: 30_001, waitMs: 20_000 }, is: undefined, slow: 1 },
  { why: 'asked to wait, and failed', call: { durationMs: 15_000, waitMs: 20_000, errorType: 'ECONNRESET' }, is: 'waited', slow: 0 },
  {
    why: 'asked to wait, and was given up before',
    call: { durationMs: 15_000, waitMs: 20_000, errorType: 'timeout' },
    is: 'waited',
    slow: 0,
  },
  {
    why: 'asked to wait, and was given up after',
    call: { durationMs: 25_000, waitMs: 20_000, errorType: 'timeout' },
    is: undefined,
    slow: 1,
  },
  { why: 'is to a host that nobody named', call: { durationMs: 11_000, unnamed: true }, is: 'unnamed', slow: 1 },
  { why: 'asked such a host to wait', call: { durationMs: 11_000, unnamed: true, waitMs: 20_000 }, is: 'waited', slow: 0 },
  {
    why: 'is a stream that nobody read to its end in time',
    call: { durationMs: 50, streamed: true, errorType: 'timeout' },
    is: undefined,
    slow: 0,
  },
  { why: 'is a stream that began late', call: { durationMs: 11_000, streamed: true }, is: undefined, slow: 1 },
  { why: 'asked for a wait that is none', call: { durationMs: 11_000, waitMs: Number.NaN }, is: undefined, slow: 1 },
])('a call that $why', ({ call, is, slow }) => {
  const { work, read } = recorder()
  work.apiCall({ upstream: 'sqs', ...call })
  const labels = [
    ...('errorType' in call ? [`error.type=${call.errorType}`] : []),
    ...(is ? [`upstream.unjudged=${is}`] : []),
    'upstream=sqs',
  ]
  expect(read('upstream.duration')).toEqual({ [labels.toSorted().join(',')]: 1 })
  expect(Object.values(read('upstream.slow')).reduce((sum, n) => sum + n, 0)).toBe(slow)
})

describe('queues', () => {
  test('have sizes by state and the age of the oldest due item', () => {
    const { work, read } = recorder()
    work.queue('mail', { due: 4, scheduled: 2, leased: 1, failed: 3, oldestAgeSeconds: 61 })
    work.queue('mail', { due: 5 })
    expect(read('queue.size')).toEqual({
      'name=mail,state=due': 5,
      'name=mail,state=scheduled': 2,
      'name=mail,state=leased': 1,
      'name=mail,state=failed': 3,
    })
    expect(read('queue.oldest_due.age')).toEqual({ 'name=mail': 61 })
  })

  test('nothing waits in one that is empty', () => {
    const { work, read } = recorder()
    work.queue('mail', { due: 4, oldestAgeSeconds: 61 })
    work.queue('mail', { due: 0 })
    work.queue('other', { due: 0 })
    expect(read('queue.oldest_due.age')).toEqual({ 'name=mail': 0 })
  })

  test('beyond those that have a series of their own are added up, so that none is lost from the total', () => {
    const { work, read } = recorder()
    for (let round = 1; round <= 2; round++) {
      for (let i = 0; i < 120; i++) work.queue(`queue-${i}`, { due: round, oldestAgeSeconds: i })
    }
    const sizes = read('queue.size')
    expect(Object.keys(sizes)).toHaveLength(51)
    expect(sizes['name=_OTHER,state=due']).toBe(140)
    expect(Object.values(sizes).reduce((a, b) => a + b)).toBe(240)
    expect(read('queue.oldest_due.age')['name=_OTHER']).toBe(119)
  })

  test('whose names are cleaned to the same are added up too', () => {
    const { work, read } = recorder()
    work.queue('mail{a}', { due: 1 })
    work.queue('mail[a]', { due: 2 })
    expect(read('queue.size')).toEqual({ 'name=mail_a_,state=due': 3 })
  })
})

describe('names and error types are bounded', () => {
  test.for([
    { why: 'letters, digits and _.:- stay', given: 'Geo.fetch:v2-hot_1', name: 'Geo.fetch:v2-hot_1' },
    { why: 'other characters become one _', given: 'fetch all / now', name: 'fetch_all_now' },
    { why: 'long ones are cut', given: 'x'.repeat(100), name: 'x'.repeat(64) },
    { why: 'an empty one is none', given: '', name: '_OTHER' },
  ])('$why', ({ given, name }) => {
    const { work, read } = recorder()
    work.attempt({ success: true, name: given })
    expect(read('attempts')).toEqual({ [`name=${name},outcome=ok`]: 1 })
  })

  test('a message is no error type', () => {
    const { work, read } = recorder()
    work.attempt({ success: false, errorType: 'connect ECONNREFUSED 10.0.0.7:6379' })
    expect(read('attempts')).toEqual({ 'error.type=_OTHER,outcome=failed': 1 })
  })

  test('whatever a service makes up, no metric overflows and no outcome is lost', () => {
    const { work, read, store } = recorder()
    for (let i = 0; i < 200; i++) {
      for (let j = 0; j < 100; j++) work.attempt({ success: false, name: `job-${i}`, errorType: `E${j}`, durationMs: 1 })
    }
    const series = Object.entries(read('attempts'))
    expect(series.length).toBeLessThan(CARDINALITY_LIMIT)
    expect(store.overflowed).toBe(0)
    expect(series.reduce((sum, [, n]) => sum + n, 0)).toBe(20_000)
    expect(read('attempts')['error.type=_OTHER,name=_OTHER,outcome=failed']).toBe(150 * 70)
  })
})

describe('bad input is counted and dropped, never thrown', () => {
  const thrower = new Proxy(
    {},
    {
      get() {
        throw new Error('private')
      },
    },
  )
  const revoked = (): never => {
    const { proxy, revoke } = Proxy.revocable([], {})
    revoke()
    return proxy as never
  }
  const rubbish = fc.oneof(
    fc.anything({ withNullPrototype: true, withBigInt: true }),
    fc.constantFrom(Number.NaN, Infinity, -1, 'x'.repeat(10_000), '\u0000\u001b[31m', '__proto__', null, undefined),
  )

  test('whatever is recorded, values stay finite and attributes stay in form', () => {
    const known = new Map(CATALOGUE.map((metric) => [metric.name, metric]))
    fc.assert(
      fc.property(rubbish, rubbish, (a, b) => {
        const { work, store } = recorder()
        const calls: ((x: never, y: never) => void)[] = [
          (x) => work.attempt(x),
          (x, y) => work.attempt({ success: true, name: x, reportsFound: y, events: y, durationMs: x }),
          (x, y) => work.attempt({ success: false, name: y, errorType: x }),
          (x, y) => work.batch(x, y, x),
          (x, y) => work.batch([x, y, { success: true }], x, y),
          (x, y) => work.batch({ name: x, attempts: [{ success: false, errorType: y }], events: x, errorType: y }, x),
          (x) => work.batch({ tier: x, attempts: x, geofenceEvents: x }, 5),
          (x) => work.apiCall(x),
          (x, y) => work.apiCall({ upstream: x, durationMs: y, errorType: x }),
          (_x, y) => work.apiCall({ upstream: 'apple', durationMs: 1, errorType: y }),
          (x, y) => work.queue(x, y),
          (x, y) => work.queue('mail', { due: x, scheduled: y, leased: x, failed: y, oldestAgeSeconds: x }),
        ]
        for (const call of calls) call(a as never, b as never)
        for (const { series, kind, value } of store.samples()) {
          expect(Number.isFinite(kind === 'histogram' ? value.sum : value)).toBe(true)
          for (const [name, attribute] of Object.entries(series.attributes)) {
            const values = known.get(series.metric)?.attributes[name]
            if (values?.length) expect(values).toContain(attribute)
            else expect([name, attribute]).toEqual([expect.any(String), expect.stringMatching(/^[A-Za-z0-9_.:-]{1,64}$/)])
          }
        }
      }),
    )
  })

  test.for([
    { why: 'an attempt without an outcome', call: (w: WorkRecorder) => w.attempt({ name: 'fetch' } as never) },
    { why: 'nothing at all', call: (w: WorkRecorder) => w.attempt(undefined as never) },
    { why: 'an attempt that throws when it is read', call: (w: WorkRecorder) => w.attempt(thrower as never) },
    { why: 'a batch that throws when it is read', call: (w: WorkRecorder) => w.batch(thrower as never) },
    { why: 'a call that throws when it is read', call: (w: WorkRecorder) => w.apiCall(thrower as never) },
    { why: 'a queue that throws when it is read', call: (w: WorkRecorder) => w.queue('mail', thrower) },
    { why: 'a batch that is a revoked proxy', call: (w: WorkRecorder) => w.batch(revoked()) },
    { why: 'a NaN duration', call: (w: WorkRecorder) => w.attempt({ success: true, durationMs: Number.NaN }) },
    { why: 'reports that are no number', call: (w: WorkRecorder) => w.attempt({ success: true, reportsFound: [] as never }) },
    { why: 'a batch that is none', call: (w: WorkRecorder) => w.batch(7 as never) },
    { why: 'a batch without attempts', call: (w: WorkRecorder) => w.batch({ name: 'import' } as never, 5) },
    { why: 'a call without an upstream', call: (w: WorkRecorder) => w.apiCall({ durationMs: 5 } as never) },
    { why: 'a negative duration', call: (w: WorkRecorder) => w.apiCall({ upstream: 'apple', durationMs: -1 }) },
    { why: 'an infinite queue', call: (w: WorkRecorder) => w.queue('mail', { due: Infinity }) },
    { why: 'a queue without sizes', call: (w: WorkRecorder) => w.queue('mail', null as never) },
  ])('$why is one dropped record', ({ call }) => {
    const { work, dropped } = recorder()
    call(work)
    expect(dropped()).toBe(1)
  })

  test('a bad figure does not take the outcome with it', () => {
    const { work, read } = recorder()
    work.attempt({ success: true, durationMs: -1, reportsFound: Number.NaN, events: -3 })
    expect(read('attempts')).toEqual({ 'outcome=ok': 1 })
    expect(read(RECORDS_DROPPED.name)).toEqual({ '': 3 })
  })

  test('the first drop of each kind is said, once', () => {
    const lines = diagLines()
    const { work } = recorder()
    for (let i = 0; i < 3; i++) {
      work.attempt(null as never)
      work.apiCall(null as never)
    }
    const said = expect.stringContaining('was dropped; health.records.dropped counts this and what follows')
    expect(lines).toEqual([said, said])
  })
})
