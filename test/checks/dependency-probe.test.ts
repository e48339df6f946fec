/** Probes against real servers, frozen ones, ones that only speak TLS, and none. */
import { once } from 'node:events'
import { rm, mkdtemp } from 'node:fs/promises'
import type { AddressInfo, ListenOptions, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'

import { afterEach, expect, test } from 'vitest'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import type { DependencyKind } from '../../src/checks/dependency-evidence.ts'
import { dependencyProbe } from '../../src/checks/dependency-probe.ts'
import { startMysql } from '../support/mysql-server.ts'
import { startPostgres } from '../support/postgres-server.ts'

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

test('a signal that is aborted already is a timeout', async () => {
  expect(await dependencyProbe('redis', '127.0.0.1:1')(AbortSignal.abort())).toEqual({ ok: false, error: 'timeout', reached: false })
})
