/** Who waits until a service under `otel-health run` is stopped can have it started at once; and a service whose supervisor is killed says so. */
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { HealthControl } from '../../src/control/health-control.ts'
import { encodeRequest, type ControlRequest } from '../../src/wire/control-request.ts'
import { shardNames } from '../../src/wire/names.ts'
import { isThere, RunProcess, WATCHED } from './run-process.ts'

const names = shardNames()
const ANN = { by: 'ann', why: 'a larger disk' }
const soon = { timeout: 30_000, interval: 50 }

let valkey: EmbeddedValkey
let redis: Redis
let run: RunProcess | undefined

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
beforeEach(() => redis.flushall())
afterEach(async () => {
  await run?.end()
  run = undefined
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

function start(): RunProcess {
  const env = { HEALTH_SERVICE_NAME: 'orders', HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port) }
  return (run = new RunProcess({ command: WATCHED, env: { ...env, HEALTH_PUBLISHING_INTERVAL: '1' } }))
}

async function now(): Promise<number> {
  const [seconds, microseconds] = await redis.time()
  return Number(seconds) * 1000 + Number(microseconds) / 1000
}

const lastState = (control: HealthControl) =>
  control.requests('orders').then(([last]) => ({ state: last!.state, at: last!.answers.at(-1)?.at ?? 0 }))

test('that it is stopped is said only once it can be started again, and it can', async () => {
  const control = new HealthControl({ client: redis })
  await start().started(1)
  await vi.waitFor(async () => expect(await redis.keys(names.status('orders', '*'))).toHaveLength(1), soon)
  // Whoever says that it can be started has to wait until this is gone.
  await redis.set(names.down('orders'), 'rubbish')
  const at = Math.floor(await now())
  const request: ControlRequest = {
    ...{ id: '1'.padStart(32, '0'), action: 'stop', service: 'orders', instance: null, actor: 'ann', from: 'laptop', why: 'a larger disk' },
    ...{ at, expires: at + 60_000, until: null },
  }
  await redis.xadd(names.requests('orders'), '*', 'd', encodeRequest(request))
  await vi.waitFor(async () => {
    const [key] = await redis.keys(names.status('orders', '*'))
    expect(JSON.parse((await redis.get(key!))!)).toMatchObject({ phase: 'stopped', exit: expect.anything() as unknown })
  }, soon)
  const since = await now()
  await redis.del(names.down('orders'))
  await vi.waitFor(async () => expect((await lastState(control)).state).toBe('done'), soon)
  expect((await lastState(control)).at).toBeGreaterThanOrEqual(Math.floor(since))
  await control.request('start', { service: 'orders' }, ANN)
  await run!.started(2)
  await vi.waitFor(async () => expect((await lastState(control)).state).toBe('done'), soon)
})

test('of two who have it started at once both are answered, and one process is started', async () => {
  const control = new HealthControl({ client: redis })
  await start().started(1)
  await vi.waitFor(() => control.request('stop', { service: 'orders' }, ANN), soon)
  await vi.waitFor(async () => expect((await lastState(control)).state).toBe('done'), soon)
  await Promise.all([control.request('start', { service: 'orders' }, ANN), control.request('start', { service: 'orders' }, ANN)])
  await vi.waitFor(async () => {
    const states = (await control.requests('orders', 2)).map(({ state }) => state)
    expect(states.every((state) => state === 'done' || state === 'failed' || state === 'refused')).toBe(true)
    expect(states).toContain('done')
  }, soon)
  expect(run!.pids).toHaveLength(2)
})

test('a service whose supervisor is killed goes on, and says that nobody starts it again', async () => {
  const service = await start().started(1)
  await vi.waitFor(async () => {
    const [key] = await redis.keys(names.status('orders', '*'))
    expect(JSON.parse((await redis.get(key!))!)).toMatchObject({ supervised: true })
  }, soon)
  run!.process.kill('SIGKILL')
  await run!.said('the supervisor that started this process is gone. The service goes on, but nobody starts it again when it ends')
  expect(isThere(service)).toBe(true)
})
