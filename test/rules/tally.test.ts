import { expect, test } from 'vitest'

import { counter, gauge, histogram } from '../../src/rules/metric-ref.ts'
import type { RecordsConfig, TallyData } from '../../src/rules/tally.ts'
import { into, readRecords, tallyOf } from '../../src/rules/tally.ts'

const lookups = counter('cache.lookups', { unit: '{lookup}', attributes: { 'cache.result': ['hit', 'miss'], 'cache.name': [] } })
const ages = histogram('cache.age', { unit: 's', bounds: [1, 60] })
const fill = gauge('cache.fill', { unit: '1' })
const KNOWN = new Map([lookups, ages, fill].map(({ ref }) => [ref.metric, ref.definition]))

const tally = (data: TallyData) => tallyOf(data, 'lookup', KNOWN)

test.for([
  { why: 'a metric alone: each record counts 1', said: into('cache.lookups'), data: { into: { metric: 'cache.lookups' } } },
  {
    why: 'an amount, in a unit of its own, of each entry of a list',
    said: into('cache.age').each('entries').of('ageMs', 'ms'),
    data: { into: { metric: 'cache.age' }, each: 'entries', of: 'ageMs', in: 'ms' },
  },
  {
    why: 'an amount that is said again is in the unit that is said with it',
    said: into('cache.age').of('ageMs', 'ms').of('age'),
    data: { into: { metric: 'cache.age' }, of: 'age', in: 'ms' },
  },
  {
    why: 'several attributes',
    said: into('cache.lookups').by('cache.result', 'result').by('cache.name', 'name'),
    data: { into: { metric: 'cache.lookups' }, by: { 'cache.result': 'result', 'cache.name': 'name' } },
  },
  {
    why: 'an attribute that is always the same',
    said: into(lookups.where({ 'cache.result': 'hit' })).of('hits'),
    data: { into: lookups.where({ 'cache.result': 'hit' }).ref, of: 'hits' },
  },
])('a sentence is data: $why', ({ said, data }) => {
  expect(said.data).toEqual(data)
})

test('every word gives a new sentence', () => {
  const one = into(lookups)
  const [hits, misses] = [one.of('hits').by('cache.name', 'name'), one.of('misses')]
  expect([one.data.of, hits.data.of, misses.data.of, misses.data.by]).toEqual([undefined, 'hits', 'misses', undefined])
})

test.for<{ why: string; config: RecordsConfig | undefined; records: object }>([
  { why: 'there are none', config: undefined, records: {} },
  {
    why: 'a list is what it adds to',
    config: { lookup: [into('cache.lookups'), { into: 'cache.fill', of: 'fill' }] },
    records: { lookup: { tallies: [{ into: { metric: 'cache.lookups' } }, { into: 'cache.fill', of: 'fill' }] } },
  },
  {
    why: 'an object may say that it is work as well',
    config: { lookup: { is: 'attempt', tallies: [into('cache.lookups')] }, sweep: { is: { batchOf: 'swept' } } },
    records: {
      lookup: { is: 'attempt', tallies: [{ into: { metric: 'cache.lookups' } }] },
      sweep: { is: { batchOf: 'swept' }, tallies: [] },
    },
  },
])('records are read: $why', ({ config, records }) => {
  expect(readRecords(config)).toEqual(records)
})

test('the words of another copy of the package are as good as our own', async () => {
  const copy = (await import(new URL('../../src/rules/tally.ts?copy', import.meta.url).href)) as { into: typeof into }
  expect(readRecords({ lookup: [copy.into(lookups).of('n')] })).toEqual({ lookup: { tallies: [into(lookups).of('n').data] } })
})

test.for<{ why: string; data: TallyData; tally: object }>([
  { why: 'by the name of the metric', data: { into: 'cache.lookups' }, tally: { metric: lookups.ref.definition, factor: 1, by: [] } },
  { why: 'a metric that it brings along', data: into(counter('mail.bounced')).data, tally: { metric: { name: 'mail.bounced' } } },
  { why: 'milliseconds into seconds', data: { into: 'cache.age', of: 'ageMs', in: 'ms' }, tally: { of: 'ageMs', factor: 0.001 } },
  { why: 'percent into a share', data: { into: 'cache.fill', of: 'percent', in: '%' }, tally: { factor: 0.01 } },
  { why: 'a count of things by its name', data: { into: 'cache.lookups', of: 'n', in: 'lookups' }, tally: { factor: 1 } },
  {
    why: 'fixed attributes and those that fields hold',
    data: { into: { metric: 'cache.lookups', where: { 'cache.result': 'hit' } }, by: { 'cache.name': 'name' }, each: 'caches' },
    tally: { always: { 'cache.result': 'hit' }, by: [['cache.name', 'name']], each: 'caches' },
  },
  {
    why: 'a histogram without bounds has those of the SDK, as anywhere',
    data: into(histogram('cache.size', { unit: 'By' })).of('bytes').data,
    tally: { metric: { bounds: [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000] } },
  },
])('it is found out what it adds: $why', ({ data, tally: expected }) => {
  expect(tally(data)).toMatchObject(expected)
})

test.for<{ data: TallyData; says: string }>([
  {
    data: { into: 'cache.lokups' },
    says: 'The record lookup goes into the metric "cache.lokups", which neither the kind of service nor "metrics" of health.config declares: declare it with its instrument and unit.',
  },
  {
    data: { into: 'cache.lookups', by: { 'cache.outcome': 'result' } },
    says: 'The record lookup goes into cache.lookups by cache.outcome, but its attributes are cache.result, cache.name: use one of these.',
  },
  {
    data: { into: { metric: 'cache.lookups', where: { outcome: 'hit' } } },
    says: 'The record lookup goes into cache.lookups by outcome, but its attributes are cache.result, cache.name: use one of these.',
  },
  {
    data: { into: { metric: 'cache.lookups', where: { 'cache.result': ['hit', 'miss'] } } },
    says: 'The record lookup goes into cache.lookups where cache.result is ["hit","miss"], expected one of hit, miss.',
  },
  {
    data: { into: { metric: 'cache.lookups', where: { 'cache.result': 'hitt' } } },
    says: 'The record lookup goes into cache.lookups where cache.result is "hitt", expected one of hit, miss.',
  },
  {
    data: { into: { metric: 'cache.lookups', where: { 'cache.name': { not: 'a' } } } },
    says: 'The record lookup goes into cache.lookups where cache.name is {"not":"a"}, expected one text.',
  },
  {
    data: { into: 'cache.age' },
    says: 'The record lookup goes into cache.age, which is no counter: say with "of" which field holds the value.',
  },
  {
    data: { into: 'cache.fill', by: { any: 'thing' } },
    says: 'The record lookup goes into cache.fill, which is no counter: say with "of" which field holds the value.',
  },
  {
    data: { into: 'cache.age', of: 'bytes', in: 'KiBy' },
    says: 'The record lookup is in "KiBy", expected a unit that goes with that of cache.age (s).',
  },
  {
    data: { into: 'cache.lookups', of: 'n', in: 'ms' },
    says: 'The record lookup is in "ms", expected a unit that goes with that of cache.lookups ({lookup}).',
  },
])('$says', ({ data, says }) => {
  expect(() => tally(data)).toThrow(new Error(says))
})
