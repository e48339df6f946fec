/** What is told of services that publish to a real Valkey. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { systemClock } from '../../src/clock.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { checkServices, isBeating } from '../../src/doctor/services.ts'
import { createReader, type RedisClient } from '../../src/wire/redis-client.ts'
import { RedisExporter } from '../../src/publish/redis-exporter.ts'
import { readSnapshot } from '../../src/subscribe/snapshot.ts'
import { snapshotOf } from '../wire/fixtures.ts'
import type { Snapshot } from '../../src/types.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

let valkey: EmbeddedValkey
let redis: Redis

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
beforeEach(async () => {
  await redis.flushall()
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

interface Process extends Pick<Snapshot, 'working' | 'unknown'> {
  readonly service?: string
  readonly instance?: string
  /** Seconds before now. */
  readonly startedAgo?: number
}

/** A process of a service; each `beat` is one status message, once it is there. */
async function start({ service = 'mailer', instance = 'a', startedAgo = 100, ...said }: Process = {}) {
  const exporter = new RedisExporter({
    target: { host: '127.0.0.1', port: valkey.port },
    clock: systemClock,
    ...{ service, instance, publishingIntervalMs: 30_000, retentionMs: 86_400_000 },
  })
  await exporter.load(1000)
  const startedAt = Date.now() - startedAgo * 1000
  onTestFinished(() => exporter.stop(snapshotOf({ service, instance, phase: 'stopped' }), 0))
  return {
    /** Milliseconds ago. */
    async beat(ago = 0): Promise<void> {
      const at = Date.now() - ago
      exporter.status(
        snapshotOf({
          service,
          instance,
          at,
          uptimeSeconds: (at - startedAt) / 1000,
          status: 'healthy',
          reasons: [],
          alerts: [],
          checks: {},
          ...said,
        }),
      )
      await vi.waitUntil(async () => (await redis.get(`{health}:status:${service}:${instance}`))?.includes(new Date(at).toISOString()), {
        interval: 5,
      })
    },
  }
}

async function subscriber(): Promise<RedisClient> {
  const client = await createReader({ host: '127.0.0.1', port: valkey.port }, { timeoutMs: 2000, reconnect: false })
  onTestFinished(() => client.disconnect())
  await client.connect()
  return client
}

/** Of the service mailer. `meanwhile` is done while doctor listens. */
async function check(meanwhile: () => Promise<void> = async () => {}): Promise<ReadonlyMap<string, Finding>> {
  const clock = new VirtualClock()
  const view = await readSnapshot(redis)
  const listener = await subscriber()
  const done = checkServices(view, 'mailer', listener, clock, new AbortController().signal)
  await Promise.race([done, vi.waitUntil(() => clock.nextDue() < Infinity, { interval: 5 })])
  if (clock.nextDue() < Infinity) {
    await meanwhile()
    // What was published before the answer to this has been heard.
    await listener.ping()
    clock.advance(2500)
  }
  return new Map((await done).map((finding) => [finding.name, finding]))
}

test('nobody has been heard of', async () => {
  const found = await check()
  expect(found.get('services')).toMatchObject({ status: 'skip', message: 'no service has been heard of yet' })
  expect(found.get('service')).toMatchObject({ status: 'warn', message: 'mailer has not been heard of' })
  expect(isBeating(await readSnapshot(redis), 'mailer')).toBe(false)
})

test('the service beats, and so do others', async () => {
  await (await start()).beat()
  await (await start({ instance: 'b' })).beat()
  await (await start({ service: 'fetcher' })).beat()
  const found = await check()
  expect([...found.values()]).toEqual([
    { name: 'services', status: 'ok', message: 'heard of: fetcher, mailer' },
    { name: 'service', status: 'ok', message: expect.stringMatching(/^mailer beats: 2 instances, the last beat \d s ago$/) as string },
    { name: 'work', status: 'skip', message: 'mailer does not say of any work that it could not be seen' },
    { name: 'instances', status: 'ok', message: 'none is missing' },
    {
      name: 'instance-clocks',
      status: 'ok',
      message: expect.stringMatching(/^those of all instances agree with the Redis server's within \d+ ms$/) as string,
    },
    { name: 'instance-ids', status: 'ok', message: 'no two processes were heard under one service.instance.id in 2.5 s' },
  ])
  expect(isBeating(await readSnapshot(redis), 'mailer')).toBe(true)
})

test('nobody sees what it works at', async () => {
  const why = 'no source of work is watched: bull is loaded, and what is done with it is not seen'
  await (await start({ working: false, unknown: { work_rate_per_hour: why } })).beat()
  const found = await check()
  expect(found.get('work')).toMatchObject({
    status: 'warn',
    message: `${why}, so that the rates of mailer are unknown`,
    mend: expect.stringContaining("methods: [{ module: './worker.js', function: 'handleJob', records: 'attempt' }]") as string,
  })
  await (await start({ instance: 'b', working: true })).beat()
  expect((await check()).get('work')).toMatchObject({ status: 'ok', message: 'what mailer works at is seen' })
})

test('the service has fallen silent', async () => {
  await (await start()).beat()
  await redis.del('{health}:status:mailer:a')
  const found = await check()
  expect(found.get('services')).toMatchObject({ message: expect.stringMatching(/^heard of: mailer \(silent for \d s\)$/) as string })
  expect(found.get('service')).toMatchObject({
    status: 'fail',
    message: expect.stringMatching(/^mailer is silent, its last beat was/) as string,
  })
  expect(found.get('instance-ids')).toMatchObject({ status: 'skip' })
})

test('the service has stopped, as it said', async () => {
  await (await start()).beat()
  await redis.zrem('{health}:instances:mailer', 'a')
  const found = await check()
  expect(found.get('services')).toMatchObject({ message: expect.stringMatching(/^heard of: mailer \(stopped for \d s\)$/) as string })
  expect(found.get('service')).toMatchObject({
    status: 'warn',
    message: expect.stringMatching(/^mailer has stopped, its last beat was/) as string,
  })
})

test('one of its instances is missing', async () => {
  await (await start()).beat()
  await (await start({ instance: 'b' })).beat()
  await redis.del('{health}:status:mailer:b')
  const found = await check()
  expect(found.get('service')).toMatchObject({ status: 'ok' })
  expect(found.get('instances')).toMatchObject({
    status: 'warn',
    message: expect.stringMatching(/^silent while others of the same service beat: b of mailer \(\d s\)$/) as string,
  })
})

test('two processes call themselves by one name: the other is heard while the first is what Redis holds', async () => {
  const [one, other] = [await start({ startedAgo: 100 }), await start({ startedAgo: 60 })]
  await one.beat()
  const found = await check(() => other.beat())
  expect(found.get('instance-ids')).toMatchObject({
    status: 'fail',
    message: expect.stringMatching(/^more than one process calls itself a of mailer/) as string,
    mend: expect.stringContaining('OTEL_RESOURCE_ATTRIBUTES') as string,
  })
})

test.for([
  {
    why: 'one process that beats on',
    run: async () => {
      const process = await start()
      await process.beat(10)
      return process
    },
  },
  {
    why: 'a process that was started again under its old name',
    run: async () => {
      await (await start({ startedAgo: 100 })).beat(30_000)
      return await start({ startedAgo: 20 })
    },
  },
  {
    why: 'two instances under names of their own',
    run: async () => {
      await (await start({ startedAgo: 100 })).beat()
      return await start({ instance: 'b', startedAgo: 20 })
    },
  },
  {
    why: 'two services that have an instance of one name each',
    run: async () => {
      await (await start({ startedAgo: 100 })).beat()
      return await start({ service: 'fetcher', startedAgo: 20 })
    },
  },
])('no name is used twice: $why', async ({ run }) => {
  const process = await run()
  const found = await check(() => process.beat())
  expect(found.get('instance-ids')).toMatchObject({ status: 'ok' })
})

test('what cannot be read is named, and the rest is looked at', async () => {
  await (await start()).beat()
  await redis.zadd('{health}:instances:mailer', Date.now(), 'b')
  await redis.lpush('{health}:status:mailer:b', 'x')
  const found = await check()
  expect(found.get('unreadable')).toMatchObject({
    status: 'warn',
    message: expect.stringContaining('{health}:status:mailer:b is of another type than it should be') as string,
  })
  expect(found.get('service')).toMatchObject({ status: 'ok' })
})
