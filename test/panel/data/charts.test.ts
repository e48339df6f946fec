import { expect, test } from 'vitest'

import { chartFigures, unitOf } from '../../../src/panel/data/chart-figures.ts'
import { charts } from '../../../src/panel/data/charts.ts'
import type { Minute } from '../../../src/panel/data/history-minutes.ts'
import { minuteOf } from '../../../src/panel/data/history-minutes.ts'

const GRID = { from: 0, minutes: 3 }

function minute(instance: string, at: number, values: Readonly<Record<string, number | null>>): Minute {
  return { instance, at: at * 60_000 + 1000, status: 'healthy', values: new Map(Object.entries(values)) }
}

test('the key metrics have the first charts, then the queues, then what else there is', () => {
  const names = [
    'apple_api_percentiles_ms.p50',
    'apple_api_percentiles_ms.p95',
    'events',
    'fetch_rate_per_hour',
    'queue_sizes.hot',
    'success_rate_percent',
    'total_queue_size',
  ]
  expect(chartFigures(names)).toEqual([
    ...['fetch_rate_per_hour', 'success_rate_percent', 'apple_api_percentiles_ms.p95', 'total_queue_size', 'queue_sizes.hot', 'events'],
  ])
})

test('there are at most twelve charts', () => {
  const names = Array.from({ length: 50 }, (_, i) => `figure_${i}`)
  expect(chartFigures([...names, 'work_rate_per_hour'])).toEqual(['work_rate_per_hour', ...names.slice(0, 11)])
})

test.for([
  ['fetch_rate_per_hour', '/h'],
  ['success_rate_percent', '%'],
  ['apple_api_percentiles_ms.p95', 'ms'],
  ['process.memory_bytes', 'bytes'],
  ['work.mail.rate_per_hour', '/h'],
  ['oldest_age_seconds.hot', 's'],
  ['total_queue_size', ''],
] as const)('%s is measured in "%s"', ([figure, unit]) => {
  expect(unitOf(figure)).toBe(unit)
})

test('rates have a line for each instance and one of all', () => {
  const minutes = [
    minute('a', 0, { work_rate_per_hour: 10 }),
    minute('b', 0, { work_rate_per_hour: 5 }),
    minute('b', 1, { work_rate_per_hour: 6 }),
  ]
  const { charts: drawn } = charts(minutes, ['work_rate_per_hour'], GRID)
  expect(drawn).toEqual([
    {
      ...{ figure: 'work_rate_per_hour', unit: '/h', times: [0, 60, 120], limits: [] },
      lines: [
        { name: 'all', values: [15, 6, null] },
        { name: 'b', values: [5, 6, null] },
        { name: 'a', values: [10, null, null] },
      ],
    },
  ])
})

test('what all instances see alike has one line, of whoever said it last', () => {
  const minutes = [
    minute('a', 0, { total_queue_size: 3 }),
    minute('b', 0, { total_queue_size: 4 }),
    minute('b', 1, { total_queue_size: null }),
  ]
  expect(charts(minutes, ['total_queue_size'], GRID).charts[0]!.lines).toEqual([{ name: 'all', values: [4, null, null] }])
})

test('percentages are never added up', () => {
  const minutes = [minute('a', 0, { success_rate_percent: 90 }), minute('b', 0, { success_rate_percent: 80 })]
  expect(charts(minutes, ['success_rate_percent'], GRID).charts[0]!.lines.map(({ name }) => name)).toEqual(['a', 'b'])
})

test('beyond ten instances the others are counted', () => {
  const minutes = Array.from({ length: 13 }, (_, i) => minute(`pod-${String(i).padStart(2, '0')}`, 0, { work_rate_per_hour: 1 }))
  const { charts: drawn, instancesLeftOut } = charts(minutes, ['work_rate_per_hour'], GRID)
  expect(drawn[0]!.lines).toHaveLength(11)
  expect(drawn[0]!.lines[0]).toEqual({ name: 'all', values: [13, null, null] })
  expect(instancesLeftOut).toBe(3)
})

test('a figure of which nothing was known has no chart', () => {
  expect(charts([minute('a', 0, { work_rate_per_hour: null })], ['work_rate_per_hour'], GRID).charts).toEqual([])
})

test('names of instances that are not what they seem are cleaned', () => {
  const { charts: drawn } = charts([minute('a\u202eb', 0, { success_rate_percent: 1 })], ['success_rate_percent'], GRID)
  expect(drawn[0]!.lines[0]!.name).toBe('ab')
})

test.for<{ readonly sentence: string; readonly fields: readonly string[]; readonly found: object | undefined }>([
  {
    sentence: 'an entry of the history',
    fields: ['instance', 'a', 'status', 'degraded', 'gauges.x', '1.5', 'counts.y', '2'],
    found: { status: 'degraded', x: 1.5 },
  },
  {
    sentence: 'a figure that was not known',
    fields: ['instance', 'a', 'status', 'healthy', 'gauges.x', ''],
    found: { status: 'healthy', x: null },
  },
  { sentence: 'a status that is none', fields: ['instance', 'a', 'status', 'great', 'gauges.x', '1'], found: { status: undefined, x: 1 } },
  { sentence: 'an entry of nobody', fields: ['gauges.x', '1'], found: undefined },
])('a minute: $sentence', ({ fields, found }) => {
  const minute1 = minuteOf(['5-0', fields], new Set(['gauges.x']))
  expect(minute1 && { status: minute1.status, ...Object.fromEntries(minute1.values) }).toEqual(found)
})
