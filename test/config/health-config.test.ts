import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { checkHealthConfig } from '../../src/config/health-config.ts'
import { SETTINGS } from '../../src/config/settings.ts'

const check = (config: unknown): unknown => checkHealthConfig(config, 'health.config.json')

const METHOD = { module: './fetcher.ts', class: 'Fetcher', method: 'fetchBatch', records: 'batch' }

test.for([
  { why: 'nothing need be set', config: {} },
  { why: 'settings go by their name in code', config: { redisHost: 'redis', largeQueue: 5, redisTls: true } },
  {
    why: 'everything may be set',
    config: {
      profile: 'tracker_fetcher',
      serviceName: 'fetcher',
      methods: [METHOD, { ...METHOD, records: 'api_call', upstream: 'apple', result: () => 1 }],
      queues: { immediate: { key: 'q:now', type: 'list' }, leased: { key: 'q:leased', type: 'zset' } },
      queuesRedis: 'rediss://user:secret@redis:6380/1',
      anisetteUrl: 'http://anisette:6969',
      rules: { large_queue: { limit: 1, critical: 2, for: 0, keepFiring: 0.5 } },
    },
  },
])('$why', ({ config }) => {
  expect(check(config)).toBe(config)
})

describe('what is wrong is said in one sentence', () => {
  test.for([
    { config: null, says: 'health.config.json must export an object as its default, but exports null.' },
    { config: [], says: 'health.config.json must export an object as its default, but exports [].' },
    { config: () => {}, says: 'health.config.json must export an object as its default, but exports a function.' },
    { config: { redisPort: '6379' }, says: 'health.config.json: redisPort is "6379", expected a whole number from 1 to 65535.' },
    { config: { redisTls: null }, says: 'health.config.json: redisTls is null, expected true or false.' },
    { config: { profile: 'geocoder' }, says: `health.config.json: profile is "geocoder", expected 'tracker_fetcher'.` },
    { config: { serviceName: '' }, says: 'health.config.json: serviceName is "", expected a text that is not empty.' },
    { config: { methods: {} }, says: 'health.config.json: methods is {}, expected a list of methods.' },
    {
      config: { methods: [null] },
      says: 'health.config.json: methods[0] is null, expected an object with module, class, method and records.',
    },
    {
      config: { methods: [METHOD, { ...METHOD, class: undefined }] },
      says: 'health.config.json: methods[1].class is undefined, expected a text that is not empty.',
    },
    {
      config: { methods: [{ ...METHOD, records: 'calls' }] },
      says: `health.config.json: methods[0].records is "calls", expected 'batch' or 'api_call' or 'account'.`,
    },
    {
      config: { methods: [{ ...METHOD, upstream: 'google' }] },
      says: `health.config.json: methods[0].upstream is "google", expected 'apple' or 'anisette'.`,
    },
    { config: { methods: [{ ...METHOD, result: 1 }] }, says: 'health.config.json: methods[0].result is 1, expected a function.' },
    { config: { queues: 'redis' }, says: 'health.config.json: queues is "redis", expected an object from tier to queue.' },
    { config: { queues: { hot: 'q' } }, says: 'health.config.json: queues.hot is "q", expected an object with key and type.' },
    {
      config: { queues: { hot: { key: '', type: 'list' } } },
      says: 'health.config.json: queues.hot.key is "", expected the name of a Redis key.',
    },
    {
      config: { queues: { hot: { key: 'q', type: 'stream' } } },
      says: `health.config.json: queues.hot.type is "stream", expected 'list' or 'zset'.`,
    },
    {
      config: { rules: { large_queue: { limit: NaN } } },
      says: 'health.config.json: rules.large_queue.limit is NaN, expected a number >= 0.',
    },
    {
      config: { rules: { large_queue: 5 } },
      says: 'health.config.json: rules.large_queue is 5, expected an object with limit, critical, for or keepFiring.',
    },
    {
      config: { anisetteUrl: 'anisette:6969' },
      says: 'health.config.json: anisetteUrl must be a URL that begins with http:// or https://.',
    },
    {
      config: { queuesRedis: 'http://redis' },
      says: 'health.config.json: queuesRedis must be a URL that begins with redis:// or rediss://.',
    },
  ])('$says', ({ config, says }) => {
    expect(() => check(config)).toThrow(new Error(says))
  })

  test('a value that is no JSON is named all the same', () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    expect(() => check({ methods: circular })).toThrow(
      'health.config.json: methods is an object that is no JSON, expected a list of methods.',
    )
    expect(() => check({ redisPort: 1n })).toThrow('health.config.json: redisPort is 1, expected a whole number')
  })
})

describe('a key that is not known is named with the nearest one that is', () => {
  test.for([
    { config: { largeQueu: 1 }, key: 'largeQueu', nearest: 'largeQueue' },
    { config: { redishost: 'x' }, key: 'redishost', nearest: 'redisHost' },
    { config: { queue: {} }, key: 'queue', nearest: 'queues' },
    { config: { rule: {} }, key: 'rule', nearest: 'rules' },
    { config: { queues: { warn: {} } }, key: 'warn', nearest: 'warm' },
    { config: { queues: { hot: { keys: 'q' } } }, key: 'keys', nearest: 'key' },
    { config: { rules: { largequeue: {} } }, key: 'largequeue', nearest: 'large_queue' },
    { config: { rules: { large_queue: { keep_firing: 1 } } }, key: 'keep_firing', nearest: 'keepFiring' },
    { config: { methods: [{ ...METHOD, klass: 'A' }] }, key: 'klass', nearest: 'class' },
  ])('$key: did you mean $nearest?', ({ config, key, nearest }) => {
    expect(() => check(config)).toThrow(`"${key}" is not a known key: did you mean "${nearest}"?`)
  })

  test('keys that every object has are not known either', () => {
    expect(() => check(JSON.parse('{"__proto__": {}}'))).toThrow('"__proto__" is not a known key')
    expect(() => check({ queues: { constructor: {} } })).toThrow('"constructor" is not a known key')
  })
})

test.for([
  { redisPassword: 12_345_678 },
  { redisPassword: { secret: '12345678' } },
  { queuesRedis: 'redi://user:12345678@redis' },
  { queuesRedis: { password: '12345678' } },
  { redisPort: 'redis://user:12345678@redis' },
  { anisetteUrl: 'ftp://user:12345678@anisette' },
  { queues: 'redis://:12345678@redis:6379' },
])('a password is never shown: %o', (config) => {
  expect(() => check(config)).toThrow(/^health\.config\.json: (?!.*12345678)/)
})

/** JSON that comes near a health.config, so that the checks inside it are reached. */
const nearMiss = fc.dictionary(
  fc.oneof(
    fc.constantFrom(...Object.keys(SETTINGS), 'profile', 'serviceName', 'methods', 'queues', 'queuesRedis', 'anisetteUrl', 'rules'),
    fc.string(),
  ),
  fc.oneof(
    fc.jsonValue(),
    fc.webUrl(),
    fc.dictionary(fc.constantFrom('hot', 'leased', 'large_queue', 'slow_apple_api'), fc.jsonValue()),
    fc.dictionary(
      fc.constantFrom('hot', 'large_queue'),
      fc.record({ key: fc.jsonValue(), type: fc.constantFrom('list', 'zset', 1), limit: fc.double() }, { requiredKeys: [] }),
    ),
    fc.array(
      fc.record(
        { module: fc.jsonValue(), class: fc.string(), method: fc.string(), records: fc.constantFrom('batch', '') },
        { requiredKeys: [] },
      ),
    ),
  ),
  { maxKeys: 4 },
)

test('any JSON is a health.config or one readable sentence', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), nearMiss), (config) => {
      try {
        expect(check(config)).toBe(config)
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
        const { message } = error as Error
        expect(message).toMatch(/^health\.config\.json(: | )\P{Cc}+[.?]$/u)
        expect(message.length).toBeLessThan(400)
      }
    }),
    { numRuns: 500 },
  )
})
