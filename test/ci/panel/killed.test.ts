/** A panel that is killed while what was asked through it is open: all of it is in Redis, so that the next panel shows how it goes on, and how it ended. */
import { fileURLToPath } from 'node:url'

import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'

import type { RequestRow } from '../../../src/panel/control-protocol.ts'
import type { ActionAnswer, AuditRow, ServiceDetail } from '../../../src/panel/protocol.ts'
import { shardNames } from '../../../src/wire/names.ts'
import { fieldOf } from '../../../src/wire/read-requests.ts'
import { startControlled, WatchedQueue, type ControlledService } from '../../e2e/controlled-service.ts'
import { startSlowProxy } from '../../support/slow-proxy.ts'
import { startRedis, type RealRedis } from '../real-redis.ts'
import { PanelProcess } from './panel-process.ts'

const BUILT = fileURLToPath(new URL('../../../dist/register.js', import.meta.url))
const names = shardNames()
const patience = { timeout: 60_000, interval: 50 }
/** From the panel to Redis and back: what it has just written it does not know to be written for longer than it takes to be killed. */
const SLOW_MS = 500

let redis: RealRedis
let commands: Redis
let service: ControlledService
let queue: WatchedQueue
const panels: PanelProcess[] = []

beforeAll(async () => {
  redis = await startRedis()
  commands = new Redis(redis.port)
})
beforeEach(async () => {
  await commands.flushall()
  service = await startControlled({ port: redis.port, register: BUILT })
  queue = new WatchedQueue(commands, redis.port)
  await queue.add(2, { until: 'go' })
  await vi.waitUntil(async () => (await queue.count('begun')) === 2, patience)
})
afterEach(async () => {
  for (const panel of panels.splice(0)) await panel.stop('SIGKILL')
  service.child.kill('SIGKILL')
  await queue.queue.close()
})
afterAll(async () => {
  commands?.disconnect()
  await redis?.stop()
})

/** Once it knows the service. */
async function startPanel(redisPort: number = redis.port): Promise<PanelProcess> {
  const env = { HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(redisPort), HEALTH_PANEL_LOGIN: 'none', USER: 'ada' }
  const panel = await PanelProcess.start(env)
  panels.push(panel)
  await vi.waitUntil(async () => (await fetch(`${panel.url}/api/services/video`)).ok, patience)
  return panel
}

async function askToDrain(panel: PanelProcess): Promise<ActionAnswer> {
  const response = await fetch(`${panel.url}/api/actions/drain`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: panel.url },
    body: JSON.stringify({ service: 'video', name: 'video', why: 'new disks' }),
  })
  expect(response.status).toBe(200)
  return (await response.json()) as ActionAnswer
}

async function read<T>(panel: PanelProcess, path: string): Promise<T> {
  return (await (await fetch(panel.url + path)).json()) as T
}

/** Newest first. */
async function requestsIn(panel: PanelProcess): Promise<readonly RequestRow[]> {
  return (await read<ServiceDetail>(panel, '/api/services/video')).row.control?.requests ?? []
}

/** Ids of all that was asked of the service, whoever shows it. */
async function asked(): Promise<readonly string[]> {
  const entries = await commands.xrange(names.requests('video'), '-', '+')
  return entries.map(([, fields]) => (JSON.parse(fieldOf(fields, 'd')!) as { readonly id: string }).id)
}

/** What the service has said of a request, but for how far it is. */
async function answersTo(id: string): Promise<readonly string[]> {
  const entries = await commands.xrange(names.answers('video'), '-', '+')
  const answers = entries.map(([, fields]) => JSON.parse(fieldOf(fields, 'd')!) as { readonly request: string; readonly state: string })
  return answers.flatMap(({ request, state }) => (request === id && state !== 'accepted' ? [state] : []))
}

const UNDER_WAY = { state: 'under way', asked: [{ instance: 'a', state: 'under way', inHand: 2 }] }
const DONE = { state: 'done', asked: [{ instance: 'a', state: 'done', reason: 'it has ended, with nothing in hand' }] }

/** The work in hand comes to its end, and the drain with it: once, as the panel shows and the journal says. */
async function expectDrainedOnce(panel: PanelProcess, id: string): Promise<void> {
  const shown = async () => (await requestsIn(panel)).find((each) => each.id === id)
  await expect.poll(shown, patience).toMatchObject({ id, action: 'drain', by: 'ada', why: 'new disks', ...UNDER_WAY })
  await commands.set('go', '1')
  expect(await service.ended).toEqual([null, 'SIGTERM'])
  await expect.poll(shown, patience).toMatchObject({ id, ...DONE })
  expect(await answersTo(id)).toEqual(['done'])
  expect([await queue.count('begun'), await queue.count('done'), await queue.count('stalled'), await queue.twice()]).toEqual([2, 2, 0, []])
  const journal = async () =>
    (await read<readonly AuditRow[]>(panel, '/api/audit?service=video')).flatMap(({ actor, about }) =>
      about['request'] === id ? [`${actor} ${about['outcome'] ?? 'asks'}`] : [],
    )
  expect(await journal()).toEqual(['a done', 'ada asks'])
}

test('a drain that was asked for is shown by the next panel as it goes on, and as it ends', { timeout: 180_000 }, async () => {
  const first = await startPanel()
  const { done } = await askToDrain(first)
  await first.stop('SIGKILL')
  expect(await asked()).toEqual(done)
  await expectDrainedOnce(await startPanel(), done[0]!)
})

test('a drain of which the panel never heard that it is written is done all the same, and not once more if it is asked for again', async () => {
  const proxy = await startSlowProxy(redis.port)
  try {
    const first = await startPanel(proxy.port)
    proxy.delayMs = SLOW_MS
    const answered = askToDrain(first).catch((error: Error) => error.message)
    await expect.poll(asked, { timeout: 60_000, interval: 5 }).toHaveLength(1)
    await first.stop('SIGKILL')
    expect(await answered).toBe('fetch failed')

    const [id] = await asked()
    const next = await startPanel()
    const [again] = (await askToDrain(next)).done
    const refused = async () => (await requestsIn(next)).find((each) => each.id === again)?.asked
    await expect
      .poll(refused, patience)
      .toMatchObject([{ instance: 'a', state: 'refused', reason: `a drain that ada asked for is under way (${id})` }])
    await expectDrainedOnce(next, id!)
  } finally {
    proxy.stop()
  }
}, 180_000)
