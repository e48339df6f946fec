import fc from 'fast-check'
import { expect, test } from 'vitest'

import { parseRedisUrl } from '../../src/config/redis-url.ts'

const PLAIN = { host: 'redis.internal', port: 6379, database: 0, username: undefined, password: undefined, tls: false }

test.for([
  { why: 'a host alone', url: 'redis://redis.internal', is: PLAIN },
  { why: 'a slash at the end', url: 'redis://redis.internal/', is: PLAIN },
  { why: 'blanks around it', url: ' redis://redis.internal\n', is: PLAIN },
  {
    why: 'everything',
    url: 'rediss://me:p%40ss%2F@redis.internal:6380/12',
    is: { host: 'redis.internal', port: 6380, database: 12, username: 'me', password: 'p@ss/', tls: true },
  },
  { why: 'a password alone', url: 'redis://:pass@redis.internal', is: { ...PLAIN, password: 'pass' } },
  { why: 'an IPv6 address', url: 'redis://[::1]:7000', is: { ...PLAIN, host: '::1', port: 7000 } },
  { why: 'another scheme', url: 'http://redis.internal', is: undefined },
  { why: 'no scheme', url: 'redis.internal:6379', is: undefined },
  { why: 'no host', url: 'redis://:6379', is: undefined },
  { why: 'a database that is no number', url: 'redis://redis.internal/cache', is: undefined },
  { why: 'a port that is none', url: 'redis://redis.internal:70000', is: undefined },
  { why: 'port 0', url: 'redis://redis.internal:0', is: undefined },
  { why: 'a password with a slash', url: 'redis://me:1/2@redis.internal', is: undefined },
  { why: 'a password with a hash', url: 'redis://me:1#2@redis.internal', is: undefined },
  { why: 'a password with a question mark', url: 'redis://me:1?2@redis.internal', is: undefined },
  { why: 'a password with a percent sign', url: 'redis://me:100%@redis.internal', is: undefined },
  { why: 'a query, which nobody would follow', url: 'redis://redis.internal?db=3', is: undefined },
  { why: 'nothing', url: '', is: undefined },
])('$why: $url', ({ url, is }) => {
  expect(parseRedisUrl(url)).toEqual(is)
})

test('whatever user and password are, they come back', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 })
  fc.assert(
    fc.property(text, text, fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 0, max: 1e6 }), (username, password, port, database) => {
      const url = `redis://${encodeURIComponent(username)}:${encodeURIComponent(password)}@redis.internal:${port}/${database}`
      expect(parseRedisUrl(url)).toEqual({ host: 'redis.internal', port, database, username, password, tls: false })
    }),
  )
})
