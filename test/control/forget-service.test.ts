import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { systemClock } from '../../src/clock.ts'
import { forgetService } from '../../src/control/forget-service.ts'
import { HealthControl } from '../../src/control/health-control.ts'
import { RedisExporter } from '../../src/publish/redis-exporter.ts'
import { createPublisher, type PublisherClient } from '../../src/wire/redis-client.ts'
import { openIn, toldBy } from '../support/told.ts'
import { snapshotOf, transitionOf } from '../wire/fixtures.ts'

let valkey: EmbeddedValkey
let redis: Redis
let client: PublisherClient

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  client = (await createPublisher({ host: '127.0.0.1', port: valkey.port }, 1000)).client
  await client.connect()
})
beforeEach(async () => {
  await redis.flushall()
})
afterAll(async () => {
  client.disconnect()
  redis.disconnect()
  await valkey.stop()
})

const forget = (service = 'tracker_fetcher') => forgetService(client, { service, actor: 'ada', shards: 1, retentionMs: 86_400_000 })

async function serviceWithAlert(): Promise<RedisExporter> {
  const exporter = new RedisExporter({
    target: { host: '127.0.0.1', port: valkey.port },
    clock: systemClock,
    service: 'tracker_fetcher',
    instance: 'i1',
    publishingIntervalMs: 50,
    retentionMs: 86_400_000,
  })
  await exporter.load(1000)
  exporter.status(snapshotOf())
  exporter.transition(transitionOf('fired'))
  await expect.poll(() => openIn(redis)).toEqual(['low_success_rate firing'])
  return exporter
}

test('a service that nobody has heard of', async () => {
  expect(await forget()).toBe('unheard of')
})

test('one that is alive is left alone', async () => {
  const exporter = await serviceWithAlert()
  exporter.status(snapshotOf())
  await redis.set('{health}:status:tracker_fetcher:i1', 'kept')
  expect(await forget()).toBe('alive')
  expect(await openIn(redis)).toEqual(['low_success_rate firing'])
  await exporter.stop(snapshotOf({ phase: 'stopped' }), 1000)
})

test.for([{ how: 'was killed' }, { how: 'has stopped' }])(
  'one that $how leaves nothing open, and it is told who said so',
  async ({ how }) => {
    const exporter = await serviceWithAlert()
    if (how === 'has stopped') await exporter.stop(snapshotOf({ phase: 'stopped' }), 1000)
    else exporter.connection.close()
    await expect.poll(() => redis.exists('{health}:status:tracker_fetcher:i1')).toBe(0)
    // Its entry is gone after three intervals.
    await expect.poll(() => forget(), { interval: 100 }).toBe('forgotten')
    await expect
      .poll(async () => {
        await forget()
        return openIn(redis)
      })
      .toEqual([])
    expect((await toldBy(redis)).at(-1)).toMatchObject({ type: 'resolved', cause: 'manual', message: 'Forgotten, for ada says so' })
    expect(await redis.exists('{health}:services', '{health}:instances:tracker_fetcher', '{health}:silent', '{health}:open')).toBe(0)
    expect(await forget()).toBe('unheard of')
  },
)

describe('by a person', () => {
  const SAID = { by: 'ada', why: 'replaced by postman', from: '10.0.0.7' }
  const audit = async () => (await new HealthControl({ client: redis }).audit()).map(({ id: _id, at: _at, ...entry }) => entry)

  test('it is recorded who did it, from where and why, and the alerts that were left are told to be over', async () => {
    const exporter = await serviceWithAlert()
    exporter.connection.close()
    await expect.poll(() => redis.exists('{health}:status:tracker_fetcher:i1')).toBe(0)
    const control = new HealthControl({ client: redis })
    await expect
      .poll(async () => {
        await control.forget('tracker_fetcher', SAID).catch(() => {})
        return openIn(redis)
      })
      .toEqual([])
    expect((await toldBy(redis)).at(-1)).toMatchObject({ type: 'resolved', cause: 'manual', message: 'Forgotten, for ada says so' })
    expect(await redis.exists('{health}:services', '{health}:instances:tracker_fetcher', '{health}:silent', '{health}:open')).toBe(0)
    expect((await audit()).at(-1)).toEqual({
      ...{ actor: 'ada', from: '10.0.0.7', action: 'forget', why: 'replaced by postman', service: 'tracker_fetcher' },
    })
  })

  test('one that is alive, or unheard of, or has no name that a service has is refused in a sentence, and nothing is recorded', async () => {
    const control = new HealthControl({ client: redis })
    await redis.zadd('{health}:instances:alive', '1', 'i1')
    await redis.set('{health}:status:alive:i1', 'kept')
    await expect(control.forget('alive', SAID)).rejects.toThrow('alive is alive: stop it first.')
    await expect(control.forget('nobody', SAID)).rejects.toThrow('No service named nobody has been heard of.')
    await expect(control.forget('{health}:open', SAID)).rejects.toThrow(
      'No service is called "{health}:open": give a name as status has it.',
    )
    await expect(control.forget('nobody', { ...SAID, why: ' ' })).rejects.toThrow('There is no reason given')
    expect(await audit()).toEqual([])
  })
})
