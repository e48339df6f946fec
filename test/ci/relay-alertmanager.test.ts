/** The relay with the real Alertmanager and a real Redis. */
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { poster } from '../../src/relay/post.ts'
import { readRelayConfig } from '../../src/relay/relay-config.ts'
import { Relay } from '../../src/relay/relay.ts'
import { tryTargets } from '../../src/relay/try-targets.ts'
import { allShards } from '../../src/wire/names.ts'
import { startReceiver, type Receiver } from '../relay/receiver.ts'
import { RelayProcesses } from '../relay/relay-processes.ts'
import { seeded } from '../relay/relay-kills.ts'
import { writeTransition, type Change } from '../relay/transitions.ts'
import { RealAlertmanager } from './real-alertmanager.ts'
import { startRedis, type RealRedis } from './real-redis.ts'

let server: RealRedis
let redis: Redis
let notified: Receiver
let alertmanager: RealAlertmanager
const ending: (() => unknown)[] = []

beforeAll(async () => {
  server = await startRedis()
  redis = new Redis(server.port)
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})
beforeEach(async () => {
  await redis.flushall()
  notified = await startReceiver()
  alertmanager = await RealAlertmanager.start(notified.url)
})
afterEach(async () => {
  await Promise.all(ending.splice(0).map((end) => end()))
  await alertmanager.stop()
  await notified.close()
})

const RESEND_SECONDS = 2

function target() {
  return { type: 'alertmanager', url: alertmanager.url, labels: { environment: 'test' }, resendSeconds: RESEND_SECONDS }
}

async function startRelay(): Promise<Relay> {
  const client = new Redis({ port: server.port, maxRetriesPerRequest: 0 })
  const targets = readRelayConfig({ targets: [target()] }, {})
  const relay = new Relay({ client, shards: allShards(1), targets, clock: systemClock, say: () => {} })
  relay.start()
  ending.push(async () => {
    await relay.stop(500)
    client.disconnect()
  })
  await until(async () => (await redis.exists('{health}:relay:alertmanager')) === 1)
  return relay
}

const until = (isSo: () => unknown, ms = 20_000) => vi.waitUntil(isSo, { timeout: ms, interval: 20 })

/** `anisette_unreachable critical`. */
async function open(): Promise<readonly string[]> {
  const alerts = await alertmanager.alerts()
  return alerts.map(({ labels }) => `${labels['alertname']} ${labels['severity']}`).toSorted()
}

test('fired is there, a change of severity ends the old label set with it, resolved goes away', async () => {
  await startRelay()
  await redis.zadd('{health}:services', Date.now(), 'geocoding')
  const began = performance.now()
  await writeTransition(redis)
  await until(async () => (await open()).length === 1)
  expect(performance.now() - began).toBeLessThan(2000)
  const [alert] = await alertmanager.alerts()
  expect(alert).toMatchObject({
    labels: { environment: 'test', alertname: 'low_success_rate', service: 'tracker_fetcher', severity: 'warning' },
    annotations: { services: '1 of 2 services', instances: '1 of 1 instance' },
  })
  expect(Date.parse(alert!.endsAt) - Date.now()).toBeGreaterThan(4 * 60_000)

  await writeTransition(redis, { type: 'escalated', severity: 'CRITICAL' })
  const seen = new Set<string>()
  await until(async () => {
    const now = await open()
    seen.add(now.join())
    return now.join() === 'low_success_rate critical'
  })
  // Never both, never none.
  expect([...seen].toSorted()).toEqual(expect.not.arrayContaining(['']))
  expect([...seen].filter((each) => each.includes(','))).toEqual([])

  await writeTransition(redis, { type: 'resolved', severity: 'CRITICAL' })
  await until(async () => (await open()).length === 0)
  await until(() => notificationsOf(notified).size === 2 && [...notificationsOf(notified).values()].every((each) => each.length === 2))
  expect(Object.fromEntries(notificationsOf(notified))).toEqual({
    'low_success_rate warning': ['firing', 'resolved'],
    'low_success_rate critical': ['firing', 'resolved'],
  })
})

test('one that was killed and started again has what is still open within the interval, and nothing else', async () => {
  await startRelay()
  await writeTransition(redis, { alert_id: 'stays', rule: 'stays' })
  await writeTransition(redis, { alert_id: 'ends', rule: 'ends' })
  await until(async () => (await open()).length === 2)
  await alertmanager.kill()
  await writeTransition(redis, { alert_id: 'ends', rule: 'ends', type: 'resolved' })
  await writeTransition(redis, { alert_id: 'begins', rule: 'begins' })
  await writeTransition(redis, { alert_id: 'short', rule: 'short' })
  await writeTransition(redis, { alert_id: 'short', rule: 'short', type: 'resolved' })
  await alertmanager.run()
  const began = performance.now()
  await until(async () => (await open()).length === 2)
  expect(performance.now() - began).toBeLessThan((RESEND_SECONDS + 1) * 1000)
  expect(await open()).toEqual(['begins warning', 'stays warning'])
  // Killed again, with nothing new to say: it is told with the next interval.
  await alertmanager.kill()
  await alertmanager.run()
  await until(async () => (await open()).length === 2, (RESEND_SECONDS + 1) * 1000)
})

test('relays are killed one after the other: it hears of every change, and tells of each once', async () => {
  const relays = new RelayProcesses(server.port, [target()])
  ending.push(() => relays.stop())
  relays.start()
  relays.start()
  await until(async () => (await redis.exists('{health}:relay:alertmanager')) === 1)
  const random = seeded(11)
  const names = Array.from({ length: 12 }, (_, i) => `rule_${String(i).padStart(2, '0')}`)
  const tell = async (change: Change, expected: readonly string[]): Promise<void> => {
    const killing = (async () => {
      for (let i = 0; i < 5; i++) await relays.killHolder('alertmanager', random() * 200)
    })()
    for (const name of names) {
      await writeTransition(redis, { ...change, alert_id: name, rule: name })
      await new Promise((resolve) => {
        setTimeout(resolve, random() * 150)
      })
    }
    await killing
    await until(async () => (await open()).join() === expected.join(), 30_000)
    // What it knows it also tells, before the next change.
    await until(() => [...notificationsOf(notified)].filter(([, each]) => each.length > 0).length >= expected.length, 30_000)
  }
  await tell(
    {},
    names.map((name) => `${name} warning`),
  )
  await tell(
    { type: 'escalated', severity: 'CRITICAL' },
    names.map((name) => `${name} critical`),
  )
  await until(() => notificationsOf(notified).size === 24, 30_000)
  await tell({ type: 'resolved', severity: 'CRITICAL' }, [])
  const told = new Map(names.flatMap((name) => ['warning', 'critical'].map((severity) => [`${name} ${severity}`, ['firing', 'resolved']])))
  await until(() => [...notificationsOf(notified).values()].every((each) => each.at(-1) === 'resolved'), 30_000)
  expect(notificationsOf(notified)).toEqual(told)
  expect(relays.kills).toBe(15)
})

test('relay --test: its alert is there, and over within a minute', async () => {
  const tried = await tryTargets(readRelayConfig({ targets: [target()] }, {}), systemClock, poster(systemClock))
  expect(tried).toEqual([{ target: 'alertmanager', ok: true, outcome: 'HTTP 200', took: expect.any(Number) }])
  expect(await open()).toEqual(['relay_test warning'])
  const [alert] = await alertmanager.alerts()
  expect(Date.parse(alert!.endsAt) - Date.now()).toBeLessThanOrEqual(60_000)
})

/** What Alertmanager has told of each label set, in order. */
function notificationsOf({ received }: Receiver): Map<string, string[]> {
  const all = new Map<string, string[]>()
  for (const { body } of received) {
    const { alerts } = JSON.parse(body) as { alerts: readonly { status: string; labels: Record<string, string> }[] }
    for (const { status, labels } of alerts) {
      const key = `${labels['alertname']} ${labels['severity']}`
      all.set(key, [...(all.get(key) ?? []), status])
    }
  }
  return all
}
