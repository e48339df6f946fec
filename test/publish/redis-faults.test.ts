import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterEach, expect, test } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { systemClock } from '../../src/clock.ts'
import { createPublisher } from '../../src/wire/redis-client.ts'
import { RedisExporter, type RedisExporterOptions } from '../../src/publish/redis-exporter.ts'
import { diagLines } from '../contracts/diag-lines.ts'
import { HealthChannels, isAlert, isStatus } from '../contracts/health-channels.ts'
import { snapshotOf, transitionOf } from '../wire/fixtures.ts'
import { freePort } from '../../examples/valkey/free-port.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function valkeyOn(port?: number): Promise<EmbeddedValkey> {
  const valkey = await startValkey(port === undefined ? {} : { port })
  cleanups.push(() => valkey.stop())
  return valkey
}

async function channelsOn(port: number): Promise<HealthChannels> {
  const channels = await HealthChannels.of(port)
  cleanups.push(() => channels.close())
  return channels
}

function exporterTo(port: number, options: Partial<RedisExporterOptions> = {}): RedisExporter {
  const exporter = new RedisExporter({
    target: { host: '127.0.0.1', port },
    clock: systemClock,
    service: 'tracker_fetcher',
    instance: '4f2c',
    publishingIntervalMs: 30_000,
    retentionMs: 86_400_000,
    timeoutMs: 150,
    firstWaitMs: 5,
    longestWaitMs: 20,
    ...options,
  })
  cleanups.push(() => exporter.stop(snapshotOf({ phase: 'stopped' }), 0))
  return exporter
}

const types = (messages: readonly { readonly body: Record<string, unknown> }[]) => messages.map(({ body }) => body['type'])

test('Redis is absent at the start: nothing is loaded, the service runs on, and what happened is told once it is there', async () => {
  const lines = diagLines()
  const port = await freePort()
  const exporter = exporterTo(port, { longestWaitMs: 200 })
  expect(await exporter.load(10_000)).toBeUndefined()
  exporter.status(snapshotOf({ reasons: ['first'] }))
  exporter.transition(transitionOf('fired'))
  exporter.transition(transitionOf('resolved'))
  exporter.status(snapshotOf({ reasons: ['last'] }))
  await valkeyOn(port)
  const redis = new Redis(port)
  cleanups.push(() => redis.disconnect())
  await expect.poll(() => redis.exists('{health}:status:tracker_fetcher:4f2c'), { interval: 5 }).toBe(1)
  const entries = await redis.xrange('{health}:alerts', '-', '+')
  expect(entries.map(([, [, text]]) => (JSON.parse(text!) as { type: string }).type)).toEqual(['fired', 'resolved'])
  expect(await redis.get('{health}:status:tracker_fetcher:4f2c')).toContain('"reasons":["last"]')
  expect(lines).toEqual([
    `otel-health: Redis at 127.0.0.1:${port} takes no messages (ECONNREFUSED). The service is not affected; status and alerts are kept and sent later.`,
    `otel-health: Redis at 127.0.0.1:${port} takes messages again; what was kept is sent now.`,
  ])
})

test('an answer that comes too late is asked for again: no saved alert is forgotten', async () => {
  const valkey = await valkeyOn()
  const before = exporterTo(valkey.port, { instance: 'before' })
  await before.load(1000)
  before.transition(transitionOf('fired', { id: 'a' }))
  await before.stop(snapshotOf({ phase: 'stopped' }), 1000)
  const exporter = exporterTo(valkey.port, { alertIds: ['a'] })
  expect(await exporter.load(0)).toBeUndefined()
  // Answers come in order: with this one, the one that was too late is there as well.
  await expect.poll(() => exporter.presence(), { interval: 5 }).toBeDefined()
  expect(await exporter.load(1000)).toMatchObject([{ rev: 1, alert: { id: 'a', state: 'firing' } }])
})

test('Redis was absent and there was nothing to say: the first alert after that is told at once', async () => {
  const port = await freePort()
  const exporter = exporterTo(port)
  expect(await exporter.load(10_000)).toBeUndefined()
  await valkeyOn(port)
  await expect.poll(() => exporter.presence(), { interval: 5 }).toBeDefined()
  const channels = await channelsOn(port)
  exporter.transition(transitionOf('fired'))
  expect(types(await channels.take(1))).toEqual(['fired'])
})

test('an open alert that has no room to be saved again is counted, and keeps nothing from being told', async () => {
  const first = await valkeyOn()
  const exporter = exporterTo(first.port, { outboxLimit: 2 })
  await exporter.load(1000)
  const channels = await channelsOn(first.port)
  exporter.transition(transitionOf('fired', { id: 'a' }))
  await channels.take(1)
  await first.stop()
  exporter.transition(transitionOf('fired', { id: 'b' }))
  exporter.transition(transitionOf('fired', { id: 'c' }))
  exporter.status(snapshotOf())
  await valkeyOn(first.port)
  const redis = new Redis(first.port)
  cleanups.push(() => redis.disconnect())
  await expect.poll(() => redis.exists('{health}:status:tracker_fetcher:4f2c'), { interval: 5 }).toBe(1)
  expect(await redis.zrange('{health}:open', '0', '-1')).toEqual(['b', 'c'])
  expect(await redis.xlen('{health}:alerts')).toBe(2)
  expect(exporter.stats.dropped).toBe(1)
})

test('Redis is killed and comes back empty: open alerts are saved again, what came meanwhile is told in order', async () => {
  const lines = diagLines()
  const first = await valkeyOn()
  const exporter = exporterTo(first.port)
  await exporter.load(1000)
  const channels = await channelsOn(first.port)
  exporter.transition(transitionOf('fired', { id: 'before' }))
  exporter.status(snapshotOf())
  const [before] = await channels.take(2)
  await first.stop()
  exporter.transition(transitionOf('fired', { id: 'meanwhile' }))
  exporter.transition(transitionOf('escalated', { id: 'meanwhile', severity: 'CRITICAL' }))
  exporter.status(snapshotOf({ reasons: ['back'] }))
  await valkeyOn(first.port)
  const redis = new Redis(first.port)
  cleanups.push(() => redis.disconnect())
  await expect.poll(() => redis.exists('{health}:status:tracker_fetcher:4f2c'), { interval: 5 }).toBe(1)
  const told = (await redis.xrange('{health}:alerts', '-', '+')).map(([, [, text]]) => JSON.parse(text!) as Record<string, unknown>)
  expect(told.map(({ type, seq }) => [type, seq])).toEqual([
    ['fired', 1],
    ['escalated', 2],
  ])
  expect(told[0]!['epoch']).not.toBe(before!.body['epoch'])
  expect((await redis.zrange('{health}:open', '0', '-1')).toSorted()).toEqual(['before', 'meanwhile'])
  exporter.transition(transitionOf('resolved', { id: 'before' }))
  await expect.poll(() => redis.zrange('{health}:open', '0', '-1'), { interval: 5 }).toEqual(['meanwhile'])
  expect(exporter.stats).toMatchObject({ dropped: 0, reconnects: 1, conflicts: 0 })
  expect(lines).toHaveLength(2)
})

test('Redis freezes: it is noticed, and after it goes on every alert message has been told once', async () => {
  const lines = diagLines()
  const valkey = await valkeyOn()
  const exporter = exporterTo(valkey.port)
  await exporter.load(1000)
  const channels = await channelsOn(valkey.port)
  exporter.transition(transitionOf('fired'))
  await channels.take(1)
  valkey.kill('SIGSTOP')
  exporter.transition(transitionOf('escalated', { severity: 'CRITICAL' }))
  await expect.poll(() => lines.length, { interval: 5 }).toBe(1)
  expect(lines[0]).toContain('(no answer)')
  exporter.transition(transitionOf('resolved', { severity: 'CRITICAL' }))
  exporter.status(snapshotOf({ reasons: ['after'] }))
  valkey.kill('SIGCONT')
  await channels.take(1, (message) => isStatus(message) && String(message.body['reasons']) === 'after')
  const redis = new Redis(valkey.port)
  cleanups.push(() => redis.disconnect())
  const told = (await redis.xrange('{health}:alerts', '-', '+')).map(([, [, text]]) => JSON.parse(text!) as Record<string, unknown>)
  expect(told.map(({ type }) => type)).toEqual(['fired', 'escalated', 'resolved'])
  expect(lines).toHaveLength(2)
})

test('a stall of our own event loop is no failure of Redis', async () => {
  const lines = diagLines()
  const valkey = await valkeyOn()
  const exporter = exporterTo(valkey.port)
  await exporter.load(1000)
  const channels = await channelsOn(valkey.port)
  exporter.status(snapshotOf())
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
  await channels.take(1)
  exporter.status(snapshotOf())
  await channels.take(1)
  expect(lines).toEqual([])
  expect(exporter.stats).toMatchObject({ failed: 0, reconnects: 0 })
})

test('while Redis is away the outbox is bounded: each alert keeps its first and last message, the loss is counted and said once', async () => {
  const lines = diagLines()
  const port = await freePort()
  const exporter = exporterTo(port, { outboxLimit: 10 })
  await exporter.load(1000)
  for (let i = 0; i < 50; i++) {
    exporter.transition(transitionOf('fired', { id: 'a', episode: i }))
    exporter.transition(transitionOf('resolved', { id: 'b', episode: i }))
  }
  await valkeyOn(port)
  const redis = new Redis(port)
  cleanups.push(() => redis.disconnect())
  exporter.status(snapshotOf())
  await expect.poll(() => redis.exists('{health}:status:tracker_fetcher:4f2c'), { interval: 5 }).toBe(1)
  const told = (await redis.xrange('{health}:alerts', '-', '+')).map(([, [, text]]) => JSON.parse(text!) as Record<string, unknown>)
  const episodes = (id: string) => told.filter((message) => message['alert_id'] === id).map(({ episode }) => episode)
  for (const id of ['a', 'b']) expect([episodes(id)[0], episodes(id).at(-1)]).toEqual([0, 49])
  expect(exporter.stats.dropped).toBe(100 - told.length)
  expect(told.length).toBeLessThanOrEqual(10)
  expect(lines.filter((line) => line.includes('dropped'))).toHaveLength(1)
})

test('order survives a burst: what is told first comes first', async () => {
  const valkey = await valkeyOn()
  const exporter = exporterTo(valkey.port)
  await exporter.load(1000)
  const channels = await channelsOn(valkey.port)
  const sent = Array.from({ length: 100 }, (_, i) => (i % 2 ? 'resolved' : 'fired'))
  for (const [i, type] of sent.entries()) exporter.transition(transitionOf(type, { id: `a${i % 3}` }))
  const told = await channels.take(100, isAlert)
  expect(types(told)).toEqual(sent)
  expect(told.map(({ body }) => body['seq'])).toEqual(sent.map((_, i) => i + 1))
  expect(exporter.stats.conflicts).toBe(0)
})

test.for([
  { why: 'Redis is there', server: 'up', loading: '' },
  { why: 'it was asked for saved alerts first', server: 'up', loading: 'load' },
  { why: 'Redis is absent', server: 'absent', loading: '' },
  { why: 'Redis is absent and was asked', server: 'absent', loading: 'load' },
  { why: 'Redis is frozen', server: 'frozen', loading: '' },
  { why: 'Redis freezes later', server: 'freezes', loading: 'load' },
])('the process ends when it has nothing else to do: $why', async ({ server, loading }) => {
  const valkey = server === 'absent' ? undefined : await valkeyOn()
  const port = valkey?.port ?? (await freePort())
  if (server === 'frozen') valkey?.kill('SIGSTOP')
  const child = fork(fileURLToPath(new URL('./ends-by-itself.ts', import.meta.url)), [String(port), loading], { execArgv: [] })
  cleanups.push(() => child.kill('SIGKILL'))
  await once(child, 'message')
  if (server === 'freezes') valkey?.kill('SIGSTOP')
  const start = performance.now()
  child.send('end')
  const [code] = (await once(child, 'exit')) as [number]
  expect(code).toBe(0)
  expect(performance.now() - start).toBeLessThan(900)
})

test('stopping waits no longer than it may, frozen Redis or not', async () => {
  const valkey = await valkeyOn()
  const exporter = exporterTo(valkey.port, { timeoutMs: 10_000 })
  await exporter.load(1000)
  valkey.kill('SIGSTOP')
  const start = performance.now()
  await exporter.stop(snapshotOf({ phase: 'stopped' }), 50)
  expect(performance.now() - start).toBeLessThan(500)
})

test('stopping while Redis refuses connections ends at once and counts what is lost', async () => {
  const exporter = exporterTo(await freePort())
  await exporter.load(1000)
  exporter.transition(transitionOf('fired'))
  await exporter.stop(snapshotOf({ phase: 'stopped' }), 10_000)
  expect(exporter.stats.dropped).toBe(1)
})

test('a cluster client is made for cluster mode', async () => {
  const { client } = await createPublisher({ host: '127.0.0.1', port: 7000, clusterMode: true, password: 'x' }, 100)
  expect([client.isCluster, client.status, typeof client.healthTransition]).toEqual([true, 'wait', 'function'])
  client.disconnect()
})
