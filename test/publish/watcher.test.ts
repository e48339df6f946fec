/** A watcher that is no service: it stands in line with the services and with other watchers. */
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'

import { aclLine } from '../../scripts/acl.ts'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { systemClock } from '../../src/clock.ts'
import { RedisExporter } from '../../src/publish/redis-exporter.ts'
import { Watcher, type WatcherEvent } from '../../src/publish/watcher.ts'
import { allShards, shardNames, shardOf } from '../../src/wire/names.ts'
import { snapshotOf } from '../wire/fixtures.ts'

const soon = { timeout: 25_000, interval: 10 }
const one = shardNames()

let valkey: EmbeddedValkey
let redis: Redis
beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
beforeEach(() => redis.flushall())
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

function watching({ shards = 1, username = '', password = '', port = valkey.port } = {}) {
  const said: string[] = []
  const say = (event: WatcherEvent): void => {
    const { event: what } = event
    if (what === 'turn') said.push(`${event.isMine ? 'mine' : 'not mine'} ${event.shard}`)
    else if (what === 'done') said.push(event.did === 'overlay' ? 'overlay' : `${event.did} ${event.service}`)
    else said.push(what)
  }
  const target = { host: '127.0.0.1', port, shards, ...(username !== '' && { username, password }) }
  const watcher = new Watcher({ target, clock: systemClock, retentionMs: 86_400_000, graceMs: 100, say })
  cleanups.push(() => watcher.stop())
  watcher.start()
  return { watcher, said }
}

/** A service that has been silent for a second longer than it may be. */
async function deadService(service: string, shards = 1): Promise<void> {
  const names = shardOf(service, shards)
  const now = Date.now()
  await redis.zadd(names.services, String(now - 10_000), service)
  await redis.zadd(names.instances(service), String(now - 10_000), 'i1')
  await redis.zadd(names.due, String(now - 1000), service)
}

async function raised(names = one): Promise<string[]> {
  const entries = await redis.xrange(names.alerts, '-', '+')
  return entries.map(([, [, text]]) => {
    const { service, rule, type } = JSON.parse(text!) as Record<string, string>
    return `${service} ${rule} ${type}`
  })
}

test('a service that falls silent is told of once, in whatever shard it is, and said by who told it', async () => {
  const services = ['a', 'b', 'c', 'd', 'e', 'f']
  for (const service of services) await deadService(service, 4)
  const [first, second] = [watching({ shards: 4 }), watching({ shards: 4 })]
  const told = async () => (await Promise.all(allShards(4).map(raised))).flat().toSorted()
  await expect.poll(told, soon).toEqual(services.map((service) => `${service} service_silent fired`))
  const said = () => [...first.said, ...second.said].filter((line) => line.startsWith('silent')).toSorted()
  await expect.poll(said, soon).toEqual(services.map((service) => `silent ${service}`))
  expect(new Set(services.map((service) => shardOf(service, 4).shard)).size).toBeGreaterThan(1)
})

test('one of two has the turn; the other takes it when that one ends, and when it is dead', async () => {
  const first = watching()
  await expect.poll(() => first.said, soon).toContain('mine 0')
  const second = watching()
  await expect.poll(() => second.said, soon).toContain('connected')
  await first.watcher.stop()
  await expect.poll(() => second.said, soon).toContain('mine 0')
  // One that is dead says nothing: its turn ends by itself.
  await second.watcher.stop()
  await redis.set(one.watcher, 'watch-dead', 'PX', 500)
  const third = watching()
  await expect.poll(() => third.said, soon).toContain('mine 0')
  expect(await redis.pttl(one.watcher)).toBeGreaterThan(0)
})

test('a live service that has the turn keeps it, and one that comes does not take it away', async () => {
  const exporter = new RedisExporter({
    ...{ target: { host: '127.0.0.1', port: valkey.port }, clock: systemClock, service: 'mailer', instance: 'i1' },
    ...{ publishingIntervalMs: 60_000, retentionMs: 86_400_000 },
  })
  cleanups.push(() => exporter.connection.close())
  await exporter.load(5000)
  exporter.status(snapshotOf({ service: 'mailer', instance: 'i1' }))
  await expect.poll(() => redis.get(one.watcher), soon).toBe('i1')
  const { said } = watching()
  await expect.poll(() => said, soon).toContain('connected')
  // It looks all the same, in case that one is dead.
  await deadService('gone')
  await expect.poll(() => raised(), soon).toEqual(['gone service_silent fired'])
  expect(await redis.get(one.watcher)).toBe('i1')
  expect(said).not.toContain('mine 0')
})

test('what lies over alerts is looked after when it is due', async () => {
  await redis.zadd(one.overlayDue, String(Date.now() - 1000), 'silence nothing-such')
  const { said } = watching()
  await expect.poll(() => redis.zcard(one.overlayDue), soon).toBe(0)
  await expect.poll(() => said, soon).toContain('overlay')
})

test('it waits for a server that is not there, comes back to one that was restarted, and says each once', async () => {
  const other = await startValkey()
  const { port } = other
  const { said } = watching({ port })
  await expect.poll(() => said, soon).toEqual(['connected', 'mine 0'])
  await other.stop()
  await expect.poll(() => said, soon).toEqual(['connected', 'mine 0', 'lost'])
  const again = await startValkey({ port })
  cleanups.push(() => again.stop())
  await expect.poll(() => said, soon).toEqual(['connected', 'mine 0', 'lost', 'connected', 'mine 0'])
})

test('a server that refuses is said once', async () => {
  await redis.call('ACL', 'SETUSER', 'looker', 'on', '>secret', '~*', '+@read', '+ping', '+select')
  cleanups.push(() => redis.call('ACL', 'DELUSER', 'looker'))
  const { said } = watching({ username: 'looker', password: 'secret' })
  await expect.poll(() => said, soon).toEqual(['connected', 'refused'])
})

test.for([
  { shards: 1, sharded: false },
  { shards: 4, sharded: true },
])('with the rights of a service nothing is refused to it, of $shards shards', async ({ shards, sharded }) => {
  await redis.call('ACL', 'SETUSER', 'watcher', ...aclLine('service', sharded).trim().split(' ').slice(2), '>secret')
  cleanups.push(() => redis.call('ACL', 'DELUSER', 'watcher'))
  await deadService('gone', shards)
  const names = shardOf('gone', shards)
  await redis.zadd(names.overlayDue, String(Date.now() - 1000), 'silence nothing-such')
  const { watcher, said } = watching({ shards, username: 'watcher', password: 'secret' })
  await expect.poll(() => said, soon).toContain('silent gone')
  await expect.poll(() => said, soon).toContain('overlay')
  await watcher.stop()
  expect(said).not.toContain('refused')
  expect(await redis.exists(...allShards(shards).map((each) => each.watcher))).toBe(0)
})

test('what it leaves in Redis when it ends is nothing', async () => {
  const { watcher, said } = watching()
  await expect.poll(() => said, soon).toContain('mine 0')
  await watcher.stop()
  expect(await redis.keys('*')).toEqual([])
})
