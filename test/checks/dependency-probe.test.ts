/** Probes against real servers, frozen ones, ones that only speak TLS, and none. */
import { once } from 'node:events'
import { rm, mkdtemp } from 'node:fs/promises'
import type { AddressInfo, ListenOptions, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'

import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { CheckRunner } from '../../src/checks/check-runner.ts'
import type { DependencyKind } from '../../src/checks/dependency-evidence.ts'
import { dependencyProbe } from '../../src/checks/dependency-probe.ts'
import { startMysql } from '../support/mysql-server.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const KINDS: readonly DependencyKind[] = ['redis', 'postgres', 'mysql']

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
})

const probe = (kind: DependencyKind, address: string, timeoutMs = 2000) => dependencyProbe(kind, address)(AbortSignal.timeout(timeoutMs))

/** A server that does this with every connection. */
async function serve(onSocket: (socket: Socket) => void, listen: ListenOptions = { port: 0, host: '127.0.0.1' }): Promise<string> {
  return listening(
    createServer((socket) => onSocket(socket.on('error', () => {}))),
    listen,
  )
}

async function listening(server: Server, listen: ListenOptions = { port: 0, host: '127.0.0.1' }): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  await once(server.listen(listen), 'listening')
  cleanUps.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return listen.path ?? `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const replies = (text: string) => (socket: Socket) => void socket.once('data', () => socket.end(text))

test('a real Valkey answers, frozen it does not, killed it refuses', async () => {
  const valkey = await startValkey()
  cleanUps.push(() => valkey.stop())
  const address = `127.0.0.1:${valkey.port}`
  expect(await probe('redis', address)).toEqual({ ok: true })
  valkey.kill('SIGSTOP')
  expect(await probe('redis', address, 100)).toEqual({ ok: false, error: 'timeout', reached: true })
  valkey.kill('SIGCONT')
  expect(await probe('redis', address)).toEqual({ ok: true })
  await valkey.stop()
  expect(await probe('redis', address)).toEqual({ ok: false, error: 'ECONNREFUSED', reached: false })
})

test.for([
  { why: 'one that wants a password', reply: '-NOAUTH Authentication required.\r\n', result: { ok: true } },
  { why: 'one in protected mode', reply: '-DENIED Redis is running in protected mode\r\n', result: { ok: true } },
  { why: 'one that is loading', reply: '-LOADING Redis is loading\r\n', result: { ok: false, error: 'LOADING', reached: true } },
  {
    why: 'a replica without its master',
    reply: '-MASTERDOWN Link with MASTER is down\r\n',
    result: { ok: false, error: 'MASTERDOWN', reached: true },
  },
])('Redis: $why', async ({ reply, result }) => {
  expect(await probe('redis', await serve(replies(reply)))).toEqual(result)
})

test('Redis over TLS only: an alert is an answer, and the next probe speaks TLS at once', async () => {
  let connections = 0
  const server = createTlsServer({}).on('connection', () => connections++)
  const ask = dependencyProbe('redis', await listening(server))
  for (let i = 0; i < 3; i++) expect(await ask(AbortSignal.timeout(2000))).toEqual({ ok: true })
  expect(connections).toBe(4)
})

test('a balancer that accepts and closes for a dead server has not answered', async () => {
  const address = await serve((socket) => socket.destroy())
  for (const kind of ['redis', 'postgres', 'mysql'] as const) {
    expect(await probe(kind, address)).toMatchObject({ ok: false, reached: true })
  }
})

test('PostgreSQL answers the request for TLS, before anybody logs in', async () => {
  const postgres = await startPostgres()
  cleanUps.push(() => postgres.stop())
  expect(await probe('postgres', `127.0.0.1:${postgres.port}`)).toEqual({ ok: true })
  await expect.poll(postgres.probes).toBe(1)
})

test('MySQL greets', async () => {
  const database = await startMysql()
  cleanUps.push(() => database.stop())
  expect(await probe('mysql', `127.0.0.1:${database.port}`)).toEqual({ ok: true })
})

test('a Unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otel-health-probe-'))
  cleanUps.push(() => rm(folder, { recursive: true }))
  const address = await serve(replies('+PONG\r\n'), { path: join(folder, 'redis.sock') })
  expect(await probe('redis', address)).toEqual({ ok: true })
  expect(await probe('redis', join(folder, 'none'))).toEqual({ ok: false, error: 'ENOENT', reached: false })
})

test('IPv6 in brackets', async () => {
  const address = await serve(replies('+PONG\r\n'), { port: 0, host: '::1' })
  expect(await probe('redis', `[::1]:${address.split(':').at(-1)}`)).toEqual({ ok: true })
})

describe('an address that nothing can be opened at fails, and rejects nothing', () => {
  const FAILS = { ok: false, error: expect.stringMatching(/^\w+$/), reached: false }

  test.for([
    { why: 'a relative path', address: './run/redis.sock', error: 'ENOENT' },
    { why: 'a path that could be a host', address: 'redis.sock', error: 'ENOENT' },
    { why: 'a path that ends like a port', address: '/run/redis:6379', error: 'ENOENT' },
    { why: 'a port out of range', address: '127.0.0.1:70000', error: 'ERR_SOCKET_BAD_PORT' },
    { why: 'a path with a NUL in it', address: 'a\0b:1', error: 'EINVAL' },
  ])('$why', async ({ address, error }) => {
    for (const kind of KINDS) expect(await probe(kind, address)).toEqual({ ok: false, error, reached: false })
  })

  test('whatever it is', async () => {
    const port = fc.oneof(fc.integer({ min: 65_536 }), fc.constantFrom('', NaN, -1, '0x50', '6379 ', '٣'))
    const host = fc.oneof(fc.constantFrom('', '127.0.0.1', '[::1]', '[', 'localhost', '\0'), fc.string())
    const hostile = fc.oneof(
      fc.tuple(host, port).map((parts) => parts.join(':')),
      fc.string({ unit: 'binary' }).filter((text) => !/:\d+$/.test(text)),
      fc.constantFrom('\\\\.\\pipe\\redis', 'C:\\redis.sock', '\0redis:6379', '/', '.', ':', `/${'x'.repeat(200)}`),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...KINDS), hostile, async (kind, address) => {
        expect(await probe(kind, address)).toEqual(FAILS)
      }),
    )
  })

  test.for(['./run/redis.sock', '127.0.0.1:70000', '\\\\.\\pipe\\redis', ''])('%j in use', async (address) => {
    const clock = new VirtualClock()
    const runner = new CheckRunner({ checks: [], clock })
    await runner.start()
    cleanUps.push(() => runner.stop())
    runner.observe({ kind: 'redis', address, ok: true })
    clock.advance(15_000)
    await runner.runAll()
    expect(runner.results()).toMatchObject({ redis: { status: 'healthy' } })
    runner.observe({ kind: 'redis', address, ok: false, error: 'ENOENT' })
    await expect.poll(() => runner.failing(), { interval: 5 }).toEqual(['redis'])
  })
})

test('a signal that is aborted already is a timeout', async () => {
  expect(await dependencyProbe('redis', '127.0.0.1:1')(AbortSignal.abort())).toEqual({ ok: false, error: 'timeout', reached: false })
})
