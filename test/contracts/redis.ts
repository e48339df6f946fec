/** What every server that may be the health Redis must do for us, and what the exporter does when it refuses. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { readPresence } from '../../src/publish/presence.ts'
import { shardNames } from '../../src/wire/names.ts'
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

export function redisContract(name: string, startServer: () => Promise<RedisUnderTest>): void {
  describe(`health Redis: ${name}`, () => {
    let server: RedisUnderTest
    let redis: Redis
    let channels: HealthChannels
    let publisher: Publisher
    let client: PublisherClient
    const exporters: RedisExporter[] = []

    beforeAll(async () => {
      server = await startServer()
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

    interface Said {
      readonly alert?: string
      readonly instance?: string
      readonly start?: string
      readonly n?: string
      readonly state?: string
    }
    const names = shardNames()
    const say = ({ alert = 'a1', instance = 'i1', start = '1', n = '1', state = 'firing' }: Said = {}) =>
      client.healthAlert(
        ...[
          names.alert(alert),
          names.entries(alert),
          names.open,
          names.openOf('s'),
          names.alerts,
          names.meta,
          names.instances('s'),
          names.silent,
          names.due,
          ...[names.silences, names.causing, names.overlayDue],
        ],
        instance,
        `{"state":"${state}","severity":"WARNING","breaching":${state === 'firing'},"known":true,"keep":60000,"start":${start},"n":${n},"episode":1,"age":0,`,
        `"timers":{},"says":{"message":"m${n}","value":null}}`,
        ...[`"alert_id":"${alert}","service":"s","rule":"r"`, 'any untold staying condition', names.alertsChannel, String(DAY_MS), 'e'],
      )

    describe('what an instance says of an alert', () => {
      test('is saved, listed, kept in the stream and told, with the same text', async () => {
        const [outcome, rev, state, severity, episode, epoch] = await say()
        const [told] = await channels.take(1)
        const [[entryId, [field, text]]] = (await redis.xrange('{health}:alerts', '-', '+')) as [[string, [string, string]]]
        expect({ outcome, rev, state, severity, episode, field, text }).toEqual({
          ...{ outcome: '1', rev: '1', state: 'firing', severity: 'WARNING', episode: '1', field: 'd' },
          text: told!.text,
        })
        const { timestamp, since, instances, ...rest } = told!.body
        expect(rest).toEqual({
          ...{
            v: 1,
            id: entryId,
            epoch,
            seq: 1,
            rev: 1,
            type: 'fired',
            deliver: true,
            alert_id: 'a1',
            service: 's',
            rule: 'r',
            episode: 1,
            scope: 'any',
          },
          ...{
            severity: 'WARNING',
            state: 'firing',
            message: 'm1',
            value: null,
            overlays: {},
            cause: 'condition',
            actor: null,
            told: null,
          },
        })
        expect(instances).toEqual({ i1: { state: 'firing', severity: 'WARNING', since, breaching: true, seen: since } })
        const [savedRev, document] = await redis.hmget('{health}:alert:a1', 'rev', 'doc')
        expect([savedRev, JSON.parse(document!)]).toMatchObject(['1', { v: 1, alert_id: 'a1', state: 'firing', instances }])
        expect(await redis.zrange('{health}:open', '0', '-1', 'WITHSCORES')).toEqual(['a1', String(Date.parse(since as string))])
        expect(await redis.smembers('{health}:open:s')).toEqual(['a1'])
        expect(epoch).toBe(await redis.hget('{health}:meta', 'epoch'))
        expect(timestamp).toBe(new Date(Number(entryId.split('-')[0])).toISOString())
      })

      test('counts on in one sequence for all alerts, within one epoch', async () => {
        await say()
        await say({ alert: 'a2' })
        await say({ n: '2', state: 'resolved' })
        const told = await channels.take(3)
        expect(told.map(({ body }) => [body['seq'], body['rev'], body['type']])).toEqual([
          [1, 1, 'fired'],
          [2, 2, 'fired'],
          [3, 3, 'resolved'],
        ])
        expect(new Set(told.map(({ body }) => body['epoch'])).size).toBe(1)
      })

      test.for(['2028-02-29T23:59:59.999Z', '2099-12-31T00:00:00.000Z', '2100-03-01T12:34:56.007Z'])(
        'is never dated before what was told last, though the clock of the server was set back (%s)',
        async (before) => {
          await redis.hset('{health}:meta', 'ms', String(Date.parse(before)), 'seq', '41', 'epoch', 'e')
          await say()
          const [told] = await channels.take(1)
          const { id, timestamp, epoch } = told!.body
          expect([id, timestamp, epoch]).toEqual([`${Date.parse(before)}-42`, before, 'e'])
        },
      )

      test('whose answer was lost is not told again', async () => {
        await say()
        await say()
        await say({ n: '2', state: 'resolved' })
        await say()
        await say({ n: '2', state: 'resolved' })
        expect((await channels.take(2)).map(({ body }) => body['type'])).toEqual(['fired', 'resolved'])
        expect(await redis.xlen('{health}:alerts')).toBe(2)
      })

      test('by a process whose name a later one has taken changes nothing', async () => {
        await say({ start: '2', state: 'inactive' })
        expect((await say({ n: '7' }))[0]).toBe('3')
        expect(await redis.exists('{health}:alerts', '{health}:open')).toBe(0)
      })

      test('leaves a document of another version alone', async () => {
        const document = '{"v":2,"state":"on fire"}'
        await redis.hset('{health}:alert:a1', 'rev', '9', 'doc', document)
        expect((await say()).slice(0, 2)).toEqual(['4', '9'])
        expect(await redis.hgetall('{health}:alert:a1')).toEqual({ rev: '9', doc: document })
        expect(await redis.exists('{health}:alerts', '{health}:open', '{health}:alert:a1:instances')).toBe(0)
      })

      test.for([
        { key: '{health}:meta' },
        { key: '{health}:alerts' },
        { key: '{health}:open' },
        { key: '{health}:alert:a1' },
        { key: '{health}:alert:a1:instances' },
      ])('is told once when $key, which was of a wrong type, is mended', async ({ key }) => {
        await redis.set(key, 'of no use')
        await expect(say()).rejects.toThrow('WRONGTYPE')
        await expect(say()).rejects.toThrow('WRONGTYPE')
        await redis.del(key)
        await say()
        await say()
        expect((await redis.xrange('{health}:alerts', '-', '+')).length).toBe(1)
        expect(await redis.zrange('{health}:open', '0', '-1')).toEqual(['a1'])
      })

      test('that ends an alert takes it off the lists and keeps it for 30 days; a new one keeps it as long as it is open', async () => {
        await say()
        expect(await redis.pttl('{health}:alert:a1')).toBe(-1)
        await say({ n: '2', state: 'resolved' })
        expect([await redis.zcard('{health}:open'), await redis.scard('{health}:open:s')]).toEqual([0, 0])
        expect(await redis.pttl('{health}:alert:a1')).toBeGreaterThan(29.9 * DAY_MS)
        expect(await redis.pttl('{health}:alert:a1:instances')).toBeGreaterThan(89.9 * DAY_MS)
        await say({ n: '3' })
        expect(await redis.pttl('{health}:alert:a1')).toBe(-1)
      })

      test('without firing is saved without list, stream and channel', async () => {
        await say({ state: 'pending' })
        expect(await redis.hmget('{health}:alert:a1', 'rev', 'fold')).toEqual(['0', expect.stringMatching(/^pending WARNING \d+ 1 any$/)])
        expect(await redis.exists('{health}:open', '{health}:alerts', '{health}:open:s')).toBe(0)
      })

      test('makes one alert of three instances, which is over with the last of them', async () => {
        for (const instance of ['i1', 'i2', 'i3']) await say({ instance })
        await say({ instance: 'i1', n: '2', state: 'resolved' })
        await say({ instance: 'i2', n: '2', state: 'resolved' })
        const document = JSON.parse((await redis.hget('{health}:alert:a1', 'doc'))!) as {
          instances: Record<string, { breaching: boolean }>
        }
        expect(Object.keys(document.instances).filter((each) => document.instances[each]!.breaching)).toEqual(['i3'])
        await say({ instance: 'i3', n: '2', state: 'resolved' })
        expect((await channels.take(2)).map(({ body }) => body['type'])).toEqual(['fired', 'resolved'])
        expect(await redis.xlen('{health}:alerts')).toBe(2)
      })
    })

    const beat = (instance: string, keptMs = '60000', state = 'alive') =>
      client.healthBeat(
        ...[names.status('s', instance), names.services, names.instances('s'), names.due, names.meta, names.watcher],
        ...[names.alert('silent'), names.open, names.openOf('s'), names.alerts, names.silent],
        ...[names.starts('s'), names.restarts('s'), names.silences, names.causing, names.overlayDue, names.draining('s')],
        ...['health:service:s:status', '{"phase":"running"}', keptMs, 's', instance, '3600000', state],
        ...[names.alertsChannel, String(DAY_MS), 'e', 'silent', '45000', `process of ${instance}`, 'watched', 'staying'],
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
      expect((await readPresence(client, names, 's', 'other')).others).toMatchObject([{ instance: 'i1', live: false }])
    })

    test('an instance that stops leaves the list, and the service stays for whoever asks', async () => {
      await beat('i1')
      await beat('i2')
      await beat('i1', '60000', 'stopped')
      expect([await redis.zrange('{health}:instances:s', '0', '-1'), await redis.zrange('{health}:services', '0', '-1')]).toEqual([
        ['i2'],
        ['s'],
      ])
      await beat('i2', '60000', 'stopped')
      expect(await redis.exists('{health}:instances:s')).toBe(0)
      expect(await redis.zrange('{health}:services', '0', '-1')).toEqual(['s'])
    })

    test('an instance that was not heard of for an hour is forgotten', async () => {
      await redis.zadd('{health}:instances:s', '1000', 'long gone')
      await beat('i1')
      expect(await redis.zrange('{health}:instances:s', '0', '-1')).toEqual(['i1'])
    })

    test('a minute of history is kept for the retention, and both streams are trimmed exactly', async () => {
      for (const stream of ['{health}:alerts', '{health}:history:s']) {
        for (let i = 1; i <= 5; i++) await redis.xadd(stream, `${i}-1`, 'd', 'old')
      }
      await redis.xadd('{health}:alerts', '*', 'd', 'new')
      const keys = ['{health}:history:s', '{health}:alerts', '{health}:counted:s']
      await client.healthHistory(...keys, String(DAY_MS), 'i1', '{"rule":[2,1]}', 'instance', 'i1', 'gauges.b', '2')
      await client.healthHistory(...keys, String(DAY_MS), 'i1', '', 'instance', 'i1', 'gauges.b', '2')
      const [[, fields]] = (await redis.xrange('{health}:history:s', '-', '+')) as [[string, string[]]]
      expect(fields).toEqual(['instance', 'i1', 'gauges.b', '2'])
      expect([await redis.xlen('{health}:history:s'), await redis.xlen('{health}:alerts')]).toEqual([2, 1])
      const [[, counted], ...none] = (await redis.xrange('{health}:counted:s', '-', '+')) as [[string, string[]]]
      expect([counted, none]).toEqual([['instance', 'i1', 'counted', '{"rule":[2,1]}'], []])
      expect(await redis.pttl('{health}:history:s')).toBeGreaterThan(DAY_MS - 60_000)
    })

    test('the stream of alerts ends by itself when nothing has been told for the retention', async () => {
      await say()
      expect(await redis.pttl('{health}:alerts')).toBeGreaterThan(DAY_MS - 60_000)
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

      test('finds again what it said itself, what is over for its episode, and nothing that others said', async () => {
        const [before, other] = [exporterOf(), exporterOf({ instance: '9a31' })]
        await Promise.all([before.load(1000), other.load(1000)])
        other.transition(transitionOf('fired', { id: 'a3' }))
        before.transition(transitionOf('fired', { id: 'rule that was removed since' }))
        before.save(alertOf({ id: 'a1', state: 'pending' }))
        before.transition(transitionOf('fired', { id: 'a2' }))
        before.transition(transitionOf('resolved', { id: 'a2' }))
        await before.stop(snapshotOf({ phase: 'stopped' }), 1000)

        const after = exporterOf({ alertIds: ['a1', 'a2', 'a3'] })
        const said = await after.load(1000)
        expect(said?.map(({ id, state }) => [id, state])).toEqual([
          ['a1', 'pending'],
          ['a2', 'resolved'],
          ['rule that was removed since', 'firing'],
        ])
        after.transition(transitionOf('resolved', { id: 'rule that was removed since' }))
        after.transition(transitionOf('fired', { id: 'a2', episode: 2 }))
        const told = await channels.take(6, isAlert)
        expect(told.slice(4).map(({ body }) => [body['type'], body['episode']])).toEqual([
          ['resolved', 1],
          ['fired', 2],
        ])
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
        expect(await redis.xlen('{health}:alerts')).toBe(2)
      })

      test('writes the last status in the same tick in which it is stopped', async () => {
        fork(fileURLToPath(new URL('./stop-and-die.ts', import.meta.url)), [server.host, String(server.port)], { execArgv: [] })
        expect((await channels.take(2)).map(({ body }) => body['phase'])).toEqual(['running', 'stopped'])
        expect(await redis.exists('{health}:instances:tracker_fetcher')).toBe(0)
      })

      test('keeps a history: a minute each, and what could not be written is in the next', async () => {
        const lines = diagLines()
        const clock = new VirtualClock()
        // Not the service of the other tests: the process that one of them kills in mid-sentence may be heard late.
        // So long an interval that nothing else is asked meanwhile.
        const exporter = exporterOf({ clock, service: 'with_history', publishingIntervalMs: 3_600_000 })
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
        expect(lines).toEqual([expect.stringContaining('refuses a message of with_history (WRONGTYPE')])
        await redis.rename('kept', '{health}:history:with_history')
        await publish(10, 60, 2)
        await exporter.stop(snapshotOf({ phase: 'stopped', totals: { since: 'x', attempts: { reports: 12 } } }), 1000)
        const entries = await redis.xrange('{health}:history:with_history', '-', '+')
        expect(entries.map(([, fields]) => fields.slice(4, 6))).toEqual([
          ['counts.attempts', '{"reports":5}'],
          ['counts.attempts', '{"reports":5}'],
          ['counts.attempts', '{"reports":2}'],
        ])
      })

      test('keeps a message that Redis does not take until it does, says so once, and goes on with the others', async () => {
        const lines = diagLines()
        const exporter = exporterOf()
        await exporter.load(1000)
        await redis.set('{health}:alert:a1', 'no hash')
        exporter.transition(transitionOf('fired', { id: 'a1' }))
        exporter.transition(transitionOf('fired', { id: 'a2' }))
        expect((await channels.take(1)).map(({ body }) => body['alert_id'])).toEqual(['a2'])
        await reached(() => exporter.stats.failed >= 3)
        await redis.del('{health}:alert:a1')
        expect((await channels.take(1)).map(({ body }) => body['alert_id'])).toEqual(['a1'])
        expect(lines).toEqual([expect.stringContaining('it is kept and sent again')])
        expect(exporter.stats).toMatchObject({ published: 2, dropped: 0, reconnects: 0 })
      })

      test('tells all that is open again when the server has lost its memory', async () => {
        const exporter = exporterOf()
        await exporter.load(1000)
        exporter.status(snapshotOf())
        exporter.transition(transitionOf('fired'))
        await channels.take(1, isAlert)
        await redis.flushall()
        exporter.status(snapshotOf())
        const [told] = await channels.take(1, isAlert)
        expect(told!.body).toMatchObject({ type: 'updated', cause: 'memory_lost', told: 'fired', state: 'firing', seq: 1 })
        expect(await redis.zcard('{health}:open')).toBe(1)
        exporter.transition(transitionOf('resolved'))
        expect((await channels.take(1, isAlert))[0]!.body).toMatchObject({ type: 'resolved', seq: 2 })
      })

      test('sees the other instances of its service, those that are missing, and what they have found', async () => {
        const one = exporterOf()
        const two = exporterOf({ instance: '9a31' })
        await Promise.all([one.load(1000), two.load(1000)])
        two.transition(transitionOf('fired'))
        two.status(snapshotOf({ instance: '9a31', instanceStatus: 'unhealthy' }))
        one.status(snapshotOf())
        await channels.take(2, isStatus)
        await redis.zadd('{health}:instances:tracker_fetcher', String(Date.now() - 100_000), 'gone')
        await redis.zadd('{health}:instances:tracker_fetcher', String(Date.now() + 100_000), 'from the future')
        const [presence, same] = await Promise.all([one.presence(), one.presence()])
        expect(same).toBe(presence)
        expect(presence?.others).toMatchObject([
          { instance: '9a31', live: true, instanceStatus: 'unhealthy', phase: 'running', reasons: ['low_success_rate'] },
          { instance: 'gone', live: false, instanceStatus: undefined },
        ])
        expect(presence?.open).toMatchObject([{ id: 'a1', state: 'firing', asks: false, ofOthers: true }])
        expect((await two.presence())?.open).toMatchObject([{ id: 'a1', ofOthers: false }])
        expect(Math.abs(presence!.clockSkewMs)).toBeLessThan(5000)
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
