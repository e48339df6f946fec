/** What is judged is what leaves through the other SDK, whenever that was found; recording.test.ts compares the points themselves. */
import type { Meter } from '@opentelemetry/api'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { expect, test } from 'vitest'

import { CATALOGUE } from '../../src/kinds/index.ts'
import { FETCH_ATTEMPTS, QUEUE_OLDEST_DUE_AGE, QUEUE_SIZE, UPSTREAM_DURATION } from '../../src/kinds/tracker-fetcher/metrics.ts'
import { HTTP_CLIENT_REQUEST_DURATION } from '../../src/catalogue.ts'
import { SampleStreams } from '../../src/collect/samples.ts'
import { CellStore } from '../../src/record/cells.ts'
import { recordProcess } from '../../src/record/process-metrics.ts'
import { TeeRecording } from '../../src/record/tee-recording.ts'
import type { Sample } from '../../src/types.ts'
import { diagLines } from '../contracts/diag-lines.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

function harness(temporality: AggregationTemporality = AggregationTemporality.CUMULATIVE) {
  const clock = new VirtualClock()
  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(temporality),
    exportIntervalMillis: 3_600_000,
    exportTimeoutMillis: 1000,
  })
  const provider = new MeterProvider({ readers: [reader] })
  const store = new CellStore(clock)
  let meter: Meter | undefined
  const streams = new SampleStreams()
  return {
    clock,
    store,
    tee: new TeeRecording(store, () => meter),
    /** From now on there is another SDK. */
    arrive: () => (meter = provider.getMeter('otel-health')),
    /** What its collector is sent. */
    sent: async () => comparable(streams.ingest((await reader.collect()).resourceMetrics, 0)),
    judged: () => comparable(store.samples()),
  }
}

function comparable(samples: readonly Sample[]): unknown[] {
  const plain = samples.map(({ series, kind, value }) => ({
    metric: series.metric,
    attributes: series.attributes,
    kind,
    value: typeof value === 'number' ? value : { count: value.count, sum: value.sum, counts: [...value.counts] },
  }))
  return plain.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

function record(tee: TeeRecording, n: number): void {
  tee.counter(FETCH_ATTEMPTS, { outcome: 'reports' }).add(n)
  tee.histogram(UPSTREAM_DURATION, {}).record(n / 7)
  tee.histogram(UPSTREAM_DURATION, { upstream: 'apple' }).record(n)
  tee.level(QUEUE_SIZE, { tier: 'hot' }).set(n)
}

test.for([
  { why: 'was there first', before: 0 },
  { why: 'came after the first records', before: 3 },
  { why: 'came late, after a thousand records', before: 1000 },
])('what is sent is what is judged if the SDK $why', async ({ before }) => {
  const { tee, arrive, sent, judged } = harness()
  for (let i = 1; i <= before; i++) record(tee, i)
  arrive()
  for (let i = 1; i <= 3; i++) record(tee, i)
  expect(await sent()).toEqual(judged())
  expect(judged()).toHaveLength(4)
  expect(tee.joined).toBe(true)
})

test('handles that were bound before the SDK came leave through it', async () => {
  const { tee, arrive, sent, judged } = harness()
  const counter = tee.counter(FETCH_ATTEMPTS, {})
  const histogram = tee.histogram(UPSTREAM_DURATION, {})
  counter.add(2)
  histogram.record(0.3)
  arrive()
  histogram.record(0.4)
  counter.add(1)
  expect(await sent()).toEqual(judged())
  expect(judged()).toMatchObject([{ value: 3 }, { value: { count: 2 } }])
})

test('what was recorded and then never again leaves when somebody asks', async () => {
  const { tee, arrive, sent, judged } = harness()
  record(tee, 5)
  arrive()
  expect(tee.join()).toBe(true)
  expect(await sent()).toEqual(judged())
})

test.for([
  { why: 'our own export began', fill: (tee: TeeRecording) => tee.settle() },
  {
    why: 'more was recorded than is kept for it',
    fill(tee: TeeRecording) {
      const histogram = tee.histogram(UPSTREAM_DURATION, {})
      for (let i = 0; i < 10_000; i++) histogram.record(1)
    },
  },
])('an SDK that comes after $why is sent nothing', async ({ fill }) => {
  const { tee, arrive, sent } = harness()
  record(tee, 1)
  fill(tee)
  arrive()
  record(tee, 1)
  expect(tee.join()).toBe(false)
  expect(await sent()).toEqual([])
})

test.for([
  { why: 'an SDK is joined', decide: ({ tee, arrive }: ReturnType<typeof harness>) => (arrive(), tee.join()), decided: 'sdk' },
  { why: 'our own export began', decide: ({ tee }: ReturnType<typeof harness>) => tee.settle(), decided: 'own' },
])('the decision is told once to whoever waits for it, and at once to whoever asks later, when $why', ({ decide, decided }) => {
  const both = harness()
  const heard: string[] = []
  both.tee.onDecided((each) => heard.push(`early: ${each}`))
  expect(both.tee.decided).toBe('undecided')
  decide(both)
  record(both.tee, 1)
  both.tee.settle()
  both.tee.onDecided((each) => heard.push(`late: ${each}`))
  expect(heard).toEqual([`early: ${decided}`, `late: ${decided}`])
  expect(both.tee.decided).toBe(decided)
})

test('series beyond the limit are counted together in both', async () => {
  const { tee, arrive, sent, judged } = harness(AggregationTemporality.DELTA)
  arrive()
  for (let i = 0; i < 2500; i++) tee.counter(FETCH_ATTEMPTS, { id: String(i) }).add(1)
  const all = judged()
  expect(await sent()).toEqual(all)
  expect(all).toHaveLength(2000)
})

test('a collection refreshes once, however many levels are observed', async () => {
  const { tee, clock, arrive, sent, judged } = harness()
  arrive()
  let refreshed = 0
  tee.onCollect(() => tee.level(QUEUE_OLDEST_DUE_AGE, {}).set(++refreshed))
  tee.level(QUEUE_SIZE, {}).set(1)
  tee.join()
  // The first collection makes the level.
  await sent()
  refreshed = 0
  for (let second = 1; second <= 5; second++) {
    clock.advance(1000)
    expect(await sent()).toEqual(judged())
    expect(refreshed).toBe(second)
  }
})

test('a metric that the conventions name is judged, but left to the instrumentations of the SDK', async () => {
  const { tee, clock, arrive, sent, judged } = harness()
  tee.histogram(HTTP_CLIENT_REQUEST_DURATION, {}).record(1)
  arrive()
  const stop = recordProcess(tee, clock)
  record(tee, 1)
  tee.histogram(HTTP_CLIENT_REQUEST_DURATION, {}).record(2)
  clock.advance(1000)
  tee.join()
  const metrics = (samples: unknown[]) => new Set(samples.map((sample) => (sample as { metric: string }).metric))
  const there = metrics(await sent())
  const left = [...metrics(judged())].filter((name) => !there.has(name))
  expect(left.every((name) => CATALOGUE.find((metric) => metric.name === name)?.convention)).toBe(true)
  expect(left).toContain(HTTP_CLIENT_REQUEST_DURATION.name)
  stop()
})

test('an SDK that cannot be used is said once and does not reach the service', () => {
  const lines = diagLines()
  const tee = new TeeRecording(new CellStore(new VirtualClock()), () => {
    throw new Error('no meters today')
  })
  for (let i = 0; i < 3; i++) record(tee, i)
  expect(lines).toEqual([expect.stringContaining('health is judged all the same')])
})
