/** What is seen of real clients talking to real servers, and that the clients do not notice. */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { resolve as absolute } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type * as ioredis from 'ioredis'
import type * as mysql2 from 'mysql2'
import type Pg from 'pg'
import type * as nodeRedis from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { type EmbeddedValkey, startValkey } from '../../../examples/valkey/start-valkey.ts'
import type { DependencyEvidence } from '../../../src/checks/dependency-evidence.ts'
import { watchDependencies } from '../../../src/instrument/clients/dependencies.ts'
import { hookModules } from '../../../src/instrument/hook/module-hook.ts'
import { createPublisher } from '../../../src/wire/redis-client.ts'
import type { Cancel } from '../../../src/types.ts'
import type { MysqlServer } from '../../support/mysql-server.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres-server.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const require = createRequire(import.meta.url)

type IORedis = typeof ioredis

const clock = new VirtualClock()
const hook = hookModules()
let seen: DependencyEvidence[] = []
let cancel: Cancel
let valkey: EmbeddedValkey

/** A second passes: the next answer is told again. */
const nextPeriod = (): void => clock.advance(1000)
const summary = (): string[] => seen.map(({ ok, error, refused }) => (ok ? 'ok' : `${refused ? 'refused' : 'failed'} ${error}`))
const last = (): string | undefined => summary().at(-1)

beforeAll(async () => {
  cancel = watchDependencies({ hook, clock, onEvidence: (evidence) => seen.push(evidence) })
  valkey = await startValkey()
})
afterAll(async () => {
  cancel()
  hook.remove()
  await valkey.stop()
})
beforeEach(() => {
  nextPeriod()
  seen = []
})

describe.for(['ioredis', 'ioredis5'])('%s', (name) => {
  let redis: InstanceType<IORedis['Redis']>
  beforeEach(async () => {
    const { Redis } = require(name) as IORedis
    redis = new Redis(valkey.port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => 5 })
    redis.on('error', () => {})
    await redis.connect()
  })
  afterEach(() => redis.disconnect())

  test('an answer tells that the server is alive, one per second, with its latency', async () => {
    for (let i = 0; i < 20; i++) await redis.set('key', i)
    expect(seen).toEqual([{ kind: 'redis', address: `127.0.0.1:${valkey.port}`, ok: true, latencyMs: 0 }])
    nextPeriod()
    await redis.pipeline().get('key').incr('key').exec()
    await redis.get('key')
    expect(seen).toHaveLength(2)
  })

  test('callbacks count like promises', async () => {
    await new Promise((resolve) => redis.get('key', resolve))
    expect(summary()).toEqual(['ok'])
  })

  test('what the client sends for itself is no evidence', () => {
    expect(seen).toEqual([])
  })

  test('an error reply is an answer', async () => {
    await redis.set('text', 'x')
    nextPeriod()
    await expect(redis.lpush('text', 'y')).rejects.toThrow('WRONGTYPE')
    await redis.get('text')
    expect(summary()).toEqual(['ok', 'ok'])
  })

  test('a refusal is told as one', async () => {
    await redis.eval("return redis.error_reply('CLUSTERDOWN The cluster is down')", 0).catch(() => {})
    expect(summary()).toEqual(['refused CLUSTERDOWN'])
  })

  test('a blocking command has no latency', async () => {
    await redis.blpop('no such list', 0.01)
    expect(seen).toEqual([{ kind: 'redis', address: `127.0.0.1:${valkey.port}`, ok: true }])
  })

  test('a rejection that nobody handles stays one', async () => {
    const unhandled: unknown[] = []
    const listeners = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', (reason) => unhandled.push(reason))
    await redis.set('text', 'x')
    void redis.lpush('text', 'y')
    await redis.ping()
    await sleep(5)
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
    expect(String(unhandled)).toMatch('WRONGTYPE')
  })

  test('methods of the client look as they did', () => {
    const { sendCommand, connect } = Object.getPrototypeOf(redis) as Record<string, object>
    expect(
      [sendCommand, connect].map((fn) => [Reflect.get(fn!, 'name'), Reflect.get(fn!, 'length'), Object.hasOwn(fn!, 'prototype')]),
    ).toEqual([
      ['sendCommand', 2, false],
      ['connect', 1, false],
    ])
  })

  test('a connection that is lost and attempts that fail are told once each', async () => {
    await redis.get('key')
    const other = await startValkey()
    const { Redis } = require(name) as IORedis
    const client = new Redis(other.port, '127.0.0.1', { retryStrategy: () => 5 })
    client.on('error', () => {})
    await client.get('key')
    seen = []
    await other.stop()
    await expect.poll(last, { interval: 5 }).toBe('failed ECONNREFUSED')
    expect(summary()[0]).toMatch(/^failed (closed|ECONNRESET)$/)
    client.disconnect()
  })

  test('what the service closes itself is no failure', async () => {
    await redis.get('key')
    seen = []
    redis.disconnect()
    await once(redis, 'end')
    expect(seen).toEqual([])
  })

  test('a socket is known by its absolute path', async () => {
    const { Redis } = require(name) as IORedis
    const client = new Redis({ path: './no such/redis.sock', lazyConnect: true, retryStrategy: () => null })
    client.on('error', () => {})
    await expect(client.connect()).rejects.toThrow('Connection is closed')
    expect(seen).toEqual([{ kind: 'redis', address: absolute('no such/redis.sock'), ok: false, error: 'ENOENT' }])
  })

  test('a node of a cluster that was never asked anything is not in use', async () => {
    const { Redis } = require(name) as IORedis
    const node = new Redis(valkey.port, '127.0.0.1', { retryStrategy: null })
    await once(node, 'ready')
    node.disconnect()
    await once(node, 'end')
    expect(seen).toEqual([])
  })
})

test('what otel-health itself sends is no evidence', async () => {
  const { client } = await createPublisher({ host: '127.0.0.1', port: valkey.port }, 1000)
  await client.connect()
  await client.ping()
  nextPeriod()
  await Promise.all([client.get('key'), client.lpush('list', 1)])
  client.disconnect()
  await once(client, 'end')
  expect(seen).toEqual([])
})

describe('redis', () => {
  const { createClient } = require('redis') as typeof nodeRedis
  const connect = async (port: number) => {
    const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: () => 5 } })
    client.on('error', () => {})
    return client.connect()
  }

  test('answers are told once per second, then nobody listens', async () => {
    const client = await connect(valkey.port)
    for (let i = 0; i < 5; i++) await client.get('key')
    expect(seen).toEqual([{ kind: 'redis', address: `127.0.0.1:${valkey.port}`, ok: true, latencyMs: 0 }])
    nextPeriod()
    await client.multi().get('key').exec()
    expect(seen).toHaveLength(2)
    nextPeriod()
    await client.blPop('no such list', 0.01)
    expect(seen[2]).not.toHaveProperty('latencyMs')
    client.destroy()
  })

  test('a socket is known by its absolute path', async () => {
    const client = createClient({ socket: { path: 'redis.sock', reconnectStrategy: false } })
    client.on('error', () => {})
    await expect(client.connect()).rejects.toThrow('ENOENT')
    expect(seen).toEqual([{ kind: 'redis', address: absolute('redis.sock'), ok: false, error: 'ENOENT' }])
  })

  test('lost connections and failed attempts are told', async () => {
    const other = await startValkey()
    const client = await connect(other.port)
    await client.get('key')
    seen = []
    await other.stop()
    await expect.poll(last, { interval: 5 }).toBe('failed ECONNREFUSED')
    client.destroy()
  })
})

describe('pg', () => {
  let postgres: PostgresServer
  let pg: typeof Pg
  beforeAll(async () => {
    pg = require('pg') as typeof Pg
    postgres = await startPostgres()
  })
  afterAll(() => postgres.stop())
  const options = () => ({ host: '127.0.0.1', port: postgres.port, user: 'test', connectionTimeoutMillis: 1000 })

  test('promises, callbacks, pools, prepared queries and submitted ones are told, and return what they did', async () => {
    const pool = new pg.Pool(options())
    expect((await pool.query('SELECT 1')).rows).toEqual([{ one: '1' }])
    nextPeriod()
    expect((await pool.query('SELECT $1', ['1'])).rows).toHaveLength(1)
    nextPeriod()
    expect(await new Promise((resolve) => pool.query('SELECT 1', (_, result) => resolve(result.rows)))).toEqual([{ one: '1' }])
    nextPeriod()
    const client = await pool.connect()
    const query = new pg.Query('SELECT 1')
    expect(client.query(query)).toBe(query)
    await once(query, 'end')
    client.release()
    await pool.end()
    expect(seen).toEqual(
      Array.from({ length: 4 }, () => ({ kind: 'postgres', address: `127.0.0.1:${postgres.port}`, ok: true, latencyMs: 0 })),
    )
  })

  test.for([
    { sqlState: '23505', told: [] },
    { sqlState: '42601', told: [] },
    { sqlState: '53300', told: ['refused 53300'] },
    { sqlState: '57P01', told: ['refused 57P01'] },
  ])('the error $sqlState tells $told', async ({ sqlState, told }) => {
    const client = new pg.Client(options())
    client.on('error', () => {})
    await client.connect()
    seen = []
    await expect(client.query(`error ${sqlState}`)).rejects.toMatchObject({ code: sqlState })
    if (sqlState === '57P01') await new Promise((resolve) => client.once('end', resolve))
    else await client.end()
    expect(summary()).toEqual(told)
  })

  test('a connection that nobody uses is watched too', async () => {
    const pool = new pg.Pool(options())
    pool.on('error', () => {})
    await pool.query('SELECT 1')
    postgres.fail('57P01')
    await expect.poll(last, { interval: 5 }).toBe('refused 57P01')
    await pool.end()
  })

  test('a connection that cannot be made is told once', async () => {
    const closed = await startPostgres()
    await closed.stop()
    const { port } = closed
    const client = new pg.Client({ ...options(), port })
    await expect(client.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(seen).toEqual([{ kind: 'postgres', address: `127.0.0.1:${port}`, ok: false, error: 'ECONNREFUSED' }])
  })

  test('ending a client is no failure', async () => {
    const client = new pg.Client(options())
    await client.connect()
    await client.end()
    expect(summary()).toEqual(['ok'])
  })
})

describe('mysql2', () => {
  const mysql = () => require('mysql2') as typeof mysql2
  let server: MysqlServer
  let port: number
  beforeAll(async () => {
    const { startMysql } = await import('../../support/mysql-server.ts')
    server = await startMysql()
    port = server.port
  })
  afterAll(() => server.stop())

  test('promises, callbacks, pools and events are told', async () => {
    const pool = mysql().createPool({ host: '127.0.0.1', port, user: 'test' })
    await pool.promise().query('SELECT 1')
    nextPeriod()
    await new Promise((resolve) => pool.query('SELECT 1', resolve))
    nextPeriod()
    await once(pool.query('SELECT 1'), 'end')
    expect(seen).toEqual(Array.from({ length: 3 }, () => ({ kind: 'mysql', address: `127.0.0.1:${port}`, ok: true, latencyMs: 0 })))
    await pool.promise().end()
  })

  test.for([
    { sql: 'error 1062', code: 'ER_DUP_ENTRY', told: ['ok'] },
    { sql: 'error 1040', code: 'ER_CON_COUNT_ERROR', told: ['refused ER_CON_COUNT_ERROR'] },
    { sql: 'leave', code: 'PROTOCOL_CONNECTION_LOST', told: ['failed PROTOCOL_CONNECTION_LOST'] },
  ])('$sql is $code and tells $told', async ({ sql, code, told }) => {
    const connection = mysql().createConnection({ host: '127.0.0.1', port, user: 'test' })
    connection.on('error', () => {})
    await connection.promise().query('SELECT 1')
    nextPeriod()
    seen = []
    await expect(connection.promise().query(sql)).rejects.toMatchObject({ code })
    expect(summary()).toEqual(told)
    connection.destroy()
  })

  test('a socket is known by its absolute path', async () => {
    const connection = mysql().createConnection({ socketPath: './no such/mysql.sock', user: 'test' })
    await once(connection, 'error')
    expect(seen).toEqual([{ kind: 'mysql', address: absolute('no such/mysql.sock'), ok: false, error: 'ENOENT' }])
  })

  test('an error that nobody listens for still is one', async () => {
    const closed = await startPostgres()
    await closed.stop()
    const connection = mysql().createConnection({ host: '127.0.0.1', port: closed.port, user: 'test' })
    expect(connection.listenerCount('error')).toBe(0)
    const [error] = (await once(connection, 'error')) as [{ code: string }]
    expect(error.code).toBe('ECONNREFUSED')
    expect(summary()).toEqual(['failed ECONNREFUSED'])
  })
})
