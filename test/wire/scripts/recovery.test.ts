/** Who may restart an instance, and what is said of one that died, against a real server. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../../examples/valkey/start-valkey.ts'
import { tellDown } from '../../../src/announce/down-alert.ts'
import { deathMessage } from '../../../src/announce/death-message.ts'
import { speakerFor, speakingAs } from '../../../src/announce/speaker.ts'
import type { DownAlert } from '../../../src/supervise/report.ts'
import { PROCESS_DOWN } from '../../../src/catalogue.ts'
import { alertId } from '../../../src/wire/alert-id.ts'
import { parseMessage, parseStatus } from '../../../src/wire/message.ts'
import { shardNames } from '../../../src/wire/names.ts'
import { RECOVERY_MS, releaseRecovery, takeRecovery } from '../../../src/wire/recovery-lease.ts'
import { createPublisher, type PublisherClient } from '../../../src/wire/redis-client.ts'
import { alertKeys, lookingOnly } from '../../../src/wire/scripts/alert.ts'
import { deathKeys } from '../../../src/wire/scripts/death.ts'

const SERVICE = 'orders'
const names = shardNames()
let valkey: EmbeddedValkey
let redis: Redis
let client: PublisherClient

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  client = (await createPublisher({ host: '127.0.0.1', port: valkey.port }, 20_000)).client
  await client.connect()
})
beforeEach(() => redis.flushall())
afterAll(async () => {
  redis.disconnect()
  client.disconnect()
  await valkey.stop()
})

async function live(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await redis.zadd(names.instances(SERVICE), Date.now(), `instance-${i}`)
}

const recovery = (holder: string) => ({ names, service: SERVICE, holder, liveWithinMs: 90_000 })

test.for([
  { live: 0, room: 1 },
  { live: 1, room: 1 },
  { live: 3, room: 1 },
  { live: 5, room: 1 },
  { live: 6, room: 2 },
  { live: 10, room: 3 },
])('of $live live instances $room may be in recovery at once', async ({ live: count, room }) => {
  await live(count)
  const taken = await Promise.all(Array.from({ length: 5 }, (_, i) => takeRecovery(client, recovery(`s${i}`))))
  expect(taken.filter(Boolean)).toHaveLength(room)
})

test('those that have not beaten lately are not counted as alive', async () => {
  for (let i = 0; i < 9; i++) await redis.zadd(names.instances(SERVICE), Date.now() - 100_000, `old-${i}`)
  expect(await takeRecovery(client, recovery('a'))).toBe(true)
  expect(await takeRecovery(client, recovery('b'))).toBe(false)
})

test('a claim is renewed by who has it, ends when it is released, and by itself', async () => {
  await live(3)
  expect(await takeRecovery(client, recovery('a'))).toBe(true)
  expect(await takeRecovery(client, recovery('a'))).toBe(true)
  expect(await takeRecovery(client, recovery('b'))).toBe(false)
  await releaseRecovery(client, recovery('a'))
  expect(await takeRecovery(client, recovery('b'))).toBe(true)
  expect(await redis.pttl(names.recovering(SERVICE))).toBeLessThanOrEqual(RECOVERY_MS)
  // As if its time were up.
  await redis.zadd(names.recovering(SERVICE), Date.now() - 1, 'b')
  expect(await takeRecovery(client, recovery('c'))).toBe(true)
})

test('a process that is down already counts, whether there is room or not', async () => {
  await live(3)
  expect(await takeRecovery(client, recovery('a'))).toBe(true)
  expect(await takeRecovery(client, recovery('b'), 'join')).toBe(true)
  await releaseRecovery(client, recovery('a'))
  expect(await takeRecovery(client, recovery('c'))).toBe(false)
})

const speaker = speakerFor({ service: SERVICE, instance: 'a', allow: [] }, {})!
const DEATH = { n: 1, exit: { code: 3, signal: null }, at: Date.now(), uptimeSeconds: 9, next: 'is started again in 1 s', staysDown: false }

async function die(how: 'back' | 'down', agoMs: number): Promise<string> {
  const message = deathMessage(speaker, DEATH, await redis.get(names.status(SERVICE, 'a')), Date.now())
  const said = [names.statusChannel(SERVICE), message, '90000', SERVICE, 'a', how, String(agoMs)]
  return client.healthDeath(...deathKeys(names, SERVICE, 'a'), ...said)
}

test('a death is the last message of its instance, with what it said last, and is missed if it comes back', async () => {
  await redis.zadd(names.instances(SERVICE), Date.now() - 5000, 'a')
  const last = {
    v: 1,
    service: SERVICE,
    instance: 'a',
    beat: 7,
    timestamp: '2026-11-22T10:00:00.000Z',
    status: 'healthy',
    instance_status: 'healthy',
  }
  const rest = {
    phase: 'running',
    since: '2026-11-22T10:00:00.000Z',
    uptime_seconds: 4,
    reasons: [],
    checks: {},
    metrics: { rate: 4 },
    alerts: [],
  }
  await redis.set(names.status(SERVICE, 'a'), JSON.stringify({ ...last, ...rest }))
  expect(await die('back', 1000)).toBe('1')
  const status = parseStatus(SERVICE, (await redis.get(names.status(SERVICE, 'a')))!)
  expect(status).toMatchObject({
    phase: 'stopped',
    beat: 8,
    exit: { code: 3, signal: null },
    next: 'is started again in 1 s',
    metrics: { rate: 4 },
  })
  expect(status!.reasons).toEqual(['It ended with exit code 3, and is started again in 1 s'])
  expect(await redis.zscore(names.instances(SERVICE), 'a')).not.toBeNull()
})

test('a death that stays is missed no more; one that another process of the name has outlived changes nothing', async () => {
  await redis.zadd(names.instances(SERVICE), Date.now() - 5000, 'a')
  expect(await die('down', 1000)).toBe('1')
  expect(await redis.zscore(names.instances(SERVICE), 'a')).toBeNull()
  await redis.zadd(names.instances(SERVICE), Date.now(), 'a')
  await redis.del(names.status(SERVICE, 'a'))
  expect(await die('down', 5000)).toBe('0')
  expect([await redis.exists(names.status(SERVICE, 'a')), await redis.zcard(names.instances(SERVICE))]).toEqual([0, 1])
})

const ID = alertId(PROCESS_DOWN, SERVICE)
let starts = 1000

async function tell(n: number, how: Partial<DownAlert>, instance = 'a'): Promise<void> {
  const alert: DownAlert = { n, state: 'firing', message: 'It is down', isAgain: false, keptMs: 60_000, ...how }
  await tellDown(client, speakingAs(speaker, instance), alert, { start: String(starts++), monotonicMs: 1000, epochMs: Date.now() })
}

async function told(): Promise<readonly string[]> {
  const entries = await redis.xrange(names.alerts, '-', '+')
  return entries.map(([, [, text]]) => {
    const message = parseMessage(names.alertsChannel, text!)
    return message?.channel === 'alerts' ? `${message.type} ${message.deliver}` : 'no message'
  })
}

test('the alert that a process is down fires, is told again when that is asked for, and ends when it runs', async () => {
  await tell(1, {})
  await tell(2, { isAgain: true })
  await tell(3, { state: 'resolved', message: 'It runs' })
  expect(await told()).toEqual(['fired true', 'updated true', 'resolved true'])
})

test('it stands as long as any process of the service is down', async () => {
  await tell(1, {})
  await tell(1, {}, 'b')
  await tell(2, { state: 'resolved', message: 'It runs' })
  expect(await told()).toEqual(['fired true'])
  await tell(2, { state: 'resolved', message: 'It runs' }, 'b')
  expect(await told()).toEqual(['fired true', 'resolved true'])
})

test.for([
  { others: 1, state: 'resolved' },
  { others: 0, state: 'unknown' },
])('where its supervisor is gone as well, and $others other instances live, it is $state', async ({ others, state }) => {
  await tell(1, { keptMs: 1 })
  await live(others)
  await new Promise((resolve) => setTimeout(resolve, 20))
  await client.healthAlert(...alertKeys(names, ID, SERVICE), ...lookingOnly(names, 3_600_000, 'test'))
  expect((await redis.hget(names.alert(ID), 'fold'))!.split(' ')[0]).toBe(state)
})
