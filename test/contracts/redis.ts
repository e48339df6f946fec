/** What every server that may be the health Redis must do for us, and what the exporter does when it refuses. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { PresenceReader } from '../../src/publish/presence.ts'
import { createPublisher, type Publisher, type PublisherClient, type RedisTarget } from '../../src/wire/redis-client.ts'
import { RedisExporter, type RedisExporterOptions } from '../../src/publish/redis-exporter.ts'
import { alertOf, snapshotOf, transitionOf } from '../wire/fixtures.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { diagLines } from './diag-lines.ts'
import { HealthChannels, isAlert, isStatus } from './health-channels.ts'

export interface RedisUnderTest {
  readonly host: string
  readonly port: number
  stop(): Promise<void>
}

const DAY_MS = 86_400_000

export function redisContract(name: string, start: () => Promise<RedisUnderTest>): void {
  describe(`health Redis: ${name}`, () => {
    let server: RedisUnderTest
    let redis: Redis
    let channels: HealthChannels
    let publisher: Publisher
    let client: PublisherClient
    const exporters: RedisExporter[] = []

    beforeAll(async () => {
      server = await start()
      redis = new Redis({ host: server.host, port: server.port })
      publisher = await createPublisher(server, 1000)
      client = publisher.client
      await client.connect()
      await redis.config('SET', 'maxmemory-policy', 'noeviction')
    })
    beforeEach(async () => {
      await redis.flushall()
      channels = await HealthChannels.of(server.port, server.host)
    })
    afterEach(async () => {
      channels.close()
      // Waited for, or what one test says last is found by the next.
      await Promise.all(exporters.splice(0).map((exporter) => exporter.stop(snapshotOf({ phase: 'stopped' }), 500)))
    })
    afterAll(async () => {
      client.disconnect()
      redis.disconnect()
      await server.stop()
    })

    const exporterOf = (options: Partial<RedisExporterOptions> = {}): RedisExporter => {
      const exporter = new RedisExporter({
        target: server,
        clock: systemClock,
        service: 'tracker_fetcher',
        instance: '4f2c',
        publishingIntervalMs: 30_000,
        retentionMs: DAY_MS,
        alertIds: ['a1', 'a2'],
        timeoutMs: 500,
        firstWaitMs: 5,
        longestWaitMs: 20,
        ...options,
      })
      exporters.push(exporter)
      return exporter
    }

    interface Write {
      readonly alert?: string
      readonly expected?: string
      readonly writer?: string
      readonly n?: string
      readonly open?: 'open' | 'other'
    }
    const fieldsOf = (n: string) => `"type":"fired","message":"m${n}"`
    const documentOf = (n: string) => `{"v":1,${fieldsOf(n)},"timers":{"t":1}}`
    const KEYS = (alert: string) => [`{health}:alert:${alert}`, '{health}:open', '{health}:alerts', '{health}:meta'] as const
    const transition = ({ alert = 'a1', expected = '0', writer = 'w1', n = '1', open = 'open' }: Write = {}) =>
      client.healthTransition(
        ...KEYS(alert),
        ...[expected, writer, n, fieldsOf(n), '{"t":1}', alert, '1000', open],
        ...['health:system:alerts', String(DAY_MS)],
      )
    const save = ({ alert = 'a1', expected = '0', writer = 'w1', n = '1', open = 'other' }: Write = {}) =>
      client.healthSave(`{health}:alert:${alert}`, '{health}:open', expected, writer, n, fieldsOf(n), '{"t":1}', alert, '1000', open)

    describe('a transition', () => {
      test('is saved, listed, kept in the stream and told, with the same text', async () => {
        const [outcome, rev, id] = await transition()
        const [told] = await channels.take(1)
        const [[entryId, [field, text]]] = (await redis.xrange('{health}:alerts', '-', '+')) as [[string, [string, string]]]
        expect({ outcome, rev, id, field, text }).toEqual({ outcome: 1, rev: '1', id: entryId, field: 'd', text: told!.text })
        expect(await redis.hmget('{health}:alert:a1', 'rev', 'doc')).toEqual(['1', documentOf('1')])
        expect(await redis.zrange('{health}:open', '0', '-1', 'WITHSCORES')).toEqual(['a1', '1000'])
        const { epoch, timestamp, ...rest } = told!.body
        expect(rest).toEqual({ v: 1, id, seq: 1, rev: 1, type: 'fired', message: 'm1' })
        expect(epoch).toBe(await redis.hget('{health}:meta', 'epoch'))
        expect(timestamp).toBe(new Date(Number(id.split('-')[0])).toISOString())
      })

      test('counts on in one sequence for all alerts, within one epoch', async () => {
        await transition()
        await transition({ alert: 'a2' })
        await transition({ expected: '1', writer: 'w2' })
        const told = await channels.take(3)
        expect(told.map(({ body }) => [body['seq'], body['rev']])).toEqual([
          [1, 1],
          [2, 2],
          [3, 3],
        ])
        expect(new Set(told.map(({ body }) => body['epoch'])).size).toBe(1)
      })

      test.for(['2028-02-29T23:59:59.999Z', '2099-12-31T00:00:00.000Z', '2100-03-01T12:34:56.007Z'])(
        'is never dated before the one before it, though the clock of the server was set back (%s)',
        async (before) => {
          await redis.hset('{health}:meta', 'ms', String(Date.parse(before)), 'seq', '41', 'epoch', 'e')
          const [, , id] = await transition()
          const [told] = await channels.take(1)
          expect([id, told!.body['timestamp'], told!.body['epoch']]).toEqual([`${Date.parse(before)}-42`, before, 'e'])
        },
      )

      test('of an alert that somebody else changed is not written, and says what is held', async () => {
        await transition()
        expect(await transition({ writer: 'w2' })).toEqual([0, '1', documentOf('1')])
        expect(await transition({ writer: 'w2', expected: '7' })).toEqual([0, '1', documentOf('1')])
        expect(await redis.xlen('{health}:alerts')).toBe(1)
      })

      test('whose answer was lost is not repeated', async () => {
        await transition()
        await transition({ n: '2' })
        expect((await transition()).slice(0, 2)).toEqual([2, '2'])
        expect((await transition({ n: '2' })).slice(0, 2)).toEqual([2, '2'])
        expect(await redis.xlen('{health}:alerts')).toBe(2)
      })

      test('that ends an alert takes it off the list and keeps it for 30 days; a new one keeps it as long as it is open', async () => {
        await transition()
        expect(await redis.pttl('{health}:alert:a1')).toBe(-1)
        await transition({ n: '2', open: 'other' })
        expect(await redis.zcard('{health}:open')).toBe(0)
        expect(await redis.pttl('{health}:alert:a1')).toBeGreaterThan(29.9 * DAY_MS)
        await transition({ n: '3' })
        expect(await redis.pttl('{health}:alert:a1')).toBe(-1)
      })
    })

    test('a pending alert is saved without list, stream and channel', async () => {
      expect(await save()).toEqual([1, '0', ''])
      expect(await redis.hmget('{health}:alert:a1', 'rev', 'doc')).toEqual(['0', documentOf('1')])
      expect(await redis.exists('{health}:open', '{health}:alerts', '{health}:meta')).toBe(0)
    })

    test('a pending alert never hides one that fired meanwhile', async () => {
      await transition({ writer: 'w2' })
      expect(await save()).toEqual([0, '1', documentOf('1')])
      expect(await save({ writer: 'w2', n: '1' })).toEqual([2, '1', ''])
    })

    const beat = (instance: string, keptMs = '60000', state = 'alive') =>
      client.healthBeat(
        ...[`{health}:status:s:${instance}`, '{health}:services', '{health}:instances:s'],
        ...['health:service:s:status', '{"phase":"running"}', keptMs, 's', instance, '3600000', state],
      )

    test('a status message is kept for a while, counted as a sign of life and told', async () => {
      await beat('i1')
      expect(await channels.take(1)).toMatchObject([{ channel: 'health:service:s:status', text: '{"phase":"running"}' }])
      const ttl = await redis.pttl('{health}:status:s:i1')
      expect(ttl > 50_000 && ttl <= 60_000).toBe(true)
      const [[seconds], services, instances] = await Promise.all([
        redis.time(),
        redis.zscore('{health}:services', 's'),
        redis.zscore('{health}:instances:s', 'i1'),
      ])
      expect(Math.abs(Number(seconds) * 1000 - Number(services))).toBeLessThan(5000)
      expect(instances).toBe(services)
    })

    test('a status message expires: that is silence', async () => {
      await redis.config('SET', 'notify-keyspace-events', 'Ex')
      const listener = new Redis({ host: server.host, port: server.port })
      await listener.subscribe('__keyevent@0__:expired')
      const expired = once(listener, 'message')
      await beat('i1', '20')
      expect((await expired)[1]).toBe('{health}:status:s:i1')
      listener.disconnect()
      const presence = await new PresenceReader((command) => command(redis), 'other', 'i').read()
      expect(presence?.services).toMatchObject([{ service: 's', silent: true }])
    })

    test('an instance that stops leaves the list, and the service with the last one', async () => {
      await beat('i1')
      await beat('i2')
      await beat('i1', '60000', 'stopped')
      expect([await redis.zrange('{health}:instances:s', '0', '-1'), await redis.zrange('{health}:services', '0', '-1')]).toEqual([
        ['i2'],
        ['s'],
      ])
      await beat('i2', '60000', 'stopped')
      expect(await redis.exists('{health}:instances:s', '{health}:services')).toBe(0)
    })

    test('an instance that was not heard of for an hour is forgotten', async () => {
      await redis.zadd('{health}:instances:s', '1000', 'long gone')
      await beat('i1')
      expect(await redis.zrange('{health}:instances:s', '0', '-1')).toEqual(['i1'])
    })

    test('trimming is exact, in both streams', async () => {
      for (const stream of ['{health}:alerts', '{health}:history:s']) {
        for (let i = 1; i <= 5; i++) await redis.xadd(stream, `${i}-1`, 'd', 'old')
        await redis.xadd(stream, '*', 'd', 'new')
      }
      expect(await client.healthTrim('{health}:alerts', '{health}:history:s', String(DAY_MS))).toEqual([5, 5])
    })

    test('a minute of history is kept for the retention', async () => {
      await client.healthHistory('{health}:history:s', String(DAY_MS), 'i1', 'healthy', '{"a":1}', '{"b":2}')
      const [[, fields]] = (await redis.xrange('{health}:history:s', '-', '+')) as [[string, string[]]]
      expect(fields).toEqual(['instance', 'i1', 'status', 'healthy', 'counts', '{"a":1}', 'gauges', '{"b":2}'])
      expect(await redis.pttl('{health}:history:s')).toBeGreaterThan(DAY_MS - 60_000)
    })

    test('a connection works in the database it is told', async () => {
      const third = await createPublisher({ ...server, database: 3 }, 1000)
      await third.client.connect()
      await third.client.set('where', 'three')
      expect(await redis.get('where')).toBeNull()
      expect(await third.client.get('where')).toBe('three')
      third.client.disconnect()
    })

    describe('the exporter', () => {
      test('tells the alert before the status that shows it', async () => {
        const exporter = exporterOf()
        await exporter.load(1000)
        exporter.transition(transitionOf('fired'))
        exporter.status(snapshotOf())
        exporter.metrics(snapshotOf())
        expect((await channels.take(3)).map(({ channel }) => channel)).toEqual([
          'health:system:alerts',
          'health:service:tracker_fetcher:status',
          'health:service:tracker_fetcher:metrics',
        ])
      })

      test('finds the alerts of its service again, those that are over for their episode, and goes on from their rev', async () => {
        const before = exporterOf()
        await before.load(1000)
        before.transition(transitionOf('fired', { id: 'rule that was removed since' }))
        before.transition(transitionOf('fired', { id: 'of another', service: 'geocoding' }))
        before.save(alertOf({ id: 'a1', state: 'pending' }))
        before.transition(transitionOf('fired', { id: 'a2' }))
        before.transition(transitionOf('resolved', { id: 'a2' }))
        await before.stop(snapshotOf({ phase: 'stopped' }), 1000)

        const after = exporterOf()
        const stored = await after.load(1000)
        expect(stored?.map(({ alert, rev }) => [alert.id, alert.state, rev])).toEqual([
          ['a1', 'pending', 0],
          ['a2', 'resolved', 4],
          ['rule that was removed since', 'firing', 1],
        ])
        after.transition(transitionOf('resolved', { id: 'rule that was removed since' }))
        after.transition(transitionOf('fired', { id: 'a2', episode: 2 }))
        const told = await channels.take(6, isAlert)
        expect(told.slice(4).map(({ body }) => body['type'])).toEqual(['resolved', 'fired'])
        expect(after.stats.conflicts).toBe(0)
      })

      test('does not repeat what another instance has told, and does tell what is different', async () => {
        const [one, two] = [exporterOf(), exporterOf({ instance: '9a31' })]
        await Promise.all([one.load(1000), two.load(1000)])
        one.transition(transitionOf('fired'))
        await channels.take(1, isAlert)
        two.transition(transitionOf('fired'))
        two.transition(transitionOf('escalated', { severity: 'CRITICAL' }))
        two.status(snapshotOf())
        expect((await channels.take(1, isAlert)).map(({ body }) => [body['type'], body['seq']])).toEqual([['escalated', 2]])
        expect(two.stats.conflicts).toBe(2)
        expect(await redis.xlen('{health}:alerts')).toBe(2)
      })

      test('writes the last status in the same tick in which it is stopped', async () => {
        fork(fileURLToPath(new URL('./stop-and-die.ts', import.meta.url)), [server.host, String(server.port)], { execArgv: [] })
        expect((await channels.take(2)).map(({ body }) => body['phase'])).toEqual(['running', 'stopped'])
        expect(await redis.exists('{health}:services')).toBe(0)
      })

      test('keeps a history: a minute each, and what could not be written is in the next', async () => {
        const lines = diagLines()
        const clock = new VirtualClock()
        // Not the service of the other tests: the process that one of them kills in mid-sentence may be heard late.
        const exporter = exporterOf({ clock, service: 'with_history' })
        await exporter.load(1000)
        // The clock must not run while an answer is awaited, or the server would seem frozen.
        const publish = async (reports: number, seconds: number, messages: number) => {
          clock.advance(seconds * 1000)
          const answers = exporter.stats.published + exporter.stats.failed + messages
          exporter.status(snapshotOf({ totals: { since: 'x', attempts: { reports } } }))
          await reached(() => exporter.stats.published + exporter.stats.failed >= answers)
        }
        await publish(3, 59, 1)
        await publish(5, 1, 2)
        await redis.rename('{health}:history:with_history', 'kept')
        await redis.set('{health}:history:with_history', 'no stream')
        await publish(9, 60, 2)
        expect(lines).toEqual([expect.stringContaining('does not take a message that is made for it (WRONGTYPE')])
        await redis.rename('kept', '{health}:history:with_history')
        await publish(10, 60, 2)
        await exporter.stop(snapshotOf({ phase: 'stopped', totals: { since: 'x', attempts: { reports: 12 } } }), 1000)
        const entries = await redis.xrange('{health}:history:with_history', '-', '+')
        expect(entries.map(([, fields]) => (JSON.parse(fields[5]!) as { attempts: unknown }).attempts)).toEqual([
          { reports: 5 },
          { reports: 5 },
          { reports: 2 },
        ])
      })

      test('gives up a message that Redis does not take, and goes on with the others', async () => {
        const exporter = exporterOf()
        await exporter.load(1000)
        await redis.set('{health}:alert:a1', 'no hash')
        exporter.transition(transitionOf('fired', { id: 'a1' }))
        exporter.transition(transitionOf('fired', { id: 'a2' }))
        expect((await channels.take(1)).map(({ body }) => body['alert_id'])).toEqual(['a2'])
        await reached(() => exporter.stats.dropped === 1)
        expect(exporter.stats).toMatchObject({ published: 1, failed: 4, reconnects: 0 })
      })

      test('sees the other instances of its service, and those that are missing', async () => {
        const one = exporterOf()
        const two = exporterOf({ instance: '9a31' })
        await Promise.all([one.load(1000), two.load(1000)])
        two.status(snapshotOf({ instance: '9a31', instanceStatus: 'unhealthy' }))
        one.status(snapshotOf())
        await channels.take(2, isStatus)
        await redis.zadd('{health}:instances:tracker_fetcher', String(Date.now() - 100_000), 'gone')
        const reader = new PresenceReader((command) => one.connection.run(command), 'tracker_fetcher', '4f2c')
        const [presence, same] = await Promise.all([reader.read(), reader.read()])
        expect(same).toBe(presence)
        expect(presence?.services).toMatchObject([{ service: 'tracker_fetcher', silent: false }])
        expect(presence?.others).toMatchObject([
          { instance: '9a31', live: true, instanceStatus: 'unhealthy', phase: 'running', reasons: ['low_success_rate'] },
          { instance: 'gone', live: false, instanceStatus: undefined },
        ])
      })
    })

    describe('a server that refuses', () => {
      const REFUSALS: readonly { why: string; begin: () => Promise<unknown>; end: () => Promise<unknown>; says: RegExp }[] = [
        {
          why: 'full',
          begin: () => redis.config('SET', 'maxmemory', '1'),
          end: () => redis.config('SET', 'maxmemory', '0'),
          says: /\(OOM/,
        },
        {
          why: 'a read-only replica',
          begin: () => redis.call('REPLICAOF', '127.0.0.1', '1'),
          end: () => redis.call('REPLICAOF', 'NO', 'ONE'),
          says: /\(READONLY/,
        },
      ]
      test.for(REFUSALS)('$why: said once, kept, and told when that is over', async ({ begin, end, says }) => {
        const lines = diagLines()
        const exporter = exporterOf()
        await exporter.load(1000)
        exporter.status(snapshotOf())
        await channels.take(1)
        await begin()
        try {
          exporter.transition(transitionOf('fired'))
          exporter.transition(transitionOf('resolved'))
          exporter.status(snapshotOf({ reasons: ['last'] }))
          await reached(() => exporter.stats.failed >= 6)
        } finally {
          await end()
        }
        const told = await channels.take(3)
        expect(told.map(({ body }) => body['type'] ?? body['reasons'])).toEqual(['fired', 'resolved', ['last']])
        expect(lines).toHaveLength(2)
        expect(lines[0]).toMatch(says)
        expect(lines[1]).toContain('takes messages again')
        expect(exporter.stats.dropped).toBe(0)
      })

      test('a wrong password: said once, tried seldom, and the service runs on', async () => {
        await redis.call('ACL', 'SETUSER', 'health', 'reset', 'on', '>right', '~*', '&*', '+@all')
        const lines = diagLines()
        const target: RedisTarget = { host: server.host, port: server.port, username: 'health', password: 'wrong' }
        const exporter = exporterOf({ target, longestWaitMs: 50 })
        expect(await exporter.load(1000)).toBeUndefined()
        expect(lines).toHaveLength(1)
        expect(lines[0]).toMatch(/\(WRONGPASS/)
        expect(lines[0]).not.toContain('wrong ')
        exporter.transition(transitionOf('fired'))
        exporter.status(snapshotOf())
        await redis.call('ACL', 'SETUSER', 'health', '>wrong')
        expect((await channels.take(2)).map(({ channel }) => channel)).toEqual([
          'health:system:alerts',
          'health:service:tracker_fetcher:status',
        ])
        expect(lines).toHaveLength(2)
        await redis.call('ACL', 'DELUSER', 'health')
      })
    })
  })
}

/** Resolves when something counted has come about; turns of the event loop pass, no time is assumed. */
async function reached(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
