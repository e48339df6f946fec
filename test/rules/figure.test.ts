import { describe, expect, test } from 'vitest'

import { Windows } from '../../src/compute/windows.ts'
import { HistogramCell } from '../../src/record/cells.ts'
import type { FigureData, FiguresConfig } from '../../src/rules/figure.ts'
import { compileFigure, figure, readFigures } from '../../src/rules/figure.ts'
import { counter, gauge, histogram } from '../../src/rules/metric-ref.ts'
import { absent, increase, level, quantile, rate, ratio, state } from '../../src/rules/readings.ts'
import { wantedOf } from '../../src/rules/service-kind.ts'
import type { Sample, Series } from '../../src/types.ts'

const lookups = counter('cache.lookups', { unit: '{lookup}', attributes: { 'cache.result': ['hit', 'miss'] } })
const durations = histogram('cache.duration', { unit: 's', attributes: { host: [] }, bounds: [0.1, 0.2, 0.5] })
const fill = gauge('cache.fill', { unit: '1' })
const metrics = new Map([lookups, durations, fill].map(({ ref }) => [ref.metric, ref.definition]))

const compiled = (name: string, data: FigureData) => compileFigure(name, data, { metrics, tickSeconds: 1 })

describe('a figure is data', () => {
  test.for([
    { why: 'a reading alone', said: figure(rate(lookups).over('1h')), data: { of: rate(lookups).over('1h').data } },
    {
      why: 'in another unit, one for each value of an attribute',
      said: figure(quantile(0.95, durations)).in('ms').by('host'),
      data: { of: quantile(0.95, durations).data, in: 'ms', by: 'host' },
    },
  ])('$why', ({ said, data }) => {
    expect(said.data).toEqual(data)
  })

  test('every word gives a new one', () => {
    const one = figure(rate(lookups))
    expect([one.in('/h').data.in, one.by('cache.result').data.in, one.data]).toEqual(['/h', undefined, { of: rate(lookups).data }])
  })

  test('a metric may be its name alone, as in rules', () => {
    const asText = { of: { reading: 'ratio', of: 'cache.lookups', in: 'cache.lookups' } } as unknown as FigureData
    expect(readFigures({ share: asText, said: figure(rate('cache.lookups')) })).toEqual({
      share: { of: { reading: 'ratio', of: { metric: 'cache.lookups' }, in: { metric: 'cache.lookups' } } },
      said: { of: { reading: 'rate', of: { metric: 'cache.lookups' } } },
    })
    expect(readFigures(undefined)).toEqual({})
  })
})

/** What figures show of samples that came second by second. */
function shown(data: FigureData, samples: readonly Sample[], seconds = 60) {
  const one = compiled('one', data)
  const windows = new Windows(wantedOf({ rules: [], selectors: [], shown: [one] }), 0)
  for (let second = 1; second <= seconds; second++) windows.ingest(samples, second * 1000, true)
  const readings = windows.readings(seconds * 1000)
  if (one.by === undefined) return one.figure(readings)
  return Object.fromEntries(readings.groups(one.by, one.needs).map((value) => [value, one.figure(readings.within(one.by!, value)).value]))
}

const series = (metric: string, attributes: Record<string, string> = {}): Series => ({ metric, attributes })
const counted = (result: string, value: number): Sample => ({
  series: series('cache.lookups', { 'cache.result': result }),
  kind: 'sum',
  value,
})
const took = (host: string, values: readonly number[]): Sample => {
  const cell = new HistogramCell('cache.duration', { host }, [0, 0], durations.ref.definition.bounds!)
  for (const value of values) cell.record(value)
  return { series: cell, kind: 'histogram', value: cell }
}
const twenty = (value: number) => Array.from({ length: 20 }, () => value)

describe('it shows what its reading comes to', () => {
  test.for<{ why: string; data: FigureData; samples: readonly Sample[]; value: unknown }>([
    {
      why: 'in its own unit',
      data: figure(increase(lookups).over('1h')).data,
      samples: [counted('hit', 30), counted('miss', 6)],
      value: 36,
    },
    { why: 'in another one', data: figure(rate(lookups).over('1h')).in('/h').data, samples: [counted('hit', 30)], value: 1800 },
    {
      why: 'a share as percent',
      data: figure(level(fill)).in('%').data,
      samples: [{ series: series('cache.fill'), kind: 'level', value: 0.256, setAt: 60_000 }],
      value: 25.6,
    },
    {
      why: 'a ratio of some in all',
      data: figure(ratio({ of: lookups.where({ 'cache.result': 'hit' }), in: lookups })).data,
      samples: [counted('hit', 60), counted('miss', 20)],
      value: 75,
    },
    { why: 'nothing while nothing was recorded', data: figure(level(fill)).data, samples: [], value: null },
    { why: 'nothing where there is too little', data: figure(quantile(0.95, durations)).data, samples: [took('a', [0.15])], value: null },
    {
      why: 'nothing where only "more than the last bound" is known: the bound would be a false figure',
      data: figure(quantile(0.95, durations)).data,
      samples: [took('a', twenty(7))],
      value: null,
    },
  ])('$why', ({ data, samples, value }) => {
    expect(shown(data, samples)).toMatchObject({ value })
  })

  test('for each value of an attribute, those alone that were seen', () => {
    expect(shown(figure(increase(lookups).over('1h')).by('cache.result').data, [counted('hit', 30)])).toEqual({ hit: 30 })
    const hosts = shown(figure(quantile(0.5, durations)).in('ms').by('host').data, [
      took('a', twenty(0.05)),
      took('b', twenty(0.15)),
      took('c', [1]),
    ])
    expect(hosts).toEqual({ a: 50, b: 150, c: null })
  })

  test('nothing before enough of its window was watched', () => {
    expect(shown(figure(rate(lookups).over('5m')).data, [counted('hit', 30)], 2)).toEqual({
      value: null,
      evidence: { unknown: 'starting' },
    })
  })
})

describe('what is no figure is refused in one sentence', () => {
  test.for<{ config: unknown; says: string }>([
    { config: 5, says: 'The figure share is 5, expected a figure, such as { "of": { "reading": "increase", "of": "cache.lookups" } }.' },
    {
      config: null,
      says: 'The figure share is null, expected a figure, such as { "of": { "reading": "increase", "of": "cache.lookups" } }.',
    },
    { config: { of: rate(lookups).data, unit: '/h' }, says: 'The figure share has "unit", which no figure has: it has of, in, by.' },
    { config: { of: rate(lookups).data, in: 5 }, says: 'in of the figure share is 5, expected a text that is not empty.' },
    { config: { of: rate(lookups).data, by: '' }, says: 'by of the figure share is "", expected a text that is not empty.' },
    {
      config: {},
      says: 'of of the figure share is missing, expected a reading, such as { "reading": "rate", "of": { "metric": "http.requests" } }.',
    },
    {
      config: { of: { reading: 'quantile', of: 'cache.duration' } },
      says: 'of.q of the figure share is missing, expected a number.',
    },
    {
      config: { of: rate('cache.lokups').data },
      says: 'The figure share reads the metric "cache.lokups", which neither the kind of service nor "metrics" of health.config declares: declare it with its instrument and unit.',
    },
    {
      config: figure(rate(lookups)).in('ms'),
      says: 'The figure share is in "ms", which is no unit of a reading in /s.',
    },
    {
      config: figure(rate(lookups)).by('cache.outcome'),
      says: 'The figure share is split by cache.outcome, but cache.lookups has the attributes cache.result: use one that all metrics it reads have.',
    },
    {
      config: figure(state(fill, 'a')),
      says: 'The figure share reads state, which is no number: take another reading, or make it a rule.',
    },
    {
      config: figure(absent(lookups)),
      says: 'The figure share reads absent, which is no number: take another reading, or make it a rule.',
    },
    {
      config: figure(quantile(0.5, lookups)),
      says: 'The figure share reads values of cache.lookups, which is a counter: use a histogram.',
    },
  ])('$says', ({ config, says }) => {
    const compile = () => compiled('share', readFigures({ share: config } as FiguresConfig)['share']!)
    expect(compile).toThrow(new Error(says))
  })
})
