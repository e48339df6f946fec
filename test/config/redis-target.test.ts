import { describe, expect, test } from 'vitest'

import { resolveOptions, type OptionSources } from '../../src/config/options.ts'
import { redisTargetOf } from '../../src/config/redis-target.ts'

const DEFAULTS = { host: 'localhost', port: 6379, clusterMode: false, tls: false, shards: 1, timeoutMs: 5000 }
const URL = 'rediss://me:p%40ss@redis.internal:6380/2'
const OF_URL = { ...DEFAULTS, host: 'redis.internal', port: 6380, tls: true, database: 2, username: 'me', password: 'p@ss' }

function targetOf(sources: OptionSources) {
  return redisTargetOf(resolveOptions(sources).settings)
}

test.for<{ why: string; sources: OptionSources; is: object }>([
  { why: 'nothing is set', sources: { env: {} }, is: DEFAULTS },
  {
    why: 'all parts are set',
    sources: {
      env: {
        HEALTH_REDIS_HOST: 'a',
        HEALTH_REDIS_PORT: '1',
        HEALTH_REDIS_USERNAME: 'b',
        HEALTH_REDIS_PASSWORD: 'c',
        HEALTH_REDIS_TLS: 'true',
        HEALTH_REDIS_CA: 'd.pem',
        HEALTH_REDIS_CLUSTER_MODE: 'true',
        HEALTH_REDIS_TIMEOUT: '0.5',
        HEALTH_REDIS_SHARDS: '4',
      },
    },
    is: { host: 'a', port: 1, username: 'b', password: 'c', tls: true, caFile: 'd.pem', clusterMode: true, timeoutMs: 500, shards: 4 },
  },
  { why: 'a URL', sources: { env: { HEALTH_REDIS_URL: URL } }, is: OF_URL },
  {
    why: 'a URL, and what it does not name',
    sources: { env: { HEALTH_REDIS_URL: URL, HEALTH_REDIS_CA: 'd.pem', HEALTH_REDIS_TIMEOUT: '1' } },
    is: { ...OF_URL, caFile: 'd.pem', timeoutMs: 1000 },
  },
  {
    why: 'a URL of the environment stands for all that health.config says of the address',
    sources: { env: { HEALTH_REDIS_URL: 'redis://b' }, config: { redisHost: 'a', redisPort: 1, redisPassword: 'c', redisTls: true } },
    is: { ...DEFAULTS, host: 'b' },
  },
  {
    why: 'a host given in code leaves a URL of the environment aside',
    sources: { env: { HEALTH_REDIS_URL: URL }, code: { redisHost: 'a', redisPort: 1 } },
    is: { ...DEFAULTS, host: 'a', port: 1 },
  },
  {
    why: 'a URL of the environment leaves that of health.config aside',
    sources: { env: { HEALTH_REDIS_URL: URL }, config: { redisUrl: 'redis://a' } },
    is: OF_URL,
  },
])('$why', ({ sources, is }) => {
  expect(targetOf(sources)).toEqual(is)
})

describe('two addresses are refused', () => {
  const both = (url: string, part: string) =>
    `${url} and ${part} are both given, expected one of them: the URL names host, port, user, password and TLS.`
  test.for<{ says: string; sources: OptionSources }>([
    ...['HOST', 'PORT', 'USERNAME', 'PASSWORD', 'TLS'].map((part) => ({
      says: both('HEALTH_REDIS_URL', `HEALTH_REDIS_${part}`),
      sources: {
        env: { HEALTH_REDIS_URL: URL, [`HEALTH_REDIS_${part}`]: part === 'PORT' ? '6379' : part === 'TLS' ? 'false' : 'hunter2' },
      },
    })),
    {
      says: both('The option redisUrl', 'the option redisPort'),
      sources: { env: {}, code: { redisUrl: URL, redisPort: 1 } },
    },
    {
      says: both('redisUrl in health.config', 'redisHost in health.config'),
      sources: { env: {}, config: { redisUrl: URL, redisHost: 'a' } },
    },
    {
      says: both('redisUrl in health.config', 'HEALTH_REDIS_PASSWORD'),
      sources: { env: { HEALTH_REDIS_PASSWORD: 'hunter2' }, config: { redisUrl: 'redis://a' } },
    },
    {
      says: 'HEALTH_REDIS_URL names the database 2, expected none with HEALTH_REDIS_CLUSTER_MODE: a cluster has the database 0 alone.',
      sources: { env: { HEALTH_REDIS_URL: URL, HEALTH_REDIS_CLUSTER_MODE: 'true' } },
    },
  ])('$says', ({ says, sources }) => {
    expect(() => resolveOptions(sources)).toThrow(new Error(says))
  })
})
