/** Services that are told to end, by whatever end theirs is: watched until it has come, and said to have stopped then. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import type { StatusMessage } from '../../src/wire/status-message.ts'
import { startService } from '../support/service-child.ts'
import { openIn, toldBy, typesOf } from '../support/told.ts'
import { HealthMessages } from './health-messages.ts'
import { REGISTER } from './service-process.ts'

const FOLDER = fileURLToPath(new URL('./fixtures/drain/', import.meta.url))
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const SERVICE = 'video'
/** Seconds. */
const INTERVAL = 1
const soon = { timeout: 20_000, interval: 50 }

let valkey: EmbeddedValkey
let redis: Redis
let health: HealthMessages
const children: ChildProcess[] = []

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
beforeEach(async () => {
  await redis.flushall()
  health = await HealthMessages.on(valkey.port)
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  health.close()
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

/** Once it is at work and has beaten. */
async function start(args: readonly string[], { instance = 'a', ...env }: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--import', REGISTER, ...args], {
    cwd: FOLDER,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...{
        PATH: process.env['PATH'],
        OTEL_METRICS_EXPORTER: 'none',
        HEALTH_SERVICE_NAME: SERVICE,
        REDIS_URL: `redis://127.0.0.1:${valkey.port}`,
      },
      ...{ HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port), HEALTH_PUBLISHING_INTERVAL: String(INTERVAL) },
      ...{ OTEL_RESOURCE_ATTRIBUTES: `service.instance.id=${instance}` },
      ...env,
    },
  })
  children.push(child)
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  await expect.poll(() => lines, soon).toContain('begun')
  await status(instance, ({ phase }) => phase === 'running')
  return { child, lines, ended }
}

function status(instance: string, isWanted: (message: StatusMessage) => boolean): Promise<StatusMessage> {
  return health.status(SERVICE, (message) => message.instance === instance && isWanted(message))
}

async function otelHealth(...args: readonly string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port), NO_COLOR: '1' }
  // Its exit code says how the service is.
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], { env }).catch((error: { stdout: string }) => error)
  return stdout
}

describe('a service that is told to end', { timeout: 60_000 }, () => {
  test.for([
    { why: 'a BullMQ worker that closes after its job', args: ['jobs.js'], says: ['begun', 'closed, 1 done'] },
    { why: 'an HTTP server that closes after its request', args: ['server.js'], says: ['begun', 'closed'] },
  ])('$why is draining, beats on, and says that it stopped when it ends', async ({ args, says }) => {
    const { child, lines, ended } = await start(args)
    child.kill('SIGTERM')
    const first = await status('a', ({ phase }) => phase === 'draining')
    const later = await status('a', ({ phase, beat }) => phase === 'draining' && beat > first.beat + 1)
    expect(later).toMatchObject({ status: 'healthy', since: first.since })
    expect(await otelHealth('check', SERVICE)).toMatch(/^OK - video is healthy, 1 of 1 instances, 1 draining, /)
    await redis.rpush('go', 'on')
    expect(await ended).toEqual([0, null])
    expect(lines).toEqual(says)
    await status('a', ({ phase, status: is }) => phase === 'stopped' && is === 'healthy')
    expect(await otelHealth('status', SERVICE)).toMatch(/^video {2}stopped {2}/)
    expect(await toldBy(redis)).toEqual([])
  })

  test.for([
    { why: 'at once', how: 'exit', end: [0, null] },
    { why: 'at once, with an exit code', how: 'fail', end: [1, null] },
    { why: 'by an error on the way', how: 'throw', end: [1, null] },
  ])('and ends in its handler, $why, has said that it stopped', async ({ how, end }) => {
    const { child, ended } = await start(['loop.js', how])
    child.kill('SIGTERM')
    expect(await ended).toEqual(end)
    await status('a', ({ phase }) => phase === 'stopped')
    expect(await redis.exists(`{health}:instances:${SERVICE}`)).toBe(0)
  })

  test('and does not is told of after its limit, until it has ended', async () => {
    const { child, ended } = await start(['loop.js', 'late'], { HEALTH_DRAIN_LIMIT: '1' })
    child.kill('SIGTERM')
    await expect.poll(() => openIn(redis), soon).toEqual(['drain_stuck firing'])
    await status('a', ({ phase, status: is }) => phase === 'draining' && is === 'degraded')
    expect(await ended).toEqual([0, null])
    await expect.poll(() => typesOf(redis, 'drain_stuck'), soon).toEqual(['fired', 'resolved'])
    expect(await openIn(redis)).toEqual([])
    await status('a', ({ phase, status: is }) => phase === 'stopped' && is === 'healthy')
  })

  test('and is told so twice ends by the second signal, if that is what the signal does, with its last word', async () => {
    const { child, ended } = await start(['loop.js', 'never'])
    child.kill('SIGTERM')
    await status('a', ({ phase }) => phase === 'draining')
    child.kill('SIGINT')
    expect(await ended).toEqual([130, null])
    await status('a', ({ phase }) => phase === 'stopped')
  })

  test('and is killed meanwhile is silent, and is said to have been draining; the next one is no restart after a crash', async () => {
    await startService({ redisPort: valkey.port, serviceName: 'watcher', publishingInterval: INTERVAL })
    const { child, ended } = await start(['loop.js', 'never'])
    child.kill('SIGTERM')
    await status('a', ({ phase }) => phase === 'draining')
    child.kill('SIGKILL')
    expect(await ended).toEqual([null, 'SIGKILL'])
    await expect.poll(() => typesOf(redis, 'service_silent'), soon).toEqual(['fired'])
    const [fired] = await toldBy(redis, 'service_silent')
    expect(fired!.message).toMatch(
      /^No instance of video is alive: the last that did not say that it stops was draining, and heard of \d+ s ago \(limit 3 publishing intervals\)$/,
    )
    await start(['loop.js', 'exit'], { instance: 'b' })
    await expect.poll(() => typesOf(redis, 'service_silent'), soon).toEqual(['fired', 'resolved'])
    await expect.poll(() => redis.zrange(`{health}:instances:${SERVICE}`, '0', '-1'), soon).toEqual(['b'])
    expect(await redis.exists(`{health}:restarts:${SERVICE}`)).toBe(0)
  })

  test('in a deployment of three, one of them killed as it takes too long, is nothing to tell', async () => {
    const old = await Promise.all(['a', 'b', 'c'].map((instance) => start(['loop.js', instance === 'b' ? 'never' : 'exit'], { instance })))
    for (const [i, { child, ended }] of old.entries()) {
      await start(['loop.js', 'exit'], { instance: `new-${i}` })
      child.kill('SIGTERM')
      if (i === 1) {
        await status('b', ({ phase }) => phase === 'draining')
        child.kill('SIGKILL')
      }
      await ended
    }
    await expect
      .poll(async () => (await redis.zrange(`{health}:instances:${SERVICE}`, '0', '-1')).toSorted(), soon)
      .toEqual(['new-0', 'new-1', 'new-2'])
    expect(await redis.exists(`{health}:restarts:${SERVICE}`)).toBe(0)
    expect(await toldBy(redis)).toEqual([])
    expect(await otelHealth('check', SERVICE)).toMatch(/^OK - video is healthy, 3 of 3 instances, /)
  })
})

test('a Redis that dies while a service drains changes nothing of its end', { timeout: 60_000 }, async () => {
  const own = await startValkey()
  const hears = health
  health = await HealthMessages.on(own.port)
  hears.close()
  const { child, ended } = await start(['loop.js', 'late'], { HEALTH_REDIS_PORT: String(own.port) })
  child.kill('SIGTERM')
  await status('a', ({ phase }) => phase === 'draining')
  health.close()
  await own.stop()
  const since = performance.now()
  expect(await ended).toEqual([0, null])
  expect(performance.now() - since).toBeLessThan(4000)
})
