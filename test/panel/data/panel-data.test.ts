/** The data side of the panel on a real Redis: what it reads, and what it does there. */
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../../examples/valkey/start-valkey.ts'
import { createPanelData } from '../../../src/panel/data/create-panel-data.ts'
import type { PanelData } from '../../../src/panel/panel-data.ts'
import { QUARTER_MS } from '../../../src/panel/data/quarters.ts'
import { shardNames } from '../../../src/wire/names.ts'
import { createPublisher, type PublisherClient } from '../../../src/wire/redis-client.ts'
import { sayAlert } from '../../support/said-alert.ts'
import { RedisRecord } from '../../subscribe/record.ts'

const names = shardNames()
const ADA = { by: 'ada', from: '10.0.0.7' }
const MINUTE = 60_000
const HOUR = 60 * MINUTE

let valkey: EmbeddedValkey
let redis: Redis
let client: PublisherClient
let record: RedisRecord
let data: PanelData

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  client = (await createPublisher({ host: '127.0.0.1', port: valkey.port }, 5000)).client
  await client.connect()
})
beforeEach(async () => {
  await redis.flushall()
  record = new RedisRecord(redis)
})
afterEach(() => data.stop())
afterAll(async () => {
  redis.disconnect()
  client.disconnect()
  await valkey.stop()
})

/** Is stopped after the test. */
async function open(more: object = {}): Promise<void> {
  data = createPanelData({ connection: { host: '127.0.0.1', port: valkey.port }, ...more })
  await data.start()
}

interface Entry {
  /** Milliseconds before now. */
  readonly ago: number
  readonly instance?: string
  readonly status?: string
  readonly gauges?: Readonly<Record<string, string | number>>
}

async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = []
  for await (const line of lines) found.push(line)
  return found
}

let now = 0
async function writeHistory(service: string, entries: readonly Entry[]): Promise<void> {
  const [seconds] = await redis.time()
  now = Number(seconds) * 1000
  const written = redis.pipeline()
  for (const { ago, instance = 'a', status = 'healthy', gauges = {} } of entries.toSorted((a, b) => b.ago - a.ago)) {
    const fields = Object.entries(gauges).flatMap(([name, value]) => [`gauges.${name}`, String(value)])
    written.xadd(names.history(service), `${now - ago}-*`, 'instance', instance, 'status', status, ...fields)
  }
  await written.exec()
}

const everyMinute = (from: number, to: number, entry: (i: number) => Omit<Entry, 'ago'>) =>
  Array.from({ length: (from - to) / MINUTE }, (_, i): Entry => ({ ago: from - i * MINUTE, ...entry(i) }))

describe('history', () => {
  test('is drawn with gaps, and since when it is known', async () => {
    await record.beat({ service: 'mailer' })
    const rate = () => ({ gauges: { work_rate_per_hour: 12, total_queue_size: 4 } })
    await writeHistory('mailer', [...everyMinute(40 * MINUTE, 30 * MINUTE, rate), ...everyMinute(20 * MINUTE, 0, rate)])
    await open()
    const history = (await data.history('mailer', 1))!
    expect(history.charts.map(({ figure, lines }) => [figure, lines.map(({ name }) => name)])).toEqual([
      ['work_rate_per_hour', ['a']],
      ['total_queue_size', ['all']],
    ])
    const values = history.charts[0]!.lines[0]!.values
    expect(values).toHaveLength(60)
    const known = values.map((value) => value === 12)
    // Not known before it began, then a gap of ten minutes.
    expect(known.indexOf(true)).toBeGreaterThanOrEqual(18)
    expect(known.slice(known.indexOf(true)).filter((each) => !each).length).toBeGreaterThanOrEqual(8)
    expect(values.every((value) => value === null || value === 12)).toBe(true)
    expect(history.since).toBeCloseTo(now - 40 * MINUTE, -4)
  })

  test('has the alerts and the starts of processes in it', async () => {
    await writeHistory(
      'mailer',
      everyMinute(90 * MINUTE, 0, () => ({ gauges: { work_rate_per_hour: 1 } })),
    )
    await writeHistory('other', [])
    await redis.xadd(names.history('mailer'), '*', 'instance', 'young', 'status', 'healthy', 'gauges.work_rate_per_hour', '3')
    await record.beat({ service: 'mailer' })
    await record.tell({ id: 'a1' })
    await record.tell({ id: 'a2', severity: 'CRITICAL' })
    await record.tell({ id: 'a2', type: 'resolved' })
    await open()
    const { spans, restarts, since } = (await data.history('mailer', 1))!
    expect(spans.map(({ alertId, severity, to }) => `${alertId} ${severity} ${to === undefined ? 'open' : 'over'}`).toSorted()).toEqual([
      'a1 WARNING open',
      'a2 CRITICAL over',
    ])
    // `a` says itself that it has been up for a minute.
    expect(restarts.map(({ instance }) => instance).toSorted()).toEqual(['a', 'young'])
    expect(since).toBeUndefined()
    expect((await data.episodes('mailer')).map(({ alertId }) => alertId).toSorted()).toEqual(['a1', 'a2'])
  })

  test('of a service that nobody has heard of there is none', async () => {
    await open()
    expect(await data.history('nobody', 1)).toBeUndefined()
    expect(data.service('nobody')).toBeUndefined()
  })
})

describe('bars', () => {
  test('have the worst of each quarter, what was told of alerts, and the last hour of the rate', async () => {
    const gauges = { work_rate_per_hour: 7 }
    await record.beat({ service: 'mailer' })
    await writeHistory('mailer', [
      ...everyMinute(6 * HOUR, 5 * HOUR, (i) => ({ status: i === 30 ? 'unhealthy' : 'healthy', gauges })),
      ...everyMinute(30 * MINUTE, 0, () => ({ gauges })),
    ])
    await record.tell({ id: 'a1' })
    await open()
    const bars = await data.bars(['mailer', 'mailer', 'nobody', 'no such\nname'])
    expect(Object.keys(bars)).toEqual(['mailer'])
    const { quarters, until, spark } = bars['mailer']!
    const first = until / QUARTER_MS - 96
    const at = (ago: number) => quarters[Math.floor((now - ago) / QUARTER_MS) - first]
    expect(quarters).toHaveLength(96)
    expect(at(5.5 * HOUR)).toBe('unhealthy')
    expect(at(5.9 * HOUR)).toBe('healthy')
    expect(at(3 * HOUR)).toBeNull()
    expect(quarters.at(-1)).toBe('degraded')
    expect(spark!.figure).toBe('rate')
    expect(spark!.values).toHaveLength(60)
    expect(spark!.values.slice(-20, -3)).toEqual(Array.from({ length: 17 }, () => 7))
    expect(spark!.values.slice(0, 25)).toEqual(Array.from({ length: 25 }, () => null))
  })
})

describe('alerts', () => {
  test('an episode is told from its beginning to its end, with what people did', async () => {
    await record.beat({ service: 'mailer' })
    await open()
    await sayAlert(client, names)
    expect(await data.act('ack', { alerts: ['a1', 'gone'], why: 'on it' }, ADA)).toEqual({
      done: ['a1'],
      refused: [expect.objectContaining({ what: 'gone' })],
    })
    await data.act('note', { alerts: ['a1'], why: 'disk is full' }, ADA)
    await sayAlert(client, names, { state: 'resolved' })
    await sayAlert(client, names)
    const first = (await data.timeline('a1', 1))!
    const said = first.steps.map((step) =>
      step.kind === 'transition' ? step.transition.type : step.kind === 'action' ? `${step.audit.actor} ${step.audit.action}` : step.kind,
    )
    expect(said).toEqual(['fired', 'ada ack', 'acked', 'ada note', 'resolved'])
    expect(first).toMatchObject({
      episode: 1,
      cut: false,
      alert: { id: 'a1', state: 'resolved' },
      episodes: [{ episode: 2 }, { episode: 1 }],
    })
    expect(await data.timeline('a1')).toMatchObject({ episode: 2, alert: { state: 'firing' } })
    expect(await data.timeline('nothing')).toBeUndefined()
  })

  test('what relays have told is in it', async () => {
    await record.beat({ service: 'mailer' })
    await open()
    await sayAlert(client, names)
    const told = [{ type: 'fired', severity: 'WARNING', at: new Date().toISOString() }]
    await redis.hset(
      '{health}:relay:slack:told',
      'a1',
      JSON.stringify({ epoch: 'e', rev: 1, service: 'mailer', rule: 'low_success_rate', severity: 'WARNING', told }),
    )
    await redis.hset('{health}:relay:broken:told', 'a1', 'nonsense')
    const { steps } = (await data.timeline('a1'))!
    expect(steps.filter(({ kind }) => kind === 'told')).toMatchObject([{ target: 'slack', type: 'fired' }])
  })

  test('a memory that the server has lost is not shown', async () => {
    await record.beat({ service: 'mailer' })
    await record.tell({ id: 'a1' })
    await open()
    expect(await data.episodes('mailer')).toHaveLength(1)
    await redis.flushall()
    await new RedisRecord(redis).tell({ id: 'a2' })
    expect((await data.episodes('mailer')).map(({ alertId }) => alertId)).toEqual(['a2'])
  })
})

describe('actions', () => {
  test('silences are made, listed with what they match, extended and ended, and all of it is recorded', async () => {
    await record.beat({ service: 'mailer' })
    await open()
    await sayAlert(client, names)
    await expect.poll(() => data.feed.latest().now.alerts.length).toBe(1)
    const [made] = (await data.act('silence', { matcher: 'service=mail*', forMs: HOUR, why: 'deploy' }, ADA)).done
    const [ending] = (await data.act('silence', { untilResolved: 'a1', why: 'known' }, ADA)).done
    await data.act(
      'maintenance',
      { matcher: 'service=other', every: 'daily 03:00', zone: 'Europe/Berlin', forMs: HOUR, why: 'backup' },
      ADA,
    )
    const silences = new Map((await data.silences()).map((row) => [row.id, row]))
    expect(silences.get(made!)).toMatchObject({ matcher: 'service=mail*', by: 'ada', why: 'deploy', inForce: true, matches: ['a1'] })
    expect(silences.get(ending!)).toMatchObject({ endsWith: { alertId: 'a1', episode: 1 }, matches: ['a1'] })
    expect([...silences.values()].find(({ repeats }) => repeats)).toMatchObject({
      repeats: { every: 'daily 03:00', forSeconds: 3600, zone: 'Europe/Berlin' },
      matches: [],
    })
    await data.act('extend', { silence: made!, forMs: 5 * HOUR, why: 'takes longer' }, ADA)
    expect((await data.silences()).find(({ id }) => id === made)!.until).toBeGreaterThan(silences.get(made!)!.until!)
    await data.act('unsilence', { silence: made!, why: 'done' }, ADA)
    expect((await data.silences()).map(({ id }) => id)).not.toContain(made)
    const audit = await data.audit({ count: 100 })
    expect(audit.map(({ action }) => action)).toEqual(['unsilence', 'extend', 'maintenance', 'silence', 'silence'])
    expect(audit.every(({ actor, from }) => actor === 'ada' && from === '10.0.0.7')).toBe(true)
    expect((await data.audit({ count: 100, alert: 'a1' })).map(({ why }) => why)).toEqual(['known'])
    await expect(data.act('silence', { matcher: 'no', forMs: HOUR, why: 'w' }, ADA)).rejects.toThrow('expected name=value')
  })

  test('a service that is dead is forgotten, one that is alive is not', async () => {
    await record.beat({ service: 'alive' })
    await record.beat({ service: 'dead' })
    await redis.del(names.status('dead', 'a'))
    await open()
    await data.act('forget', { service: 'dead', why: 'gone' }, ADA)
    await expect.poll(() => data.feed.latest().now.services.map(({ service }) => service), { timeout: 20_000 }).toEqual(['alive'])
    await expect(data.act('forget', { service: 'alive', why: 'gone' }, ADA)).rejects.toThrow('alive')
  })
})

describe('trends', () => {
  test('of a queue that grows it is said when it reaches its limit', async () => {
    const rules = [{ rule: 'large_queue', says: 'ok', current: 100, threshold: 1000, side: 'above' }]
    await record.beat({ service: 'mailer' })
    const text = JSON.parse((await redis.get(names.status('mailer', 'a')))!) as object
    await redis.set(names.status('mailer', 'a'), JSON.stringify({ ...text, rules }))
    await writeHistory(
      'mailer',
      everyMinute(12 * HOUR, 0, (i) => ({ gauges: { total_queue_size: Math.round(100 + i / 4 + (i % 7)) } })),
    )
    await open()
    const { rows } = await data.trends('24h', 'mailer')
    expect(rows[0]!.forecasts).toMatchObject([{ figure: 'total_queue_size', limit: 1000 }])
    // 360 a day, 280 now.
    expect(rows[0]!.forecasts[0]!.days!.value).toBeCloseTo(2, 0)
    expect(rows[0]!.charts[0]!.times.length).toBeLessThanOrEqual(360)
    expect(await data.trends('24h', 'nobody')).toMatchObject({ rows: [] })
    expect(await data.trends('30d')).toMatchObject({ rows: [], trouble: expect.stringContaining('HEALTH_PROMETHEUS_URL') })
  })
})

describe('exports', () => {
  const lines = async (...of: Parameters<PanelData['export']>) => (await all(data.export(...of))).map((line) => line.trimEnd())

  test('hold all there is, and no formula', async () => {
    await record.beat({ service: 'mailer' })
    await writeHistory('mailer', [
      { ago: 2000, instance: '=cmd()', gauges: { rate: 5, unknown: '', flag: 'true' } },
      { ago: 1000, gauges: { rate: -1 } },
    ])
    await record.tell({ id: 'a1', message: '@evil' })
    await open()
    await data.act('silence', { matcher: '*', forMs: HOUR, why: '=1+1' }, ADA)
    const [head, first, second, ...more] = await lines('history', 'csv', 'mailer')
    expect(head).toBe('at,instance,status,gauges.flag,gauges.rate,gauges.unknown,others')
    expect(first).toMatch(/^2\d{3}-.*Z,'=cmd\(\),healthy,true,5,,$/)
    expect(second).toMatch(/Z,a,healthy,,-1,,$/)
    expect(more).toEqual([])
    const [minute] = await lines('history', 'ndjson', 'mailer')
    expect(JSON.parse(minute ?? '')).toMatchObject({
      instance: '=cmd()',
      status: 'healthy',
      'gauges.rate': 5,
      'gauges.unknown': null,
      'gauges.flag': true,
    })
    expect((await lines('alerts', 'csv'))[1]).toContain(",'@evil,")
    expect(JSON.parse((await lines('alerts', 'ndjson')).join('\n'))).toMatchObject({ alert_id: 'a1', message: '@evil' })
    expect((await lines('audit', 'csv'))[1]).toContain("ada,10.0.0.7,silence,'=1+1,")
    expect(JSON.parse((await lines('audit', 'ndjson')).join('\n'))).toMatchObject({ actor: 'ada', why: '=1+1', about: { matcher: '*' } })
    expect(await lines('history', 'csv', 'not a name')).toEqual([])
  })

  test('of more than one page nothing is left out or doubled', async () => {
    await writeHistory(
      'mailer',
      Array.from({ length: 1203 }, (_, i) => ({ ago: 1203 - i, gauges: { i } })),
    )
    await open()
    const found = (await lines('history', 'ndjson', 'mailer')).map((line) => (JSON.parse(line) as { 'gauges.i': number })['gauges.i'])
    expect(found).toEqual(Array.from({ length: 1203 }, (_, i) => i))
  })
})

test('without Redis it does not start, and says so', async () => {
  const away = createPanelData({ connection: { host: '127.0.0.1', port: 1 } })
  await expect(away.start()).rejects.toThrow('ECONNREFUSED')
  await expect(away.silences()).rejects.toThrow('has not been started')
})

test('when Redis is away that is said, and when it is back with another memory everything goes on', async () => {
  const own = await startValkey()
  const connection = { host: '127.0.0.1', port: own.port }
  const before = new Redis(own.port, { lazyConnect: true, retryStrategy: null })
  before.on('error', () => {})
  await before.connect()
  await new RedisRecord(before).tell({ id: 'a1', service: 'old' })
  await open({ connection })
  expect(await data.episodes('old')).toHaveLength(1)
  before.disconnect()
  await own.stop()
  await expect.poll(() => data.feed.latest().now.staleSince, { timeout: 20_000 }).toBeDefined()
  await expect(data.silences()).rejects.toBeInstanceOf(Error)

  const again = await startValkey({ port: own.port })
  const after = new Redis(own.port)
  await new RedisRecord(after).tell({ id: 'a2', service: 'new' })
  const openIds = () => data.feed.latest().now.alerts.map(({ id }) => id)
  await expect.poll(openIds, { timeout: 20_000 }).toEqual(['a2'])
  expect(data.feed.latest().now.staleSince).toBeUndefined()
  expect(await data.episodes('old')).toEqual([])
  expect(await data.act('note', { alerts: ['a2'], why: 'back' }, ADA)).toMatchObject({ done: ['a2'] })
  await data.stop()
  after.disconnect()
  await again.stop()
})

test('services over several shards are one panel', async () => {
  const sharded = new RedisRecord(redis, { shards: 3 })
  for (const service of ['a', 'b', 'c', 'd']) {
    await sharded.beat({ service })
    await sharded.tell({ id: `alert-${service}`, service })
  }
  await open({ connection: { host: '127.0.0.1', port: valkey.port, shards: 3 } })
  expect(data.feed.latest().now.alerts).toHaveLength(4)
  expect(await data.episodes('c')).toHaveLength(1)
  expect(await data.timeline('alert-d')).toMatchObject({ alert: { service: 'd' }, steps: [{ kind: 'transition' }] })
  const exported = await all(data.export('alerts', 'ndjson'))
  expect(exported).toHaveLength(4)
})
