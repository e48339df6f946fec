import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { resolveOptions } from '../../src/config/options.ts'
import type { SettingName, Settings } from '../../src/config/settings.ts'
import { Expected, SETTINGS } from '../../src/config/settings.ts'

const NAMES = Object.keys(SETTINGS) as SettingName[]

/** Three values of each setting, none of them its default, with the text of the first. */
const VALUES: Record<SettingName, readonly [string, unknown, unknown, unknown]> = {
  publishingInterval: ['5', 5, 6, 7],
  metricsInterval: ['60.5', 60.5, 61, 62],
  retentionHours: ['48', 48, 49, 50],
  evaluationInterval: ['0.5', 0.5, 2, 3],
  drainLimit: ['60', 60, 61, 62],
  redisHost: ['redis.internal', 'redis.internal', 'b', 'c'],
  redisPort: ['6380', 6380, 6381, 6382],
  redisClusterMode: ['TRUE', true, true, true],
  redisUsername: ['health', 'health', 'b', 'c'],
  redisPassword: ['  a b\t', '  a b\t', 'b', 'c'],
  redisTls: ['1', true, true, true],
  redisCa: ['/etc/ca.pem', '/etc/ca.pem', 'b', 'c'],
  redisUrl: ['rediss://a:b@redis.internal:6380/2', 'rediss://a:b@redis.internal:6380/2', 'redis://b', 'redis://c'],
  redisTimeout: ['1.5', 1.5, 2, 3],
  redisShards: ['8', 8, 16, 32],
  hmacKey: ['  sixteen letters', '  sixteen letters', 'b'.repeat(16), 'c'.repeat(100)],
  httpPort: ['8011', 8011, 8012, 8013],
  httpHost: ['0.0.0.0', '0.0.0.0', '::1', '::'],
  httpToken: ['0123456789abcdef', '0123456789abcdef', 'b'.repeat(16), 'c'.repeat(100)],
  largeQueue: ['9e3', 9000, 9001, 9002],
  veryLargeQueue: ['60000', 60_000, 60_001, 60_002],
  minSuccessRateHealthy: ['81.5', 81.5, 82, 83],
  minSuccessRateDegraded: ['0', 0, 51, 52],
  minFetchRate: ['0', 0, 1, 2],
  maxApiResponseTime: ['5000', 5000, 5001, 5002],
}

describe.for(NAMES)('%s', (name) => {
  const { env: variable, default: fallback } = SETTINGS[name]
  const [text, parsed, fromConfig, fromCode] = VALUES[name]
  const resolve = (env: string | undefined, config?: unknown, code?: unknown): unknown =>
    resolveOptions({
      env: { [variable]: env },
      ...(config !== undefined && { config: { [name]: config } }),
      ...(code !== undefined && { code: { [name]: code } }),
    }).settings[name]

  test('without any source the default holds', () => {
    expect(resolve(undefined)).toBe(fallback)
  })
  test('health.config wins over the default', () => {
    expect(resolve(undefined, fromConfig)).toBe(fromConfig)
  })
  test('the environment wins over health.config', () => {
    expect(resolve(text, fromConfig)).toBe(parsed)
  })
  test('code wins over the environment', () => {
    expect(resolve(text, fromConfig, fromCode)).toBe(fromCode)
  })
  test('an empty variable counts as unset', () => {
    expect(resolve('', fromConfig)).toBe(fromConfig)
    expect(resolve('')).toBe(fallback)
  })
  test('blanks around a variable are no part of it, nor is the end of the line of a secret', () => {
    const isSecret = (SETTINGS[name] as { readonly secret?: boolean }).secret === true
    expect(resolve(isSecret ? `${text}\r\n` : ` ${text}\n`)).toBe(parsed)
  })
  test('the default is a value that may be set', () => {
    expect(fallback === undefined || SETTINGS[name].check(fallback) === fallback).toBe(true)
  })
})

test('every setting has a variable of its own and a description that is a sentence', () => {
  const variables = Object.values(SETTINGS).map(({ env }) => env)
  expect(new Set(variables).size).toBe(NAMES.length)
  for (const { env, description } of Object.values(SETTINGS)) {
    expect(env).toMatch(/^[A-Z][A-Z_]+$/)
    expect(description).toMatch(/^[A-Z].*\.$/)
  }
})

describe('a value that does not parse stops the start with one sentence', () => {
  test.for([
    {
      env: { HEALTH_PUBLISHING_INTERVAL: '30s' },
      says: 'HEALTH_PUBLISHING_INTERVAL is "30s", expected a number from 0.1 to 3600.',
    },
    { env: { HEALTH_PUBLISHING_INTERVAL: '0' }, says: 'HEALTH_PUBLISHING_INTERVAL is "0", expected a number from 0.1 to 3600.' },
    { env: { HEALTH_METRICS_INTERVAL: 'NaN' }, says: 'HEALTH_METRICS_INTERVAL is "NaN", expected a number from 0.1 to 86400.' },
    { env: { HEALTH_RETENTION_HOURS: 'Infinity' }, says: 'HEALTH_RETENTION_HOURS is "Infinity", expected a number from 0.1 to 8760.' },
    { env: { HEALTH_EVALUATION_INTERVAL: ' ' }, says: 'HEALTH_EVALUATION_INTERVAL is " ", expected a number from 0.1 to 60.' },
    { env: { HEALTH_REDIS_PORT: '6379.5' }, says: 'HEALTH_REDIS_PORT is "6379.5", expected a whole number from 1 to 65535.' },
    {
      // What Kubernetes sets in every pod beside a service called health-redis.
      env: { HEALTH_REDIS_PORT: 'tcp://10.0.0.7:6379' },
      says: 'HEALTH_REDIS_PORT is "tcp://10.0.0.7:6379", expected a whole number from 1 to 65535.',
    },
    { env: { HEALTH_REDIS_TLS: 'yes' }, says: 'HEALTH_REDIS_TLS is "yes", expected true or false.' },
    ...['  ', 'redis.internal:6379', 'a b', 'redis:', "'redis'", 'HEALTH_REDIS_HOST=redis'].map((host) => ({
      env: { HEALTH_REDIS_HOST: host },
      says: `HEALTH_REDIS_HOST is "${host}", expected the name or address of a host; a URL goes into HEALTH_REDIS_URL.`,
    })),
    {
      env: { HEALTH_REDIS_HOST: 'redis://:hunter2@redis.internal' },
      says: 'HEALTH_REDIS_HOST is "redis://***@redis.internal", expected the name or address of a host; a URL goes into HEALTH_REDIS_URL.',
    },
    {
      env: { HEALTH_REDIS_URL: 'http://:hunter2@redis.internal' },
      says: 'HEALTH_REDIS_URL is of type string, expected a URL such as rediss://redis.internal:6380/0, before whose host user and password may stand, percent-encoded, as user:password@.',
    },
    {
      env: { HEALTH_REDIS_HOST: 'hunter2@redis.internal' },
      says: 'HEALTH_REDIS_HOST is "***@redis.internal", expected the name or address of a host; a URL goes into HEALTH_REDIS_URL.',
    },
    { env: { HEALTH_REDIS_TIMEOUT: '0' }, says: 'HEALTH_REDIS_TIMEOUT is "0", expected a number from 0.1 to 60.' },
    { env: { HEALTH_REDIS_SHARDS: '1025' }, says: 'HEALTH_REDIS_SHARDS is "1025", expected a whole number from 1 to 1024.' },
    { env: { HEALTH_HMAC_KEY: 'hunter2' }, says: 'HEALTH_HMAC_KEY is of type string, expected a text of at least 16 characters.' },
    { env: { HEALTH_HTTP_PORT: '0' }, says: 'HEALTH_HTTP_PORT is "0", expected a whole number from 1 to 65535.' },
    {
      env: { HEALTH_HTTP_HOST: 'http://0.0.0.0' },
      says: 'HEALTH_HTTP_HOST is "http://0.0.0.0", expected the name or address that is listened on, such as 127.0.0.1, ::1, or 0.0.0.0 for every address.',
    },
    {
      env: { HEALTH_HTTP_TOKEN: 'hunter2' },
      says: 'HEALTH_HTTP_TOKEN is of type string, expected a text of at least 16 characters without blanks.',
    },
    { env: { LARGE_QUEUE_THRESHOLD: '-1' }, says: 'LARGE_QUEUE_THRESHOLD is "-1", expected a whole number from 1 to 1000000000.' },
    { env: { MIN_SUCCESS_RATE_HEALTHY: '101' }, says: 'MIN_SUCCESS_RATE_HEALTHY is "101", expected a number from 0 to 100.' },
    { env: { MIN_FETCH_RATE: '1,5' }, says: 'MIN_FETCH_RATE is "1,5", expected a number from 0 to 1000000000.' },
    {
      env: { MAX_API_RESPONSE_TIME: `1\n\u001b[31m${'0'.repeat(10_000)}` },
      says: `MAX_API_RESPONSE_TIME is "1\\n\\u001b[31m${'0'.repeat(86)}…, expected a number from 1 to 3600000.`,
    },
    {
      env: { LARGE_QUEUE_THRESHOLD: '100', VERY_LARGE_QUEUE_THRESHOLD: '99' },
      says: 'VERY_LARGE_QUEUE_THRESHOLD is 99, expected at least LARGE_QUEUE_THRESHOLD (100).',
    },
    {
      env: { MIN_SUCCESS_RATE_HEALTHY: '40' },
      says: 'MIN_SUCCESS_RATE_DEGRADED is 50, expected at most MIN_SUCCESS_RATE_HEALTHY (40).',
    },
  ])('$says', ({ env, says }) => {
    expect(() => resolveOptions({ env })).toThrow(new Error(says))
  })

  test.for([
    { code: { redisPort: '6379' }, says: 'The option redisPort is "6379", expected a whole number from 1 to 65535.' },
    { code: { redisPort: null }, says: 'The option redisPort is null, expected a whole number from 1 to 65535.' },
    { code: { largeQueue: NaN }, says: 'The option largeQueue is NaN, expected a whole number from 1 to 1000000000.' },
    { code: { minFetchRate: 10n }, says: 'The option minFetchRate is 10, expected a number from 0 to 1000000000.' },
    { code: { redisTls: () => true }, says: 'The option redisTls is a function, expected true or false.' },
    { code: { redisPassword: 20_001 }, says: 'The option redisPassword is of type number, expected a text that is not empty.' },
    { code: { redisPassword: '' }, says: 'The option redisPassword is empty, expected a text that is not empty.' },
  ])('$says', ({ code, says }) => {
    expect(() => resolveOptions({ env: {}, code: code as Partial<Settings> })).toThrow(new Error(says))
  })
})

test('whatever stands in the environment, it is a valid setting or one printable sentence that names the variable', () => {
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), fc.string({ unit: 'binary' }), (name, text) => {
      const { env: variable, check } = SETTINGS[name]
      try {
        const value = resolveOptions({ env: { [variable]: text } }).settings[name]
        if (value !== undefined) expect(check(value)).not.toBeInstanceOf(Expected)
      } catch (error) {
        expect((error as Error).message).toMatch(/^[A-Z_]+ is .*expected .*\.$/)
        expect((error as Error).message).toContain(variable)
      }
    }),
  )
})
