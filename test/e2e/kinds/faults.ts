/**
 * What goes wrong with services of the kinds: health.config that reads them wrongly, more channels than are told apart, a Redis that goes
 * away, instances that come and go. The service does not notice, nothing that could be counted is lost, and no alert is told twice.
 */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'

import { startValkey } from '../../../examples/valkey/start-valkey.ts'
import type { MetricsMessage } from '../../../src/wire/metrics-message.ts'
import { HealthMessages } from '../health-messages.ts'
import { geocoding } from './geocoding.ts'
import { locationAggregator } from './location-aggregator.ts'
import { has, is } from './matches.ts'
import { notification, notificationsOf } from './notification.ts'
import { realtimeGeofence } from './realtime-geofence.ts'
import { stranger, strangerWith } from './stranger.ts'
import type { Upstreams } from './upstreams.ts'
import type { ServiceEnd, ServiceProcess, ServiceRun } from '../service-process.ts'
import { startSurroundings, type Surroundings } from '../service-surroundings.ts'

const TIMEOUT = { timeout: 90_000 }

interface Misread {
  readonly why: string
  /** Of test/kinds/strangers. */
  readonly of: string
  readonly contract: typeof geocoding
  /** Of its health.config. */
  readonly methods: string
  /** What is counted all the same, and all that is. */
  readonly totals: Readonly<Record<string, unknown>>
  /** Said once, on stderr. */
  readonly says: string
}

const MISREAD: readonly Misread[] = [
  {
    why: 'an extractor that throws for some',
    of: 'notification/functions',
    contract: notification,
    methods: `[{ module: './deliver.js', function: 'deliver', records: 'delivery', result({ is }, [, { channel }]) {
      if (channel === 'mail') throw new TypeError('no mail')
      return is === 'put off' ? undefined : { channel, outcome: is }
    } }]`,
    totals: {
      'notification.deliveries': { 'push sent': 40, 'sms delivered': 10, 'sms failed': 10 },
      attempts: { ok: 50, failed: { failed: 10 } },
    },
    says: 'what deliver returned (no mail) was dropped',
  },
  {
    why: 'an extractor that throws for all',
    of: 'geocoding/functions',
    contract: geocoding,
    methods: `[
      { module: './geocode.cjs', function: 'geocode', records: 'attempt' },
      { module: './geocode.cjs', function: 'findCached', records: 'lookup', result: ({ state }) => state.toUpperCase() },
    ]`,
    totals: { 'geocoding.cache.lookups': {}, attempts: geocoding.totals['attempts'] },
    says: 'what findCached returned (Cannot read properties of undefined',
  },
  {
    why: 'a result that is no object',
    of: 'geocoding/functions',
    contract: geocoding,
    methods: `[
      { module: './geocode.cjs', function: 'geocode', records: 'attempt' },
      { module: './geocode.cjs', function: 'findCached', records: 'lookup', result: ([state]) => state },
    ]`,
    // Lookups of which nobody knows whether they were hits would be a hit rate of 0 %.
    totals: { 'geocoding.cache.lookups': {}, attempts: geocoding.totals['attempts'] },
    says: 'what findCached returned (an object was expected of an extractor, which gave string) was dropped',
  },
  {
    why: 'amounts that are negative',
    of: 'location-aggregator/functions',
    contract: locationAggregator,
    methods: `[{ module: './merge.js', function: 'merge', records: 'aggregation', result: ({ kept, twice, absurd }, [reports]) => ({
      received: reports.length, merged: -kept.length, duplicates: twice.length, implausible: absurd.length, lagMs: -5,
    }) }]`,
    totals: { 'location_aggregator.reports': { duplicate: 48, implausible: 24 }, attempts: { ok: 120, failed: { conflict: 1 } } },
    says: 'merged of aggregation that is no amount was dropped',
  },
  {
    why: 'a list that is none',
    of: 'realtime-geofence/functions',
    contract: realtimeGeofence,
    methods: `[{ module: './geofence.js', function: 'check', records: 'evaluation', result: ({ crossings }) => ({ timing: 'soon', events: String(crossings) }) }]`,
    totals: {
      'realtime_geofence.reports': { _OTHER: 240 },
      'realtime_geofence.events': {},
      attempts: { ok: 240, failed: { bad_report: 5 } },
      events: 0,
    },
    says: 'events of evaluation that is no list was dropped',
  },
]

/** On a Redis of their own. */
export function testFaults(upstreams: () => Upstreams): void {
  let surroundings: Surroundings
  let health: HealthMessages

  beforeAll(async () => {
    surroundings = await startSurroundings(15)
    health = await HealthMessages.on(surroundings.port)
  }, 60_000)
  afterAll(async () => {
    await surroundings.close()
    health.close()
  })

  /** Starts a service under a name of its own, and shows what there is if the test fails. */
  async function start({ onTestFailed }: TestContext, run: ServiceRun, name: string): Promise<ServiceProcess> {
    const process = await surroundings.start({ ...run, env: { ...upstreams().env, STAY: '1', HEALTH_SERVICE_NAME: name, ...run.env } })
    onTestFailed(() => console.error(`${process.output}\n${health.last(name)}`))
    return process
  }

  describe.concurrent('the work of a service is counted in spite of', () => {
    test.concurrent.for(MISREAD)('$why', TIMEOUT, async ({ why, of, contract, methods, totals, says }, context) => {
      const { remove, ...run } = strangerWith(of, `export default { profile: '${contract.kind}', methods: ${methods} }`)
      context.onTestFinished(remove)
      const name = why.replaceAll(' ', '-')
      const process = await start(context, { ...run, lists: contract.lists(Date.now()) }, name)
      expect(await process.ledger).toEqual(contract.ledger)
      await health.metrics(name, (message) => has(message.totals, totals))
      expect(process.output.split(says)).toHaveLength(2)
      expect(await process.stop()).toMatchObject({ code: 0 })
    })
  })

  test.concurrent('a delivery that throws is a failed one of the channel that its name is', TIMEOUT, async (context) => {
    const delivery = `{ module: './sender.cjs', class: 'Sender', method: 'send', callback: true, records: 'delivery', name: 'sms' }`
    const { remove, ...run } = strangerWith(
      'notification/callback',
      `export default { profile: 'notification', methods: [${delivery}], rules: { low_delivery_rate: { for: 0, plain: true } } }`,
    )
    context.onTestFinished(remove)
    // Nobody listens where the gateway is said to be.
    const outbox = notificationsOf('sms', 'sent', 5, Date.now())
    const process = await start(context, { ...run, lists: { outbox }, env: { GATEWAY_URL: 'http://127.0.0.1:1' } }, 'throws')
    const isFailed = ({ totals }: MetricsMessage) => is(totals['notification.deliveries'], { 'sms failed ECONNREFUSED': 5 })
    expect((await health.metrics('throws', isFailed)).totals).toMatchObject({ attempts: { ok: 0, failed: { ECONNREFUSED: 5 } } })
    await health.alert('throws', ({ rule, labels }) => rule === 'low_delivery_rate' && labels?.['work.name'] === 'sms')
    await process.stop()
  })

  describe.concurrent('a health.config that records what a service of its kind has not stops the start', () => {
    test.concurrent.for([
      { of: 'geocoding/callback', profile: 'geocoding', records: 'lookups', known: 'lookup, quota' },
      { of: 'realtime-geofence/class', profile: 'realtime_geofence', records: 'lookup', known: 'evaluation, geofences' },
      { of: 'location-aggregator/class', profile: 'location_aggregator', records: 'delivery', known: 'aggregation' },
      { of: 'notification/class', profile: 'notification', records: 'giveup', known: 'delivery, retry, give_up' },
    ])('$profile with $records', TIMEOUT, async ({ of, profile, records, known }, context) => {
      const config = { profile, methods: [{ module: './service.js', function: 'main', records }] }
      const { remove, ...run } = strangerWith(of, `export default ${JSON.stringify(config)}`)
      context.onTestFinished(remove)
      const process = await start(context, run, `refused-${profile}`)
      await expect(process.ledger).rejects.toThrow('ended without a ledger')
      expect(await process.ended).toMatchObject({ code: 1, stdout: '' })
      const [said] = process.output.split('\n').filter((line) => line.startsWith('otel-health: '))
      expect(said).toContain(`methods[0].records is "${records}"`)
      for (const meaning of known.split(', ')) expect(said).toContain(meaning)
    })
  })

  test.concurrent('of sixty channels fifty are told apart, and nothing is lost', TIMEOUT, async (context) => {
    const outbox = Array.from({ length: 60 }, (_, index) => notificationsOf(`channel-${index + 1}`, 'sent', 2, Date.now())).flat()
    const process = await start(context, { ...stranger('notification/class'), lists: { outbox } }, 'sixty-channels')
    const { totals, ...message } = await health.metrics('sixty-channels', (each) => is(each.totals['attempts'], { ok: 120, failed: {} }))
    const deliveries = totals['notification.deliveries'] as Readonly<Record<string, number>>
    expect(Object.keys(deliveries)).toHaveLength(51)
    expect(deliveries).toMatchObject({ 'channel-1 sent': 2, 'channel-50 sent': 2, '_OTHER sent': 20 })
    expect(message).not.toHaveProperty('cut')
    await process.stop()
  })

  test.concurrent('a Redis that goes away is told of, and work is counted on when it is back', TIMEOUT, async (context) => {
    const [name, at] = ['redis-away', Date.now()]
    const queue = await startValkey()
    context.onTestFinished(() => queue.stop())
    const REDIS_URL = `redis://127.0.0.1:${queue.port}`
    const push = async (count: number): Promise<void> => {
      const redis = new Redis(REDIS_URL)
      await redis.rpush('outbox', ...notificationsOf('push', 'sent', count, at))
      redis.disconnect()
    }
    await push(10)
    const process = await start(context, { ...stranger('notification/class'), env: { REDIS_URL } }, name)
    const isSent = (count: number) => (message: MetricsMessage) => is(message.totals['notification.deliveries'], { 'push sent': count })
    await health.metrics(name, isSent(10))
    await health.status(name, ({ phase, checks }) => phase === 'running' && checks['redis']?.status === 'healthy')

    await queue.stop()
    const away = await health.status(name, ({ checks }) => checks['redis']?.status === 'unhealthy')
    await health.metrics(name, (message) => isSent(10)(message) && message.timestamp > away.timestamp)

    const back = await startValkey({ port: queue.port })
    context.onTestFinished(() => back.stop())
    await push(5)
    const { timestamp } = await health.metrics(name, isSent(15))
    await health.status(name, (status) => status.timestamp > timestamp && status.checks['redis']?.status === 'healthy')
    expect(new Set(health.alertsOf(name).map(({ rule }) => rule))).toEqual(new Set(['dependency_down']))
    expect(await process.stop()).toMatchObject({ code: 0 })
  })

  test.concurrent(
    'three instances of one service share its work and tell of each channel once, through a restart',
    TIMEOUT,
    async (context) => {
      const [name, at] = ['three-notifiers', Date.now()]
      const queue = await startValkey()
      context.onTestFinished(() => queue.stop())
      const REDIS_URL = `redis://127.0.0.1:${queue.port}`
      const redis = new Redis(REDIS_URL)
      context.onTestFinished(() => redis.disconnect())

      const startOne = () => start(context, { ...stranger('notification/class'), env: { REDIS_URL } }, name)
      const instances = new Set<string>()
      const running = (count: number) =>
        health.status(name, ({ phase, instance }) => phase === 'running' && instances.add(instance).size === count)
      const newest = new Map<string, MetricsMessage['totals']>()
      /** Resolves when all instances together have delivered as much. */
      const delivered = (expected: Readonly<Record<string, number>>) =>
        health.metrics(name, (message) => {
          newest.set(message.instance, message.totals)
          return is(added([...newest.values()]), expected)
        })

      const processes = await Promise.all([startOne(), startOne(), startOne()])
      await running(3)
      await redis.rpush('outbox', ...notificationsOf('push', 'sent', 60, at), ...notificationsOf('mail', 'bounced', 60, at))
      await delivered({ 'push sent': 60, 'mail bounced mailbox_full': 60 })
      await health.alert(name, ({ type, rule }) => type === 'fired' && rule === 'low_delivery_rate')

      const ends = [await processes[0].stop()]
      const others = [processes[1], processes[2], await startOne()]
      await running(4)
      await redis.rpush('outbox', ...notificationsOf('mail', 'bounced', 30, at), ...notificationsOf('sms', 'down', 9, at))
      await delivered({ 'push sent': 60, 'mail bounced mailbox_full': 90, 'sms failed 503': 9 })
      await health.alert(name, ({ type, labels }) => type === 'fired' && labels?.['work.name'] === 'sms')
      await health.status(name, ({ phase, alerts }) => phase === 'running' && alerts.length >= 2)

      const told = health.alertsOf(name).filter(({ rule }) => rule === 'low_delivery_rate')
      const toldOf = (channel: string) => told.filter(({ labels }) => labels?.['work.name'] === channel).map(({ type }) => type)
      for (const channel of ['mail', 'sms']) expect(toldOf(channel).filter((type) => type !== 'escalated')).toEqual(['fired'])
      expect(toldOf('push')).toEqual([])
      for (const process of others) ends.push(await process.stop())
      expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0])
      expect(sorted([...newest.values()].map((totals) => totals['notification.deliveries']))).toEqual(sorted(ends.map(deliveriesOf)))
    },
  )
}

function added(totals: readonly MetricsMessage['totals'][]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const { 'notification.deliveries': deliveries = {} } of totals) {
    for (const [key, count] of Object.entries(deliveries as Readonly<Record<string, number>>)) sums[key] = (sums[key] ?? 0) + count
  }
  return sums
}

/** What a service had counted when it last ran out of work. */
function deliveriesOf({ stdout }: ServiceEnd): unknown {
  const [last = '{}'] = stdout.trim().split('\n').slice(-1)
  return (JSON.parse(last) as { readonly deliveries?: unknown }).deliveries
}

function sorted(counts: readonly unknown[]): readonly unknown[] {
  return counts.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}
