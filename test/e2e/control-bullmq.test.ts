/** A service with a real BullMQ worker that is asked to pause, to drain and to stop, by whoever may ask and by whoever may not. */
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { HealthControl } from '../../src/control/health-control.ts'
import { encodeRequest, type ControlAction, type ControlRequest } from '../../src/wire/control-request.ts'
import { shardNames } from '../../src/wire/names.ts'
import { toMs } from '../../src/wire/scripts/time.ts'
import { startControlled, soon, WatchedQueue, type ControlledService, type ServiceStart } from './controlled-service.ts'
import { HealthMessages } from './health-messages.ts'

const names = shardNames()
const ANN = { by: 'ann', why: 'a larger disk' }

let valkey: EmbeddedValkey
let redis: Redis
let health: HealthMessages
let control: HealthControl
let queue: WatchedQueue
const services: ControlledService[] = []

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  control = new HealthControl({ client: redis, from: 'laptop' })
})
beforeEach(async () => {
  await redis.flushall()
  health = await HealthMessages.on(valkey.port)
  queue = new WatchedQueue(redis, valkey.port)
})
afterEach(async () => {
  for (const { child } of services.splice(0)) child.kill('SIGKILL')
  await queue.queue.close()
  health.close()
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

async function start(how: Omit<ServiceStart, 'port'> = {}): Promise<ControlledService> {
  const service = await startControlled({ port: valkey.port, ...how })
  services.push(service)
  await phase('running')
  return service
}

const phase = (wanted: string) => health.status('video', (message) => message.phase === wanted)

async function ask(action: ControlAction, times: { readonly forMs?: number; readonly expiresInMs?: number } = {}) {
  const { request } = await control.request(action, { service: 'video' }, { ...ANN, ...times })
  return { request, view: () => viewOf(request), ended: () => endOf(request) }
}

async function viewOf({ id }: ControlRequest) {
  return (await control.requests('video')).find(({ request }) => request.id === id)!
}

/** How it ended, and with which words. */
async function endOf(request: ControlRequest): Promise<readonly [state: string, reason: string | null]> {
  await expect.poll(async () => (await viewOf(request)).state, soon).not.toMatch(/waiting|under way/)
  const [instance] = (await viewOf(request)).byInstance
  return [instance!.state, instance!.reason]
}

describe('a service that is asked to pause', { timeout: 90_000 }, () => {
  test('takes no more jobs, ends those it has, says who wants it so, and goes on when it is told to', async () => {
    await start()
    await queue.add(3, { until: 'go' })
    await expect.poll(() => queue.count('begun'), soon).toBe(2)
    const pause = await ask('pause', { forMs: 3_600_000 })
    expect(await pause.ended()).toEqual(['done', 'it is paused; 2 pieces of work in hand will still be done'])
    const status = await phase('paused')
    expect(status.reasons[0]).toMatch(/^paused by ann until .*\d\d:\d\d(:\d\d)? UTC: a larger disk$/)
    expect(status).toMatchObject({ control: ['pause', 'resume', 'drain', 'stop', 'start', 'restart'], work_in_hand: { count: 2 } })
    await redis.set('go', '1')
    await expect.poll(() => queue.count('done'), soon).toBe(2)
    await queue.add(3, { forMs: 1 })
    // What would be taken is taken within a second: another request has come and gone by then.
    expect(await (await ask('start')).ended()).toEqual(['refused', 'it runs already'])
    expect(await queue.count('begun')).toBe(2)
    expect(await (await ask('resume')).ended()).toEqual(['done', expect.stringMatching(/^it works again/)])
    await expect.poll(() => queue.count('done'), soon).toBe(6)
    await phase('running')
    expect([await queue.count('stalled'), await queue.twice()]).toEqual([0, []])
  })

  test('keeps what the service itself has paused, and lets go what it itself lets go', async () => {
    const { child, lines } = await start({ env: { HOOK: 'logs' } })
    child.kill('SIGUSR2')
    await expect.poll(() => lines, soon).toContain('paused itself')
    await (await ask('pause')).ended()
    expect(await (await ask('resume')).ended()).toEqual(['done', expect.stringMatching(/^it works again/)])
    await queue.add(1, { forMs: 1 })
    await (await ask('pause')).ended()
    expect(await queue.count('begun')).toBe(0)
    child.kill('SIGUSR2')
    await expect.poll(() => lines, soon).toContain('went on itself')
    await (await ask('start')).ended()
    expect(await queue.count('begun')).toBe(0)
    await (await ask('resume')).ended()
    await expect.poll(() => queue.count('done'), soon).toBe(1)
    expect(lines.filter((line) => line.startsWith('on'))).toEqual(['onPause', 'onResume', 'onPause', 'onResume'])
  })

  test('goes on by itself when its time is up, and says so', async () => {
    await start()
    const pause = await ask('pause', { forMs: 3000 })
    await pause.ended()
    await queue.add(1, { forMs: 1 })
    await expect.poll(() => queue.count('done'), soon).toBe(1)
    await phase('running')
    await expect
      .poll(async () => (await pause.view()).answers.map(({ state, reason }) => [state, reason]), soon)
      .toContainEqual(['ended', expect.stringMatching(/^its time was up: it works again/)])
  })

  test('comes back paused when it is started anew, whatever it says of itself', async () => {
    const { child, ended } = await start()
    await (await ask('pause')).ended()
    child.kill('SIGKILL')
    await ended
    await queue.add(2, { forMs: 1 })
    services.push(await startControlled({ port: valkey.port }))
    await phase('paused')
    expect(await (await ask('start')).ended()).toEqual(['refused', 'it runs already'])
    expect(await queue.count('begun')).toBe(0)
    await (await ask('resume')).ended()
    await expect.poll(() => queue.count('done'), soon).toBe(2)
  })

  test('fails where its hook throws, of which nothing but its code is told, and works on', async () => {
    await start({ env: { HOOK: 'throws' } })
    expect(await (await ask('pause')).ended()).toEqual(['failed', 'onPause of health.config threw ESCHEDULER'])
    await queue.add(1, { forMs: 1 })
    await expect.poll(() => queue.count('done'), soon).toBe(1)
  })
})

describe('a service that is asked to drain', { timeout: 90_000 }, () => {
  test('waits until nothing is in hand, shows how much is, and ends by its own way', async () => {
    const { child, ended } = await start()
    await queue.add(5, { until: 'go' })
    await expect.poll(() => queue.count('begun'), soon).toBe(2)
    const drain = await ask('drain')
    expect((await phase('draining')).reasons[0]).toBe('draining by ann: a larger disk')
    await expect.poll(async () => (await drain.view()).answers.at(-1), soon).toMatchObject({ state: 'accepted', inHand: 2 })
    expect(await (await ask('stop')).ended()).toEqual(['refused', `a drain that ann asked for is under way (${drain.request.id})`])
    expect(child.exitCode).toBe(null)
    await redis.set('go', '1')
    expect(await ended).toEqual([null, 'SIGTERM'])
    expect(await drain.ended()).toEqual(['done', 'it has ended, with nothing in hand'])
    await phase('stopped')
    expect([await queue.count('begun'), await queue.count('done'), await queue.queue.getActiveCount()]).toEqual([2, 2, 0])
  })

  test('is held back by a resume, and works on', async () => {
    await start()
    await queue.add(3, { until: 'go' })
    await expect.poll(() => queue.count('begun'), soon).toBe(2)
    const drain = await ask('drain')
    await phase('draining')
    expect(await (await ask('resume')).ended()).toEqual(['done', expect.stringMatching(/^it works again/)])
    expect(await drain.ended()).toEqual(['failed', 'ann called it off: a larger disk'])
    await redis.set('go', '1')
    await expect.poll(() => queue.count('done'), soon).toBe(3)
  })

  test('fails at its limit and stays paused; a stop ends it all the same', async () => {
    const { ended } = await start({ env: { HEALTH_DRAIN_LIMIT: '1' } })
    await queue.add(1, { until: 'go' })
    await expect.poll(() => queue.count('begun'), soon).toBe(1)
    expect(await (await ask('drain')).ended()).toEqual([
      'failed',
      '1 piece of work still in hand after 1 s; it stays paused until it is resumed',
    ])
    await phase('paused')
    const stop = await ask('stop')
    expect(await ended).toEqual([null, 'SIGTERM'])
    expect(await stop.ended()).toEqual(['done', 'it has ended with 1 piece of work in hand'])
    // What was in hand is for the next one to do, once it may.
    services.push(await startControlled({ port: valkey.port }))
    await health.status('video', ({ reasons }) => reasons[0] === 'stopped by ann: a larger disk: start it to have it work again')
    await redis.set('go', '1')
    expect(await (await ask('start')).ended()).toEqual(['done', expect.stringMatching(/^it works again/)])
    await expect.poll(() => queue.count('done'), soon).toBe(1)
  })
})

describe('what is not done', { timeout: 90_000 }, () => {
  test('is a restart where nothing would start it again', async () => {
    await start()
    expect(await (await ask('restart')).ended()).toEqual([
      'refused',
      'nothing would start this process again: have it started by `otel-health run -- <command>`',
    ])
  })

  test('is what was not signed, what was signed with another key, and what comes again', async () => {
    const key = 'a key of sixteen or more'
    const signing = new HealthControl({ client: redis, from: 'laptop', hmacKey: key })
    await start({ env: { HEALTH_HMAC_KEY: key } })
    const { request } = await signing.request('pause', { service: 'video' }, { ...ANN, forMs: 3_600_000 })
    await phase('paused')
    const forged = { ...request, id: 'f'.repeat(32), action: 'stop', until: null } as const
    const write = (text: string) => redis.xadd(names.requests('video'), '*', 'd', text)
    await write(encodeRequest(forged))
    await write(encodeRequest(forged, 'another key of sixteen'))
    await write(encodeRequest(request, key))
    const outcomes = async () =>
      (await redis.xrange(names.outcomes, '-', '+')).map(([, [, text]]) => JSON.parse(text!) as { state: string; reason: string })
    await expect
      .poll(async () => (await outcomes()).filter(({ state }) => state === 'refused').map(({ reason }) => reason), soon)
      .toEqual([
        expect.stringMatching(/is not signed with the key of HEALTH_HMAC_KEY$/),
        expect.stringMatching(/is not signed with the key of HEALTH_HMAC_KEY$/),
        expect.stringContaining(`came before, as the request ${request.id}`),
      ])
    await phase('paused')
  })

  test('is what comes too late, and what is not allowed', async () => {
    await start({ env: { ALLOW: 'pause' } })
    const at = toMs(await redis.time())
    const late: Omit<ControlRequest, 'at' | 'expires' | 'until'> = {
      ...{ id: 'e'.repeat(32), action: 'pause', service: 'video', instance: null, actor: 'ann', from: 'laptop', why: '' },
    }
    await redis.xadd(names.requests('video'), '*', 'd', encodeRequest({ ...late, at, expires: at + 1, until: at + 60_000 }))
    await redis.xadd(
      names.requests('video'),
      '*',
      'd',
      encodeRequest({ ...late, id: 'd'.repeat(32), action: 'stop', at, expires: at + 60_000, until: null }),
    )
    const reasons = async () =>
      (await redis.xrange(names.answers('video'), '-', '+')).map(([, [, text]]) => (JSON.parse(text!) as { reason: string }).reason)
    await expect
      .poll(reasons, soon)
      .toEqual([
        expect.stringMatching(/^it came too late: nobody was to begin with it after \d\d:\d\d(:\d\d)? UTC$/),
        'stop is not allowed here: add it to control.allow in health.config',
      ])
  })
})
