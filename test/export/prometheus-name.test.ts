import { expect, test } from 'vitest'

import { CATALOGUE } from '../../src/kinds/index.ts'
import { prometheusLabel, prometheusName } from '../../src/export/prometheus-name.ts'

test.for([
  {
    why: 'a counter of things',
    metric: { name: 'a.fetch.attempts', unit: '{attempt}', instrument: 'counter' },
    is: 'a_fetch_attempts_total',
  },
  { why: 'a counter of seconds', metric: { name: 'a.time', unit: 's', instrument: 'counter' }, is: 'a_time_seconds_total' },
  { why: 'total is said once, at the end', metric: { name: 'a.total.calls', unit: '{call}', instrument: 'counter' }, is: 'a_calls_total' },
  {
    why: 'a histogram, without its suffixes',
    metric: { name: 'a.duration', unit: 's', instrument: 'histogram' },
    is: 'a_duration_seconds',
  },
  {
    why: 'a unit that the name says is not said again',
    metric: { name: 'a.seconds', unit: 's', instrument: 'observable_gauge' },
    is: 'a_seconds',
  },
  { why: 'a gauge of 1 is a ratio', metric: { name: 'a.use', unit: '1', instrument: 'observable_gauge' }, is: 'a_use_ratio' },
  { why: 'a state is none', metric: { name: 'a.status', unit: '1', instrument: 'observable_up_down_counter' }, is: 'a_status' },
] as const)('$why: $is', ({ metric, is }) => {
  expect(prometheusName(metric)).toBe(is)
})

test('a label has no dots', () => {
  expect(prometheusLabel('tracker_fetcher.queue.tier')).toBe('tracker_fetcher_queue_tier')
})

test('every metric of the catalogue has a name, and no two have the same', () => {
  const names = CATALOGUE.map(prometheusName)
  expect(new Set(names).size).toBe(names.length)
})
