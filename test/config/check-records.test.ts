import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { checkHealthConfig } from '../../src/config/health-config.ts'
import { KINDS } from '../../src/kinds/index.ts'
import { counter } from '../../src/rules/metric-ref.ts'
import { into } from '../../src/rules/tally.ts'

const check = (config: unknown): unknown => checkHealthConfig(config, 'health.config.json', KINDS)
const records = (own: unknown): unknown => check({ records: own })

const method = (meaning: string) => ({ methods: [{ module: './cache.js', function: 'get', records: meaning }] })
const lookups = counter('cache.lookups', { unit: '{lookup}' })

test.for([
  { why: 'there are none', config: {} },
  { why: 'a list of what it adds to, as sentences', config: { records: { lookup: [into(lookups).by('cache.result', 'result')] } } },
  {
    why: 'the same as data, with everything that it may have',
    config: {
      records: {
        lookup: [
          { into: 'cache.lookups', by: { 'cache.result': 'result' } },
          { into: { metric: 'cache.age', where: { cache: 'places' } }, of: 'ageMs', in: 'ms', each: 'entries' },
        ],
      },
    },
  },
  { why: 'one that is work as well', config: { records: { lookup: { is: 'attempt', tallies: [{ into: 'cache.lookups' }] } } } },
  { why: 'one that is work alone', config: { records: { job: { is: 'attempt' } } } },
  { why: 'one that is many pieces of work', config: { records: { sweep: { is: { batchOf: 'swept' }, tallies: [] } } } },
  { why: 'a method records one by its name', config: { records: { lookup: [{ into: 'cache.lookups' }] }, ...method('lookup') } },
  { why: 'a method records one of its kind', config: { profile: 'geocoding', ...method('lookup') } },
  {
    why: 'one of the kind is said anew',
    config: { profile: 'geocoding', records: { lookup: [{ into: 'cache.lookups' }] }, ...method('lookup') },
  },
])('records may be said: $why', ({ config }) => {
  expect(check(config)).toBe(config)
})

const EXPECTED = "expected a list of what it adds to, such as { into: 'cache.lookups', by: { 'cache.result': 'result' } }."
const A_METRIC = "expected the name of a metric, or an object such as { metric: 'cache.lookups', where: { 'cache.result': 'hit' } }."

describe('what is wrong with records is said in one sentence', () => {
  test.for([
    { own: [], says: 'records is [], expected an object from name to what it adds to.' },
    { own: 'lookup', says: 'records is "lookup", expected an object from name to what it adds to.' },
    { own: { lookup: 'cache.lookups' }, says: `records.lookup is "cache.lookups", ${EXPECTED}` },
    { own: { lookup: null }, says: `records.lookup is null, ${EXPECTED}` },
    { own: { lookup: ['cache.lookups'] }, says: `records.lookup[0] is "cache.lookups", ${EXPECTED}` },
    { own: { lookup: { into: 'cache.lookups' } }, says: 'records.lookup "into" is not a known key: did you mean "is"?' },
    { own: { lookup: { tallies: {} } }, says: `records.lookup.tallies is {}, ${EXPECTED}` },
    { own: { lookup: { is: 'batch' } }, says: `records.lookup.is is "batch", expected 'attempt'.` },
    { own: { lookup: { is: { of: 'n' } } }, says: 'records.lookup.is "of" is not a known key: did you mean "batchOf"?' },
    { own: { lookup: { is: {} } }, says: 'records.lookup.is.batchOf is undefined, expected the field with the number of attempts.' },
    { own: { lookup: { is: { batchOf: 5 } } }, says: 'records.lookup.is.batchOf is 5, expected the field with the number of attempts.' },
    { own: { lookup: [{ info: 'cache.lookups' }] }, says: 'records.lookup[0] "info" is not a known key: did you mean "into"?' },
    { own: { lookup: [{}] }, says: `records.lookup[0].into is undefined, ${A_METRIC}` },
    { own: { lookup: [{ into: 5 }] }, says: `records.lookup[0].into is 5, ${A_METRIC}` },
    { own: { lookup: [{ into: { name: 'a' } }] }, says: `records.lookup[0].into is {"name":"a"}, ${A_METRIC}` },
    {
      own: { lookup: [{ into: { metric: 'a', where: null } }] },
      says: `records.lookup[0].into is {"metric":"a","where":null}, ${A_METRIC}`,
    },
    {
      own: { lookup: [{ into: { metric: 'a', definition: 5 } }] },
      says: `records.lookup[0].into is {"metric":"a","definition":5}, ${A_METRIC}`,
    },
    { own: { lookup: [{ into: 'a', of: 5 }] }, says: 'records.lookup[0].of is 5, expected a text that is not empty.' },
    { own: { lookup: [{ into: 'a', in: '' }] }, says: 'records.lookup[0].in is "", expected a text that is not empty.' },
    { own: { lookup: [{ into: 'a' }, { into: 'a', each: [] }] }, says: 'records.lookup[1].each is [], expected a text that is not empty.' },
    {
      own: { lookup: [{ into: 'a', by: 'result' }] },
      says: 'records.lookup[0].by is "result", expected an object from attribute to field.',
    },
    { own: { lookup: [{ into: 'a', by: { b: 5 } }] }, says: 'records.lookup[0].by.b is 5, expected the name of a field.' },
    {
      own: { attempt: [{ into: 'a' }] },
      says: 'records.attempt has the name of what any call may be recorded as (attempt, batch, api_call, start, stop): give it another.',
    },
  ])('$says', ({ own, says }) => {
    expect(() => records(own)).toThrow(new Error(`health.config.json: ${says}`))
  })

  test.for([
    {
      config: method('lookup'),
      says: `methods[0].records is "lookup", expected 'attempt' or 'batch' or 'api_call' or 'start' or 'stop'.`,
    },
    {
      config: { ...method('lookups'), records: { lookup: [{ into: 'a' }] } },
      says: `methods[0].records is "lookups", expected 'attempt' or 'batch' or 'api_call' or 'start' or 'stop' or 'lookup'.`,
    },
    {
      config: { profile: 'notification', ...method('deliver') },
      says: `methods[0].records is "deliver", expected 'attempt' or 'batch' or 'api_call' or 'start' or 'stop' or 'delivery' or 'retry' or 'give_up'.`,
    },
    {
      config: { channels: [{ channel: 'app:job', records: 'job' }] },
      says: `channels[0].records is "job", expected 'attempt' or 'batch' or 'api_call' or 'start' or 'stop'.`,
    },
  ])('a call records what there is: $says', ({ config, says }) => {
    expect(() => check(config)).toThrow(new Error(`health.config.json: ${says}`))
  })
})

describe('what a kind of service alone may say', () => {
  test.for([
    { config: { profile: 'geocoding', quotas: { nominatim: { requests: 3000, per: 'day' }, photon: { requests: 1, per: 'minute' } } } },
    { config: { profile: 'realtime_geofence', eventsLearning: '12h' } },
    { config: { profile: 'realtime_geofence', eventsLearning: 3600 } },
  ])('$config', ({ config }) => {
    expect(check(config)).toBe(config)
  })

  test.for([
    {
      config: { profile: 'geocoding', quotas: 3000 },
      says: "quotas is 3000, expected an object from provider to its quota, such as { nominatim: { requests: 3000, per: 'day' } }.",
    },
    {
      config: { profile: 'geocoding', quotas: { nominatim: 3000 } },
      says: "quotas.nominatim is 3000, expected a quota, such as { requests: 3000, per: 'day' }.",
    },
    {
      config: { profile: 'geocoding', quotas: { nominatim: { requests: 0, per: 'day' } } },
      says: 'quotas.nominatim.requests is 0, expected a whole number above 0.',
    },
    {
      config: { profile: 'geocoding', quotas: { nominatim: { requests: 3000, per: 'month' } } },
      says: `quotas.nominatim.per is "month", expected 'minute' or 'hour' or 'day'.`,
    },
    {
      config: { profile: 'geocoding', quotas: { nominatim: { requests: 3000, pro: 'day' } } },
      says: 'quotas.nominatim "pro" is not a known key: did you mean "per"?',
    },
    {
      config: { profile: 'realtime_geofence', eventsLearning: true },
      says: 'eventsLearning is true, expected seconds or a text such as "30s", "5m" or "24h".',
    },
    {
      config: { profile: 'realtime_geofence', eventsLearning: 'a day' },
      says: 'eventsLearning is "a day", expected seconds or a text such as "30s", "5m" or "2h".',
    },
    {
      config: { quotas: { nominatim: { requests: 1, per: 'day' } } },
      says: "quotas is of use to a service of another kind only: add profile: 'geocoding'.",
    },
    {
      config: { profile: 'geocoding', eventsLearning: '1h' },
      says: "eventsLearning is of use to a service of another kind only: add profile: 'realtime_geofence'.",
    },
  ])('$says', ({ config, says }) => {
    expect(() => check(config)).toThrow(new Error(`health.config.json: ${says}`))
  })
})

test('any JSON is records or one readable sentence', () => {
  const tally = fc.record(
    {
      into: fc.oneof(fc.jsonValue(), fc.record({ metric: fc.jsonValue(), where: fc.jsonValue() })),
      of: fc.jsonValue(),
      by: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  const record = fc.oneof(
    fc.array(tally),
    fc.record({ is: fc.jsonValue(), tallies: fc.array(tally) }, { requiredKeys: [] }),
    fc.jsonValue(),
  )
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fc.oneof(fc.constantFrom('lookup', 'stop'), fc.string()), record)), (own) => {
      try {
        records(own)
      } catch (error) {
        expect((error as Error).message).toMatch(/^health\.config\.json: records\P{Cc}+[.?]$/u)
      }
    }),
    { numRuns: 500 },
  )
})
