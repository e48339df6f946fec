import fc from 'fast-check'
import { expect, test } from 'vitest'

import { serviceRedis } from '../../src/zero-code/service-redis.ts'

test.for([
  { why: 'nothing is said: where Redis is by default', env: {}, is: { host: 'localhost', port: 6379 } },
  { why: 'host and port', env: { REDIS_HOST: 'redis', REDIS_PORT: '6380' }, is: { host: 'redis', port: 6380 } },
  { why: 'a port that Kubernetes sets', env: { REDIS_PORT: 'tcp://10.0.0.1:6381' }, is: { host: '10.0.0.1', port: 6381 } },
  { why: 'blanks around them', env: { REDIS_HOST: ' redis\n', REDIS_PORT: ' 6380 ' }, is: { host: 'redis', port: 6380 } },
  { why: 'a port that is none', env: { REDIS_PORT: 'many' }, is: undefined },
  {
    why: 'a URL with everything',
    env: { REDIS_URL: 'rediss://us%20er:p%40ss@redis:6390/3' },
    is: { host: 'redis', port: 6390, tls: true, database: 3, username: 'us er', password: 'p@ss' },
  },
  { why: 'a host and port without scheme', env: { REDIS_URL: 'myhost:6380' }, is: { host: 'myhost', port: 6380, tls: false } },
  { why: 'an IPv6 address', env: { REDIS_URL: 'redis://[::1]:6380' }, is: { host: '::1', port: 6380, tls: false } },
  { why: 'a password that is not encoded as it should be', env: { REDIS_URL: 'redis://:p%ss@redis' }, is: undefined },
  { why: 'a path of a socket', env: { REDIS_URL: 'unix:///run/redis.sock' }, is: undefined },
])('$why', ({ env, is }) => {
  expect(serviceRedis(undefined, env)).toEqual(is)
})

test('what health.config says comes before the environment', () => {
  expect(serviceRedis('redis://queues:1', { REDIS_URL: 'redis://other:2' })).toMatchObject({ host: 'queues', port: 1 })
})

test('whatever the environment says, nothing is thrown', () => {
  const text = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.string().map((rest) => `redis://${rest}`),
  )
  fc.assert(
    fc.property(text, text, (url, port) => {
      const target = serviceRedis(undefined, { REDIS_URL: url, REDIS_PORT: port })
      expect(target === undefined || (target.host !== '' && target.port > 0)).toBe(true)
    }),
  )
})
