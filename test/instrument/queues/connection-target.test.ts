/** Where a worker's Redis is, read from its options as services write them. */
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { expect, test } from 'vitest'

import { connectionTarget } from '../../../src/instrument/queues/connection-target.ts'
import type { RedisTarget } from '../../../src/wire/redis-client.ts'

const LOCAL = { host: '127.0.0.1', port: 6379, database: 0, tls: false }
const lazy = { lazyConnect: true, host: 'redis.internal', port: 6380, db: 3, username: 'app', password: 'secret' }
const FULL = { host: 'redis.internal', port: 6380, database: 3, username: 'app', password: 'secret', tls: false }

test.for<{ why: string; connection: unknown; target: RedisTarget | undefined }>([
  { why: 'nothing given is the default', connection: {}, target: LOCAL },
  { why: 'options of ioredis', connection: { ...lazy, maxRetriesPerRequest: null }, target: FULL },
  { why: 'a port as text', connection: { port: '6390' }, target: { ...LOCAL, port: 6390 } },
  { why: 'options that are null as if not given', connection: { host: null, password: null, sentinels: null }, target: LOCAL },
  { why: 'a client of ioredis 6', connection: new Redis(lazy), target: FULL },
  { why: 'a client of ioredis 5', connection: new Redis5(lazy), target: FULL },
  {
    why: 'a client of node_redis 3',
    connection: { duplicate() {}, internal_send_command() {}, options: { ...lazy, retry_strategy() {} } },
    target: FULL,
  },
  { why: 'a URL', connection: { url: 'redis://app:p%40ss@redis.internal:6380/3' }, target: { ...FULL, password: 'p@ss' } },
  { why: 'a URL of a TLS port', connection: { url: 'rediss://redis.internal' }, target: { ...LOCAL, host: 'redis.internal', tls: true } },
  { why: 'IPv6 in a URL', connection: { url: 'redis://[::1]:6390' }, target: { ...LOCAL, host: '::1', port: 6390 } },
  { why: 'plain TLS', connection: { tls: {} }, target: { ...LOCAL, tls: true } },
  {
    why: 'TLS with the server’s name',
    connection: { host: 'r.io', tls: { servername: 'r.io' } },
    target: { ...LOCAL, host: 'r.io', tls: true },
  },
  { why: 'TLS with a certificate', connection: { tls: { ca: 'PEM' } }, target: undefined },
  { why: 'TLS that trusts everybody', connection: { tls: { rejectUnauthorized: false } }, target: undefined },
  { why: 'sentinels', connection: { sentinels: [{ host: 'a', port: 1 }], name: 'main' }, target: undefined },
  { why: 'a socket of the file system', connection: { path: '/run/redis.sock' }, target: undefined },
  { why: 'a password that a function gives', connection: { password: () => 'x' }, target: undefined },
  { why: 'another client', connection: { duplicate() {}, options: { host: 'x' } }, target: undefined },
  { why: 'a cluster', connection: { duplicate() {}, defineCommand() {}, isCluster: true, options: {} }, target: undefined },
  { why: 'a port that is none', connection: { port: 65_536 }, target: undefined },
  { why: 'a URL with options', connection: { url: 'redis://redis.internal?family=6' }, target: undefined },
  { why: 'a URL of something else', connection: { url: 'postgres://db' }, target: undefined },
  { why: 'no object', connection: 'redis://localhost', target: undefined },
])('$why', ({ connection, target }) => {
  expect(connectionTarget(connection)).toEqual(target)
})

test('whatever is given, what is told can be connected to', () => {
  const odd = fc.oneof(fc.anything(), fc.string(), fc.integer(), fc.webUrl())
  const names = fc.constantFrom('host', 'port', 'db', 'username', 'password', 'tls', 'url', 'path')
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.dictionary(names, odd)), (connection) => {
      let target
      try {
        target = connectionTarget(connection)
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
        return
      }
      if (!target) return
      expect(target).toMatchObject({ host: expect.any(String) as string, tls: expect.any(Boolean) as boolean })
      expect(target.port > 0 && target.port < 65_536 && Number.isInteger(target.database)).toBe(true)
    }),
    { numRuns: 1000 },
  )
})
