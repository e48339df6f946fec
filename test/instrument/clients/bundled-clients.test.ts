/** Clients that the module hook did not reach, as in a bundle: seen through their channels, and only now and then listened to. */
import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'

import { Redis } from 'ioredis'
import mysql from 'mysql2'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { type EmbeddedValkey, startValkey } from '../../../examples/valkey/start-valkey.ts'
import type { DependencyEvidence } from '../../../src/checks/dependency-evidence.ts'
import { watchDependencies } from '../../../src/instrument/clients/dependencies.ts'
import { hookModules } from '../../../src/instrument/hook/module-hook.ts'
import type { Cancel } from '../../../src/types.ts'
import { type MysqlServer, startMysql } from '../../support/mysql-server.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const clock = new VirtualClock()
const hook = hookModules()
let seen: DependencyEvidence[] = []
let cancel: Cancel
let valkey: EmbeddedValkey
let database: MysqlServer

beforeAll(async () => {
  cancel = watchDependencies({ hook, clock, onEvidence: (evidence) => seen.push(evidence) })
  valkey = await startValkey()
  database = await startMysql()
})
afterAll(async () => {
  cancel()
  hook.remove()
  await valkey.stop()
  database.stop()
})
beforeEach(() => {
  clock.advance(1000)
  seen = []
})

test('ioredis: one answer per second is told, then nobody listens', async () => {
  const redis = new Redis(valkey.port, '127.0.0.1')
  await once(redis, 'ready')
  clock.advance(1000)
  seen = []
  await redis.get('key')
  expect(channel('tracing:ioredis:command:start').hasSubscribers).toBe(false)
  await redis.get('key')
  expect(seen).toEqual([{ kind: 'redis', address: `127.0.0.1:${valkey.port}`, ok: true, latencyMs: 0 }])
  clock.advance(1000)
  await Promise.all(Array.from({ length: 500 }, () => redis.get('key')))
  expect(seen).toHaveLength(2)
  redis.disconnect()
})

test('ioredis: a connection that cannot be made is told', async () => {
  const other = await startValkey()
  const redis = new Redis(other.port, '127.0.0.1', { lazyConnect: true, retryStrategy: null })
  redis.on('error', () => {})
  await other.stop()
  await redis.connect().catch(() => {})
  expect(seen).toEqual([{ kind: 'redis', address: `127.0.0.1:${other.port}`, ok: false, error: 'closed' }])
})

test('mysql2: queries with promises and callbacks are told', async () => {
  const pool = mysql.createPool({ host: '127.0.0.1', port: database.port, user: 'test' })
  await pool.promise().query('SELECT 1')
  clock.advance(1000)
  await new Promise((resolve) => pool.query('SELECT 1', resolve))
  expect(seen).toEqual(Array.from({ length: 2 }, () => ({ kind: 'mysql', address: `127.0.0.1:${database.port}`, ok: true, latencyMs: 0 })))
  await pool.promise().end()
})

test('what is cancelled listens no more', async () => {
  cancel()
  for (const name of ['tracing:ioredis:command:start', 'tracing:ioredis:connect:start', 'tracing:mysql2:query:start', 'node-redis:error']) {
    expect(channel(name).hasSubscribers).toBe(false)
  }
})
