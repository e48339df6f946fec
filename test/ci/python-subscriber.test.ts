/** The subscriber in Python, with the schemas of the package, on what a real service says. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { TrackerFetcherHealthMonitor } from '../../src/kinds/tracker-fetcher/monitor.ts'
import { forgedText, RedisRecord, statusText } from '../subscribe/record.ts'
import { startRedis, type RealRedis } from './real-redis.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

interface Event {
  readonly known?: { readonly seq: number; readonly services: string[]; readonly open: string[] }
  readonly transition?: { readonly seq: number; readonly type: string; readonly rule: string; readonly message: string }
  readonly status?: { readonly service: string; readonly status: string }
  readonly gap?: { readonly from: number; readonly to: number }
  readonly epoch?: { readonly from: string; readonly to: string | null }
  readonly refused?: { readonly key: string; readonly why: string }
}

let server: RealRedis
let redis: Redis
let monitor: TrackerFetcherHealthMonitor
let subscriber: ChildProcess
const events: Event[] = []
let complaints = ''

beforeAll(async () => {
  const python = execFileSync(`${ROOT}.ci/python`, { encoding: 'utf8' }).trim()
  server = await startRedis()
  redis = new Redis(server.port)
  monitor = new TrackerFetcherHealthMonitor({
    ...{ serviceName: 'tracker_fetcher', redisHost: '127.0.0.1', redisPort: server.port },
    config: { rules: { anisette_unreachable: { keepFiring: 0 } } },
    env: { OTEL_METRICS_EXPORTER: 'none', HEALTH_PUBLISHING_INTERVAL: '1' },
  })
  await monitor.start()
  await vi.waitUntil(async () => (await redis.zcard('{health}:services')) === 1)
  const child = spawn(python, [`${ROOT}examples/python-subscriber/subscriber.py`, `redis://127.0.0.1:${server.port}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  subscriber = child
  createInterface(child.stdout).on('line', (line) => events.push(JSON.parse(line) as Event))
  child.stderr.on('data', (data) => (complaints += String(data)))
  await vi.waitUntil(() => events.length > 0, { timeout: 20_000 })
})
afterAll(async () => {
  subscriber?.kill('SIGKILL')
  await monitor?.stop()
  redis?.disconnect()
  await server?.stop()
})

const transitions = () => events.flatMap(({ transition }) => transition ?? [])

const soon = { timeout: 20_000, interval: 50 }

test('knows what there is, and hears what a service says', async () => {
  expect(events[0]).toEqual({ known: { seq: 0, services: ['tracker_fetcher'], open: [] } })
  monitor.setAnisette('unreachable')
  await expect.poll(() => transitions(), soon).toMatchObject([{ seq: 1, type: 'fired', rule: 'anisette_unreachable' }])
  monitor.setAnisette('reachable')
  await expect.poll(() => transitions(), soon).toMatchObject([{ seq: 1 }, { seq: 2, type: 'resolved' }])
  await expect.poll(() => events.some(({ status }) => status?.service === 'tracker_fetcher'), soon).toBe(true)
  expect(events.filter(({ refused, gap, epoch }) => refused || gap || epoch)).toEqual([])
})

test('what is forged tells nothing and hides nothing', async () => {
  const record = new RedisRecord(redis)
  const last = (await redis.xrevrange('{health}:alerts', '+', '-', 'COUNT', 1))[0]![1][1]!
  await record.say('health:system:alerts', forgedText(last, { seq: 3 }))
  await record.say('health:system:alerts', forgedText(last, { seq: 1_000_000 }))
  await record.say('health:system:alerts', '{"v":2}')
  await record.say('health:service:stranger:status', statusText({ service: 'stranger' }))
  monitor.setAnisette('unreachable')
  await expect.poll(() => transitions().map(({ seq }) => seq), soon).toEqual([1, 2, 3])
  expect(transitions().filter(({ message }) => message === 'forged')).toEqual([])
  expect(events.some(({ status }) => status?.service === 'stranger')).toBe(false)
  expect(events.flatMap(({ refused }) => refused ?? [])).toEqual([
    { key: 'health:system:alerts', why: 'has a version that is not known here' },
  ])
})

test('what is lost with its connection is read from the stream', async () => {
  await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  monitor.setAnisette('reachable')
  await expect.poll(() => redis.xlen('{health}:alerts'), soon).toBe(4)
  monitor.setAnisette('unreachable')
  await expect.poll(() => transitions().map(({ seq }) => seq), soon).toEqual([1, 2, 3, 4, 5])
  expect(events.filter(({ gap, epoch }) => gap || epoch)).toEqual([])
  expect(complaints).toMatch(/^(no connection to the health Redis: [^\n]*; trying again\n)?$/)
})

test('a server that lost its memory is noticed', async () => {
  await redis.flushall()
  await expect.poll(() => events.filter(({ epoch }) => epoch), soon).not.toEqual([])
})
