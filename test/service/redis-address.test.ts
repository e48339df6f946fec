import { Redis } from 'ioredis'
import { expect, test } from 'vitest'

import { redisSettings } from '../../src/service/redis-address.ts'

test.for([
  { why: 'a URL', redis: 'redis://redis.internal:6380', is: { redisHost: 'redis.internal', redisPort: 6380 } },
  { why: 'a URL without a port', redis: 'redis://redis.internal', is: { redisHost: 'redis.internal', redisPort: 6379 } },
  { why: 'an IPv6 address', redis: 'redis://[::1]:7000', is: { redisHost: '::1', redisPort: 7000 } },
  {
    why: 'TLS, a user and a password with signs in it',
    redis: 'rediss://app:p%40ss@redis.internal',
    is: { redisHost: 'redis.internal', redisPort: 6379, redisTls: true, redisUsername: 'app', redisPassword: 'p@ss' },
  },
  { why: 'its parts', redis: { host: 'redis.internal', port: 6380 }, is: { redisHost: 'redis.internal', redisPort: 6380 } },
  { why: 'nothing of it, which is the one here', redis: {}, is: { redisHost: 'localhost', redisPort: 6379 } },
  {
    why: 'an ioredis client, whose address is taken',
    redis: new Redis({ host: 'redis.internal', port: 6381, password: 'x', lazyConnect: true }),
    is: { redisHost: 'redis.internal', redisPort: 6381, redisPassword: 'x' },
  },
])('$why is an address', ({ redis, is }) => {
  expect(redisSettings(redis)).toEqual(is)
})

test.for(['localhost:6379', 'http://redis', 'redis://', 'redis://a:%zz@b', ''])('%j is none, and no password is shown', (redis) => {
  expect(() => redisSettings(redis)).toThrow(
    'The option redis is no address of a Redis, expected a URL such as redis://localhost:6379, or host and port.',
  )
})
