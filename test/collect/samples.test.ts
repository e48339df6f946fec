import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { SampleStreams, SERIES_LIMIT } from '../../src/collect/samples.ts'
import type { Sample } from '../../src/types.ts'

const { CUMULATIVE, DELTA } = AggregationTemporality

interface MetricShape {
  readonly type: DataPointType
  readonly temporality?: AggregationTemporality
  readonly monotonic?: boolean
  readonly name?: string
  readonly unit?: string
  readonly description?: string
  readonly scope?: { readonly name: string; readonly version?: string }
}

/** One collection of one metric, as every SDK hands it over. */
function collection(shape: MetricShape, points: readonly (readonly [attributes: object, value: unknown])[]): ResourceMetrics {
  const { type, temporality = DELTA, monotonic = true, name = 'm', unit = '1', description = '', scope = { name: 's' } } = shape
  const metric = {
    descriptor: { name, unit, description, valueType: 1 },
    aggregationTemporality: temporality,
    dataPointType: type,
    ...(type === DataPointType.SUM && { isMonotonic: monotonic }),
    dataPoints: points.map(([attributes, value]) => ({ attributes, value, startTime: [0, 0], endTime: [0, 0] })),
  }
  return { resource: {}, scopeMetrics: [{ scope, metrics: [metric] }] } as unknown as ResourceMetrics
}

const COUNTER: MetricShape = { type: DataPointType.SUM }
const HISTOGRAM: MetricShape = { type: DataPointType.HISTOGRAM }
const GAUGE: MetricShape = { type: DataPointType.GAUGE }
const UP_DOWN: MetricShape = { type: DataPointType.SUM, monotonic: false, temporality: CUMULATIVE }

const histogram = (counts: number[], sum: number, boundaries = [1, 2]): object => ({
  buckets: { boundaries, counts },
  count: counts.reduce((total, n) => total + n, 0),
  sum,
})

function ingest(streams: SampleStreams, ...collections: readonly ResourceMetrics[]): Sample[] {
  return collections.flatMap((each, index) => streams.ingest(each, index * 1000).map((sample) => structuredClone(sample)))
}

const values = (samples: readonly Sample[]): unknown[] => samples.map(({ value }) => value)

describe('what is counted', () => {
  test.for([
    { why: 'deltas are added up', temporality: DELTA, points: [2, 3, 0, 1], totals: [2, 5, 5, 6] },
    { why: 'cumulative points are totals already', temporality: CUMULATIVE, points: [2, 5, 5, 6], totals: [2, 5, 5, 6] },
    { why: 'a cumulative point that fell is a new start', temporality: CUMULATIVE, points: [5, 7, 2, 3], totals: [5, 7, 9, 10] },
    { why: 'what is no number changes nothing', temporality: DELTA, points: [1, NaN, Infinity, 2], totals: [1, 3] },
    { why: 'nor does it where points are cumulative', temporality: CUMULATIVE, points: [1, NaN, 4], totals: [1, 4] },
  ])('$why', ({ temporality, points, totals }) => {
    const streams = new SampleStreams()
    const samples = ingest(streams, ...points.map((value) => collection({ ...COUNTER, temporality }, [[{}, value]])))
    expect(values(samples)).toEqual(totals)
  })

  test('both temporalities of the same events give the same total, over any number of restarts', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(100), { minLength: 1 }), { minLength: 1 }), (lives) => {
        const deltas = lives.flat().map((value) => collection(COUNTER, [[{}, value]]))
        const cumulative = lives.flatMap((life) => {
          // A restart that nobody can see is one whose first point is no smaller than the last before it.
          let total = 0
          return life.map((value) => collection({ ...COUNTER, temporality: CUMULATIVE }, [[{}, (total += value)]]))
        })
        const last = (collections: ResourceMetrics[]): number => values(ingest(new SampleStreams(), ...collections)).at(-1) as number
        const all = lives.flat().reduce((sum, value) => sum + value, 0)
        expect(last(deltas)).toBe(all)
        if (lives.length === 1) expect(last(cumulative)).toBe(all)
        else expect(last(cumulative)).toBeLessThanOrEqual(all)
      }),
    )
  })
})

describe('histograms', () => {
  test.for([
    {
      why: 'deltas are added up bucket by bucket',
      temporality: DELTA,
      points: [histogram([1, 0, 2], 7), histogram([0, 1, 1], 5)],
      last: { bounds: [1, 2], counts: [1, 1, 3], count: 5, sum: 12 },
    },
    {
      why: 'cumulative points are totals already',
      temporality: CUMULATIVE,
      points: [histogram([1, 0, 2], 7), histogram([1, 1, 3], 12)],
      last: { bounds: [1, 2], counts: [1, 1, 3], count: 5, sum: 12 },
    },
    {
      why: 'a cumulative point that fell is a new start',
      temporality: CUMULATIVE,
      points: [histogram([1, 0, 2], 7), histogram([1, 0, 0], 1), histogram([1, 1, 0], 3)],
      last: { bounds: [1, 2], counts: [2, 1, 2], count: 5, sum: 10 },
    },
    {
      why: 'one infinite value does not spoil the sum of the others',
      temporality: CUMULATIVE,
      points: [histogram([1, 0, 0], 1), histogram([1, 0, 1], Infinity), histogram([2, 0, 1], Infinity)],
      last: { bounds: [1, 2], counts: [2, 0, 1], count: 3, sum: 1 },
    },
    {
      why: 'without a sum, as where values may be negative, only the sum is unknown',
      temporality: DELTA,
      points: [{ ...histogram([1, 0, 0], 0), sum: undefined }],
      last: { bounds: [1, 2], counts: [1, 0, 0], count: 1, sum: 0 },
    },
  ])('$why', ({ temporality, points, last }) => {
    const samples = ingest(new SampleStreams(), ...points.map((value) => collection({ ...HISTOGRAM, temporality }, [[{}, value]])))
    expect(samples.at(-1)).toMatchObject({ kind: 'histogram', value: last })
  })

  test('an exponential histogram keeps count and sum, in one bucket without a bound', () => {
    const shape = { type: DataPointType.EXPONENTIAL_HISTOGRAM }
    const point = (count: number, sum: number): object => ({
      count,
      sum,
      scale: 3,
      zeroCount: 0,
      positive: { offset: 0, bucketCounts: [count] },
    })
    const samples = ingest(new SampleStreams(), collection(shape, [[{}, point(3, 6)]]), collection(shape, [[{}, point(1, 4)]]))
    expect(samples.at(-1)).toMatchObject({ kind: 'histogram', value: { bounds: [], counts: [4], count: 4, sum: 10 } })
  })
})

describe('levels', () => {
  test.for([
    { why: 'a gauge is what it was last, as of the collection', shape: GAUGE },
    { why: 'so is an up-down counter', shape: UP_DOWN },
  ])('$why', ({ shape }) => {
    const samples = ingest(new SampleStreams(), collection(shape, [[{}, 5]]), collection(shape, [[{}, -2.5]]))
    expect(samples).toMatchObject([
      { kind: 'level', value: 5, setAt: 0 },
      { kind: 'level', value: -2.5, setAt: 1000 },
    ])
  })
})

describe('a series', () => {
  test('is one object, in whatever order its attributes come', () => {
    const streams = new SampleStreams()
    const [first] = streams.ingest(collection(COUNTER, [[{ a: 'x', b: 1 }, 1]]), 0)
    const [second] = streams.ingest(collection(COUNTER, [[{ b: 1, a: 'x' }, 1]]), 1)
    expect(second!.series).toBe(first!.series)
    expect(first!.series).toEqual({ metric: 'm', attributes: { a: 'x', b: '1' } })
  })

  test.for([
    { why: 'other values of attributes', attributes: { a: 'y' } },
    { why: 'a number is not the text of it', attributes: { a: 1 }, than: { a: '1' } },
    { why: 'another unit', shape: { unit: 's' } },
    { why: 'another description, which is another stream to the SDK', shape: { description: 'other' } },
    { why: 'another scope', shape: { scope: { name: 't' } } },
    { why: 'another version of the library', shape: { scope: { name: 's', version: '2' } } },
  ] as { why: string; attributes?: object; than?: object; shape?: Partial<MetricShape> }[])('$why is another', (row) => {
    const streams = new SampleStreams()
    const cumulative = { ...COUNTER, temporality: CUMULATIVE }
    const [first] = streams.ingest(collection(cumulative, [[row.than ?? { a: 'x' }, 10]]), 0)
    const [other] = streams.ingest(collection({ ...cumulative, ...row.shape }, [[row.attributes ?? row.than ?? { a: 'x' }, 3]]), 0)
    expect(other!.series).not.toBe(first!.series)
    expect(other!.value).toBe(3)
  })

  test('of the same name may be a counter here and a histogram there', () => {
    const streams = new SampleStreams()
    const samples = ingest(streams, collection(COUNTER, [[{}, 1]]), collection(HISTOGRAM, [[{}, histogram([1, 0, 0], 1)]]))
    expect(samples.map(({ kind }) => kind)).toEqual(['sum', 'histogram'])
  })

  test('with other buckets is another, so that buckets are never mixed up', () => {
    const streams = new SampleStreams()
    const samples = ingest(
      streams,
      collection(HISTOGRAM, [[{}, histogram([1, 0, 0], 1)]]),
      collection(HISTOGRAM, [[{}, histogram([1, 0, 0, 0, 1], 9, [1, 2, 3, 4])]]),
    )
    expect(samples).toMatchObject([{ value: { counts: [1, 0, 0] } }, { value: { counts: [1, 0, 0, 0, 1] } }])
  })
})

describe('beyond the limit, because whoever exports deltas forgets series and we do not', () => {
  const attributes = (i: number): object => ({ id: String(i) })
  const many = Array.from({ length: SERIES_LIMIT + 500 }, (_, i) => attributes(i))

  test('deltas of further series are counted together', () => {
    const streams = new SampleStreams()
    const samples = [0, 1]
      .map(() =>
        streams.ingest(
          collection(
            COUNTER,
            many.map((each) => [each, 1]),
          ),
          0,
        ),
      )
      .at(-1)!
    expect(samples).toHaveLength(SERIES_LIMIT)
    const overflow = samples.find(({ series }) => series.attributes['otel.metric.overflow'] === 'true')
    expect(overflow?.value).toBe(2 * 501)
    expect(values(samples).reduce((sum: number, value) => sum + (value as number), 0)).toBe(2 * many.length)
    expect(streams.overflowed).toBe(2 * 501)
  })

  test('levels and totals of further series, which cannot be added up, are left out', () => {
    for (const shape of [GAUGE, UP_DOWN, { ...COUNTER, temporality: CUMULATIVE }]) {
      const streams = new SampleStreams()
      expect(
        streams.ingest(
          collection(
            shape,
            many.map((each) => [each, 1]),
          ),
          0,
        ),
      ).toHaveLength(SERIES_LIMIT - 1)
      expect(streams.overflowed).toBe(501)
    }
  })

  test("the SDK's own overflow series is one of them", () => {
    const streams = new SampleStreams()
    const points = [...many, { 'otel.metric.overflow': true }].map((each) => [each, 1] as const)
    const samples = streams.ingest(collection(COUNTER, points), 0)
    expect(values(samples).reduce((sum: number, value) => sum + (value as number), 0)).toBe(many.length + 1)
  })
})
