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

/** `a fired 1`: alert, type and sequence, in the order of the stream. */
function told(entries: readonly [string, string[]][]): readonly string[] {
  return entries.map(([, [, text]]) => {
    const { alert_id: id, type, seq } = JSON.parse(text!) as { alert_id: string; type: string; seq: number }
    return `${id} ${type} ${seq}`
  })
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
  const before = exporterTo(valkey.port)
  await before.load(1000)
  before.transition(transitionOf('fired', { id: 'a' }))
  await before.stop(snapshotOf({ phase: 'stopped' }), 1000)
  const exporter = exporterTo(valkey.port, { alertIds: ['a'] })
  expect(await exporter.load(0)).toBeUndefined()
  // Answers come in order: with this one, the one that was too late is there as well.
  await expect.poll(() => exporter.presence(), { interval: 5 }).toBeDefined()
  expect(await exporter.load(1000)).toMatchObject([{ id: 'a', state: 'firing' }])
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

test('an open alert that has no room to be said again is counted, keeps nothing from being told, and is said when there is room', async () => {
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
  expect(told(await redis.xrange('{health}:alerts', '-', '+')).slice(0, 2)).toEqual(['b fired 1', 'c fired 2'])
  expect(exporter.stats.dropped).toBeGreaterThan(0)
  // If not before, the next look finds that the server does not have what people were told of.
  await exporter.presence()
  await expect.poll(() => redis.zrange('{health}:open', '0', '-1'), { interval: 5 }).toEqual(expect.arrayContaining(['a', 'b', 'c']))
  expect(told(await redis.xrange('{health}:alerts', '-', '+'))).toEqual(['b fired 1', 'c fired 2', 'a updated 3'])
})

test('Redis is killed and comes back empty: what came meanwhile is told in order, what was told before is told to go on', async () => {
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
  await expect
    .poll(() => redis.zrange('{health}:open', '0', '-1').then((open) => open.toSorted()), { interval: 5 })
    .toEqual(['before', 'meanwhile'])
  await expect.poll(() => redis.exists('{health}:status:tracker_fetcher:4f2c'), { interval: 5 }).toBe(1)
  const entries = await redis.xrange('{health}:alerts', '-', '+')
  const lastly = told(entries)
  expect(lastly.filter((line) => line.startsWith('meanwhile')).map((line) => line.split(' ')[1])).toEqual(['fired', 'escalated'])
  expect(lastly.filter((line) => line.startsWith('before')).map((line) => line.split(' ')[1])).toEqual(['updated'])
  expect(entries.map(([, [, text]]) => (JSON.parse(text!) as { seq: number }).seq)).toEqual([1, 2, 3])
  expect(JSON.parse(entries.find(([, [, text]]) => text!.includes('"before"'))![1][1]!)).toMatchObject({
    cause: 'memory_lost',
    told: 'fired',
    state: 'firing',
  })
  expect(JSON.parse(entries[0]![1][1]!)['epoch']).not.toBe(before!.body['epoch'])
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
  expect(told(await redis.xrange('{health}:alerts', '-', '+'))).toEqual(['a1 fired 1', 'a1 escalated 2', 'a1 resolved 3'])
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
    const severity = i % 2 === 0 ? 'WARNING' : 'CRITICAL'
    for (const id of ['a', 'b'])
      exporter.transition(transitionOf(i === 0 ? 'fired' : 'escalated', { id, severity, message: `number ${i}` }))
  }
  await valkeyOn(port)
  const redis = new Redis(port)
  cleanups.push(() => redis.disconnect())
  exporter.status(snapshotOf())
  await expect.poll(() => redis.exists('{health}:status:tracker_fetcher:4f2c'), { interval: 5 }).toBe(1)
  await expect.poll(() => redis.hget('{health}:alert:b', 'doc'), { interval: 5 }).toContain('number 49')
  const messages = (await redis.xrange('{health}:alerts', '-', '+')).map(([, [, text]]) => JSON.parse(text!) as Record<string, unknown>)
  for (const id of ['a', 'b']) {
    const own = messages.filter((message) => message['alert_id'] === id)
    expect([own[0], own.at(-1)]).toMatchObject([
      { type: 'fired', severity: 'WARNING', message: 'number 0' },
      { type: 'escalated', severity: 'CRITICAL', message: 'number 49' },
    ])
  }
  // What was taken, apart from the status, and what was dropped is what was said.
  await expect.poll(() => exporter.stats.dropped + exporter.stats.published - 1, { interval: 5 }).toBe(100)
  expect(exporter.stats.published - 1).toBeLessThanOrEqual(10)
  expect(lines.filter((line) => line.includes('dropped'))).toHaveLength(1)
})

test('order survives a burst: what is told first comes first', async () => {
  const valkey = await valkeyOn()
  const exporter = exporterTo(valkey.port)
  await exporter.load(1000)
  const channels = await channelsOn(valkey.port)
  // Of each alert too few to be called flapping.
  const sent = Array.from(
    { length: 99 },
    (_, i) => ({ id: `a${i % 33}`, type: Math.floor(i / 33) % 2 === 0 ? 'fired' : 'resolved' }) as const,
  )
  for (const { id, type } of sent) exporter.transition(transitionOf(type, { id }))
  const heard = await channels.take(99, isAlert)
  expect(heard.map(({ body }) => ({ id: body['alert_id'], type: body['type'] }))).toEqual(sent)
  expect(heard.map(({ body }) => body['seq'])).toEqual(sent.map((_, i) => i + 1))
  expect(heard.map(({ body }) => body['episode'])).toEqual(sent.map((_, i) => Math.floor(i / 66) + 1))
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
  expect([client.isCluster, client.status, typeof client.healthAlert]).toEqual([true, 'wait', 'function'])
  client.disconnect()
})
