/** What others hear of a process under `otel-health run` while it cannot speak for itself, and what they may ask of it then. */
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { HealthControl } from '../../src/control/health-control.ts'
import { parseMessage, type HealthMessage } from '../../src/wire/message.ts'
import { shardNames } from '../../src/wire/names.ts'
import { isThere, RunProcess, WATCHED } from './run-process.ts'

const KEY = 'a key that services and those who ask share'
const OPTIONS = ['--grace', '1s', '--hang-limit', '2s', '--kill-after', '1s']
const soon = { timeout: 30_000, interval: 50 }
/** What the issue of an announcement may take, once the process is gone. */
const ANNOUNCED_MS = 3000

let valkey: EmbeddedValkey
let redis: Redis
let listening: Redis
let heard: { readonly at: number; readonly message: HealthMessage }[] = []
let unsigned: string[] = []
let run: RunProcess | undefined

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  listening = new Redis(valkey.port)
  await listening.psubscribe('health:*')
  listening.on('pmessage', (_pattern: string, channel: string, text: string) => {
    const message = parseMessage(channel, text, KEY)
    if (message) heard.push({ at: Date.now(), message })
    else unsigned.push(text)
  })
})
beforeEach(async () => {
  await redis.flushall()
  heard = []
  unsigned = []
})
afterEach(async () => {
  await run?.end()
  run = undefined
})
afterAll(async () => {
  redis.disconnect()
  listening.disconnect()
  await valkey.stop()
})

function start(options: readonly string[], command: readonly string[] = WATCHED): RunProcess {
  return (run = new RunProcess({
    command,
    options: [...OPTIONS, ...options],
    env: {
      ...{ HEALTH_SERVICE_NAME: 'orders', HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port) },
      ...{ HEALTH_PUBLISHING_INTERVAL: '1', HEALTH_HMAC_KEY: KEY },
    },
  }))
}

const statuses = () => heard.flatMap(({ at, message }) => (message.channel === 'status' ? [{ at, ...message }] : []))
const alerts = () => heard.flatMap(({ message }) => (message.channel === 'alerts' && message.rule === 'process_down' ? [message] : []))

/** So many processes have run, each for so long that the supervisor has heard of it more than once. */
function running(count: number): Promise<void> {
  return vi.waitFor(() => {
    const saying = Map.groupBy(
      statuses().filter(({ phase }) => phase === 'running'),
      ({ instance }) => instance,
    )
    const ran = [...saying.values()].filter((all) => all.length >= 4).length
    if (ran < count) throw new Error(`${ran} of ${count} have run; ${run!.stderr}`)
  }, soon)
}

function died(count: number) {
  return vi.waitFor(() => {
    const deaths = statuses().filter(({ exit }) => exit !== undefined)
    if (deaths.length < count) throw new Error(`${deaths.length} of ${count} deaths were announced; ${run!.stderr}`)
    return deaths[count - 1]!
  }, soon)
}

function control(): HealthControl {
  return new HealthControl({ client: redis, hmacKey: KEY })
}

test('a crash, a block, the giving up and a start on request: each is announced, signed, and what is told is true', async () => {
  start(['--max-restarts', '2'])
  await running(1)
  run!.tell('exit 3')
  const crash = await died(1)
  expect(crash).toMatchObject({ phase: 'stopped', exit: { code: 3, signal: null } })
  expect(crash.next).toMatch(/^is started again in [\d.]+ s \(1 of 2 within 10 min\)$/)
  expect(crash.at - Date.parse(crash.since)).toBeLessThan(ANNOUNCED_MS)

  await running(2)
  const blocked = run!.pids.at(-1)!
  run!.tell('block')
  await running(3)
  expect(isThere(blocked)).toBe(false)
  expect((await died(2)).exit).toEqual({ code: null, signal: 'SIGKILL' })

  run!.tell('kill SIGABRT')
  await vi.waitFor(() => expect(alerts().map(({ type }) => type)).toEqual(['fired']), soon)
  expect(alerts()[0]).toMatchObject({ severity: 'CRITICAL', deliver: true })
  expect(alerts()[0]!.message).toMatch(
    /was ended by SIGABRT, and stays down: it was started again 2 times within 10 min \(ended with exit code 3 after .*; has said nothing for .*\)$/,
  )
  const { instance } = await died(3)
  expect(await redis.zrange(shardNames().instances('orders'), '0', '-1')).not.toContain(instance)

  const asked = await control().request('start', { service: 'orders', instance }, { by: 'ann', why: 'mended', from: 'a test' })
  await running(4)
  await vi.waitFor(() => expect(alerts().map(({ type }) => type)).toEqual(['fired', 'resolved']), soon)
  await vi.waitFor(async () => {
    const [view] = await control().requests('orders')
    expect([view!.request.id, view!.state]).toEqual([asked.request.id, 'done'])
  }, soon)
  expect(unsigned).toEqual([])
}, 120_000)

test('a stop on request keeps it down, and its end is not taken for a crash', async () => {
  start([])
  await running(1)
  await control().request('stop', { service: 'orders' }, { by: 'ann', why: 'to be moved', from: 'a test' })
  expect(await died(1)).toMatchObject({ next: 'stays down until it is asked to start' })
  await vi.waitFor(async () => expect((await control().requests('orders'))[0]!.state).toBe('done'), soon)
  expect(run!.pids).toHaveLength(1)
  expect(run!.process.exitCode).toBeNull()
  expect(alerts()).toEqual([])
  run!.process.kill('SIGTERM')
  expect(await run!.ended).toEqual({ code: null, signal: 'SIGTERM' })
}, 60_000)

test('with --watch-only the end is announced and is an alert, and the run ends as the process did', async () => {
  start(['--watch-only'])
  await running(1)
  run!.tell('exit 4')
  expect(await run!.ended).toEqual({ code: 4, signal: null })
  expect(await died(1)).toMatchObject({ exit: { code: 4, signal: null }, next: 'is not started again' })
  await vi.waitFor(() => expect(alerts().map(({ type }) => type)).toEqual(['fired']), soon)
}, 60_000)

test('a rule marked with recover has it started again once, and says why', async () => {
  // To take so much memory may hold it up for longer than the others are given.
  start(['--hang-limit', '60s'], [...WATCHED.slice(0, -1), '../run-recovering/service.js'])
  await running(1)
  run!.tell('leak 600')
  const death = await died(1)
  expect(death).toMatchObject({ exit: { code: null, signal: 'SIGTERM' } })
  expect(death.next).toMatch(/^is started again in [\d.]+ s \(1 of 5 within 10 min\)$/)
  await running(2)
  expect(run!.stderr).toContain('much_memory')
  expect(run!.pids).toHaveLength(2)
  expect(alerts()).toEqual([])
}, 90_000)

test('while the health Redis answers nobody it is started again all the same, and its death is announced afterwards', async () => {
  start([])
  await running(1)
  valkey.kill('SIGSTOP')
  try {
    run!.tell('exit 3')
    await run!.started(2)
  } finally {
    valkey.kill('SIGCONT')
  }
  expect(await died(1)).toMatchObject({ phase: 'stopped', exit: { code: 3, signal: null } })
  await running(2)
  expect(run!.pids).toHaveLength(2)
  expect(alerts()).toEqual([])
}, 90_000)
