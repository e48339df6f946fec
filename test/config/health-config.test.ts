import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { checkHealthConfig } from '../../src/config/health-config.ts'
import { KINDS } from '../../src/kinds/index.ts'
import { defineHealth } from '../../src/kinds/health-config.ts'
import { SETTINGS } from '../../src/config/settings.ts'

const check = (config: unknown): unknown => checkHealthConfig(config, 'health.config.json', KINDS)
const tracker = (config: object): unknown => check({ profile: 'tracker_fetcher', ...config })

const METHOD = { module: './fetcher.ts', class: 'Fetcher', method: 'fetchBatch', records: 'batch' }

test.for([
  { why: 'nothing need be set', config: {} },
  { why: 'settings go by their name in code', config: { redisHost: 'redis', largeQueue: 5, redisTls: true } },
  {
    why: 'everything may be set',
    config: {
      profile: 'tracker_fetcher',
      serviceName: 'fetcher',
      dependsOn: ['geocoding', 'location-aggregator.2', 'redis'],
      methods: [METHOD, { ...METHOD, records: 'api_call', upstream: 'apple', result: () => 1 }],
      queues: { immediate: { key: 'q:now', type: 'list' }, leased: { key: 'q:leased', type: 'zset' } },
      queuesRedis: 'rediss://user:secret@redis:6380/1',
      anisetteUrl: 'http://anisette:6969',
      rules: { large_queue: { limit: 1, critical: 2, for: 0, keepFiring: 0.5 } },
    },
  },
  {
    why: 'a worker names its work, channels, upstreams and queues as it likes',
    config: defineHealth({
      methods: [
        {
          module: './worker.js',
          function: 'run',
          records: 'attempt',
          name: 'job',
          success: 'ok',
          reportsFound: (value) => value as number,
        },
        { module: 'some-package', class: 'Client', method: 'send', callback: true, records: 'api_call', upstream: 'mail' },
        { module: './worker.js', function: 'default', records: 'start' },
      ],
      channels: [{ channel: 'app:job', records: 'batch', result: 'batch' }],
      upstreams: { feed: { host: ['feed.example.com', '*.feed.example.com', 'localhost:8080', '[::1]:8080'], records: 'attempt' } },
      queues: {
        jobs: { key: 'jobs:*', type: 'zset', scores: 'seconds' },
        events: { key: 'events', type: 'stream', group: 'workers' },
        mails: { bullmq: 'mails', prefix: 'app' },
        letters: { bull: 'letters' },
        cards: { beeQueue: 'cards', prefix: 'app' },
      },
      rules: { low_work_rate: { limit: 1 } },
    }),
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
    {
      config: { profile: 'geocoder' },
      says: `health.config.json: profile is "geocoder", expected 'worker' or 'geocoding' or 'location_aggregator' or 'notification' or 'realtime_geofence' or 'tracker_fetcher', or a kind made by defineKind.`,
    },
    { config: { serviceName: '' }, says: 'health.config.json: serviceName is "", expected a text that is not empty.' },
    {
      config: { dependsOn: 'redis' },
      says: `health.config.json: dependsOn is "redis", expected a list of names of services and of its own checks, such as ['payments', 'redis'].`,
    },
    {
      config: { dependsOn: ['redis', 'Tracker Fetcher'] },
      says: 'health.config.json: dependsOn[1] is "Tracker Fetcher", expected the name of a service or check: at most 64 of a-z, 0-9, ".", "_" and "-", so write "tracker_fetcher".',
    },
    {
      config: { dependsOn: [5] },
      says: 'health.config.json: dependsOn[0] is 5, expected the name of a service or check: at most 64 of a-z, 0-9, ".", "_" and "-".',
    },
    {
      config: { dependsOn: ['redis', 'geocoding', 'redis'] },
      says: 'health.config.json: dependsOn[2] is "redis" once more, expected each name once: leave it out.',
    },
    {
      config: { dependsOn: Array.from({ length: 21 }, (_, i) => `service_${i}`) },
      says: 'health.config.json: dependsOn has 21 names, expected at most 20: leave out what others that it names depend on anyway.',
    },
    {
      config: { control: ['pause'] },
      says: `health.config.json: control is ["pause"], expected an object such as { allow: ['pause', 'resume'] }.`,
    },
    { config: { control: { alow: [] } }, says: 'health.config.json: control "alow" is not a known key: did you mean "allow"?' },
    {
      config: { control: { allow: 'pause' } },
      says: `health.config.json: control.allow is "pause", expected a list of 'pause', 'resume', 'drain', 'stop', 'start', 'restart'.`,
    },
    {
      config: { control: { allow: ['pause', 'reboot'] } },
      says: `health.config.json: control.allow[1] is "reboot", expected one of 'pause', 'resume', 'drain', 'stop', 'start', 'restart'.`,
    },
    { config: { control: { holds: {} } }, says: 'health.config.json: control.holds is {}, expected a list of functions.' },
    {
      config: { control: { holds: [{ module: './a.js' }] } },
      says: 'health.config.json: control.holds[0] is {"module":"./a.js"}, expected either class and method, or function.',
    },
    {
      config: { control: { holds: [{ module: './a.js', function: 'f', records: 'attempt' }] } },
      says: 'health.config.json: control.holds[0] "records" is not a known key: did you mean "class"?',
    },
    { config: { control: { onPause: 'stop' } }, says: 'health.config.json: control.onPause is "stop", expected a function.' },
    { config: { methods: {} }, says: 'health.config.json: methods is {}, expected a list of methods.' },
    {
      config: { methods: [null] },
      says: 'health.config.json: methods[0] is null, expected an object with module, class, method and records.',
    },
    {
      config: { methods: [METHOD, { module: './a.js', class: 'A', records: 'attempt' }] },
      says: 'health.config.json: methods[1] is {"module":"./a.js","class":"A","records":"attempt"}, expected either class and method, or function.',
    },
    {
      config: { methods: [{ ...METHOD, class: '' }] },
      says: 'health.config.json: methods[0].class is "", expected a text that is not empty.',
    },
    {
      config: { methods: [{ ...METHOD, function: 'f' }] },
      says: /^health\.config\.json: methods\[0\] is .*, expected either class and method, or function\.$/,
    },
    {
      config: { methods: [{ ...METHOD, callback: 'yes' }] },
      says: 'health.config.json: methods[0].callback is "yes", expected true or false.',
    },
    {
      config: { methods: [{ ...METHOD, records: 'calls' }] },
      says: `health.config.json: methods[0].records is "calls", expected 'attempt' or 'batch' or 'api_call' or 'start' or 'stop'.`,
    },
    {
      config: { methods: [{ ...METHOD, records: 'account' }] },
      says: /^health\.config\.json: methods\[0\]\.records is "account", expected 'attempt' or /,
    },
    {
      config: { profile: 'tracker_fetcher', methods: [{ ...METHOD, upstream: 'google' }] },
      says: `health.config.json: methods[0].upstream is "google", expected 'apple' or 'anisette'.`,
    },
    {
      config: { methods: [{ ...METHOD, onError: { 401: {} } }] },
      says: /methods\[0\]\.onError is of use to a record only, such as the state of an account: leave it out of what records batch\.$/,
    },
    {
      config: { profile: 'tracker_fetcher', methods: [{ ...METHOD, records: 'account', onError: { 401: 'gone' } }] },
      says: /methods\[0\]\.onError\.401 is "gone", expected 'logged_in' or /,
    },
    {
      config: { profile: 'tracker_fetcher', methods: [{ ...METHOD, records: 'account', onError: 'logged_out' }] },
      says: /methods\[0\]\.onError is "logged_out", expected an object from code, status or class to state, such as \{ 401: 'logged_out' \}\.$/,
    },
    {
      config: { records: { session: [] }, methods: [{ ...METHOD, records: 'session', onError: { 401: 'out' } }] },
      says: /methods\[0\]\.onError\.401 is "out", expected an object with the fields of the record, or null\.$/,
    },
    {
      config: { upstreams: { bus: { host: 'bus', waits: '20s' } } },
      says: /upstreams\.bus\.waits is "20s", expected true or false\.$/,
    },
    {
      config: { methods: [{ ...METHOD, result: 1 }] },
      says: "health.config.json: methods[0].result is 1, expected a function or the path of a property such as 'reports.length'.",
    },
    {
      config: { channels: [{ channel: '', records: 'attempt' }] },
      says: 'health.config.json: channels[0].channel is "", expected the name of a tracing channel.',
    },
    { config: { upstreams: [] }, says: 'health.config.json: upstreams is [], expected an object from name to host.' },
    { config: { upstreams: { a: 'host' } }, says: 'health.config.json: upstreams.a is "host", expected an object with host.' },
    {
      config: { upstreams: { a: { host: 'https://host/path' } } },
      says: "health.config.json: upstreams.a.host is \"https://host/path\", expected a host as 'gateway.icloud.com', 'localhost:6969' or '*.icloud.com'.",
    },
    { config: { upstreams: { a: { host: [] } } }, says: 'health.config.json: upstreams.a.host is [], expected a host or a list of hosts.' },
    {
      config: { upstreams: { a: { host: 'h', records: 'batch' } } },
      says: `health.config.json: upstreams.a.records is "batch", expected 'attempt'.`,
    },
    {
      config: { methods: [{ ...METHOD, records: 'api_call', upstream: 'mail' }], upstreams: { mail: { host: 'mail' } } },
      says: 'health.config.json: methods[0] and upstreams.mail both record the calls to mail: keep one of them, or each call counts twice.',
    },
    {
      config: { profile: 'tracker_fetcher', queues: 'redis' },
      says: 'health.config.json: queues is "redis", expected an object from name to queue.',
    },
    { config: { queues: 'redis' }, says: 'health.config.json: queues is "redis", expected an object from name to queue.' },
    {
      config: { queues: { hot: 'q' } },
      says: 'health.config.json: queues.hot is "q", expected an object with key and type, or with bullmq, bull or beeQueue.',
    },
    {
      config: { queues: { jobs: { bullmq: '' } } },
      says: 'health.config.json: queues.jobs.bullmq is "", expected the name of a BullMQ queue.',
    },
    {
      config: { queues: { jobs: { beeQueue: 7 } } },
      says: 'health.config.json: queues.jobs.beeQueue is 7, expected the name of a Bee-Queue queue.',
    },
    {
      config: { queues: { [' '.repeat(65)]: { bullmq: 'a' } } },
      says: 'health.config.json: queues has a name of 65 characters: give it 1 to 64.',
    },
    {
      config: { queues: { hot: { key: '', type: 'list' } } },
      says: 'health.config.json: queues.hot.key is "", expected the name of a Redis key.',
    },
    {
      config: { queues: { hot: { key: 'q', type: 'hash' } } },
      says: `health.config.json: queues.hot.type is "hash", expected 'list' or 'set' or 'zset' or 'stream'.`,
    },
    {
      config: { rules: { large_queue: { limit: NaN } } },
      says: 'health.config.json: rules.large_queue.limit is NaN, expected a number >= 0, or a text with its unit.',
    },
    {
      config: { rules: { large_queue: 5 } },
      says: 'health.config.json: rules.large_queue is 5, expected an object with limit, critical, for or keepFiring, or false.',
    },
    {
      config: { anisetteUrl: 'http://anisette:6969' },
      says: "health.config.json: anisetteUrl is of use to a service of another kind only: add profile: 'tracker_fetcher'.",
    },
    {
      config: { profile: 'tracker_fetcher', anisetteUrl: 'anisette:6969' },
      says: 'health.config.json: anisetteUrl must be a URL that begins with http:// or https://.',
    },
    {
      config: { queuesRedis: 'http://redis' },
      says: 'health.config.json: queuesRedis must be a URL that begins with redis:// or rediss://.',
    },
  ])('$says', ({ config, says }) => {
    expect(() => check(config)).toThrow(typeof says === 'string' ? new Error(says) : says)
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
    { config: { profile: 'tracker_fetcher', queues: { warn: { key: 'q', type: 'list' } } }, key: 'warn', nearest: 'warm' },
    { config: { queues: { hot: { key: 'q', type: 'list', group: 'g' } } }, key: 'group', nearest: 'key' },
    { config: { upstreams: { a: { hosts: 'h' } } }, key: 'hosts', nearest: 'host' },
    { config: { channels: [{ chanel: 'a' }] }, key: 'chanel', nearest: 'channel' },
    { config: { profile: 'tracker_fetcher', rules: { low_work_rate: {} } }, key: 'low_work_rate', nearest: 'low_fetch_rate' },
    { config: { queues: { hot: { keys: 'q' } } }, key: 'keys', nearest: 'key' },
    { config: { rules: { largequeue: {} } }, key: 'largequeue', nearest: 'large_queue' },
    { config: { rules: { large_queue: { keep_firing: 1 } } }, key: 'keep_firing', nearest: 'keepFiring' },
    { config: { methods: [{ ...METHOD, klass: 'A' }] }, key: 'klass', nearest: 'class' },
  ])('$key: did you mean $nearest?', ({ config, key, nearest }) => {
    expect(() => check(config)).toThrow(`"${key}" is not a known key: did you mean "${nearest}"?`)
  })

  test('keys that every object has are not known either', () => {
    expect(() => check(JSON.parse('{"__proto__": {}}'))).toThrow('"__proto__" is not a known key')
    expect(() => tracker({ queues: { constructor: { key: 'q', type: 'list' } } })).toThrow('"constructor" is not a known key')
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
    fc.constantFrom(
      ...Object.keys(SETTINGS),
      'profile',
      'serviceName',
      'dependsOn',
      'methods',
      'queues',
      'queuesRedis',
      'anisetteUrl',
      'rules',
    ),
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

test.for(KINDS)('all rules of a $name may be overridden or switched off', ({ name, ruleNames }) => {
  for (const rule of ruleNames) {
    expect(check({ profile: name, rules: { [rule]: { for: 5 } } })).toBeDefined()
    expect(check({ profile: name, rules: { [rule]: false } })).toBeDefined()
  }
})
