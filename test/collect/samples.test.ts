import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { GRID_BOUNDS } from '../../src/collect/exponential-grid.ts'
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

  test('exponential ones are added up on the grid, whatever their scales', () => {
    const shape = { type: DataPointType.EXPONENTIAL_HISTOGRAM }
    const point = (scale: number, offset: number, counts: number[], sum: number): object => ({
      count: counts.reduce((total, n) => total + n, 0),
      sum,
      scale,
      zeroCount: 0,
      positive: { offset, bucketCounts: counts },
      negative: { offset: 0, bucketCounts: [] },
    })
    // (1, 2^(1/8)] and (2^(1/8), 2^(1/4)] are one bucket of the grid; so is (1, 2^(1/4)].
    const samples = ingest(
      new SampleStreams(),
      collection(shape, [[{}, point(3, 0, [1, 2], 4)]]),
      collection(shape, [[{}, point(2, 0, [1], 1)]]),
    )
    const { value } = samples.at(-1) as Extract<Sample, { kind: 'histogram' }>
    expect(value).toMatchObject({ count: 4, sum: 5 })
    expect(value.counts[GRID_BOUNDS.indexOf(2 ** 0.25)]).toBe(4)
  })
})

describe('whatever a source goes through', () => {
  /** What one process recorded between collections, process after process. */
  const lives = fc.array(fc.array(fc.array(fc.nat(20), { maxLength: 5 }), { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 })
  const sumOf = (recorded: readonly number[]): number => recorded.reduce((sum, value) => sum + value, 0)
  const counted = (recorded: readonly number[]): number[] => {
    const counts = [0, 0, 0]
    for (const value of recorded) counts[value <= 1 ? 0 : value <= 2 ? 1 : 2]!++
    return counts
  }
  /** A cumulative source that has recorded less than the one before it; nobody can see the restart of one that has recorded more. */
  const isSeen = (before: readonly number[] | undefined, now: readonly number[], of: (recorded: readonly number[]) => number): boolean =>
    !before || of(now) < of(before)

  test('a counter is what a brute-force sum says it is', () => {
    fc.assert(
      fc.property(lives, (processes) => {
        const [deltas, cumulative] = [new SampleStreams(), new SampleStreams()]
        let [all, seen] = [0, 0]
        let before: readonly number[] | undefined
        for (const process of processes) {
          for (const [at, recorded] of process.entries()) {
            const soFar = process.slice(0, at + 1).flat()
            all += sumOf(recorded)
            seen += at === 0 && !isSeen(before, soFar, sumOf) ? sumOf(soFar) - sumOf(before!) : sumOf(recorded)
            before = soFar
            expect(values(deltas.ingest(collection(COUNTER, [[{}, sumOf(recorded)]]), 0))).toEqual([all])
            const total = collection({ ...COUNTER, temporality: CUMULATIVE }, [[{}, sumOf(soFar)]])
            expect(values(cumulative.ingest(total, 0))).toEqual([seen])
          }
        }
      }),
    )
  })

  test('so is a histogram, bucket by bucket', () => {
    fc.assert(
      fc.property(lives, (processes) => {
        const [deltas, cumulative] = [new SampleStreams(), new SampleStreams()]
        const all: number[] = []
        let base = [0, 0, 0]
        let before: number[] | undefined
        for (const process of processes) {
          for (const [at, recorded] of process.entries()) {
            const soFar = process.slice(0, at + 1).flat()
            all.push(...recorded)
            const [delta] = deltas.ingest(collection(HISTOGRAM, [[{}, histogram(counted(recorded), sumOf(recorded))]]), 0)
            expect(delta!.value).toMatchObject({ counts: counted(all), count: all.length, sum: sumOf(all) })
            if (before && soFar.length < before.length) base = base.map((count, bucket) => count + counted(before!)[bucket]!)
            before = soFar
            const shape = { ...HISTOGRAM, temporality: CUMULATIVE }
            const [total] = cumulative.ingest(collection(shape, [[{}, histogram(counted(soFar), sumOf(soFar))]]), 0)
            expect(total!.value).toMatchObject({ counts: base.map((count, bucket) => count + counted(soFar)[bucket]!) })
          }
        }
      }),
    )
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
