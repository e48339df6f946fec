/**
 * Services with the real queue libraries at their oldest and newest major, with inline and exported handlers, as CommonJS and as ES modules:
 * what is exported of a service that is watched is what it counted itself, and to it there is no difference.
 */
import { createRequire } from 'node:module'

import { Redis } from 'ioredis'
import type Pg from 'pg'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { systemClock } from '../../src/clock.ts'
import type { QueueTarget } from '../../src/config/targets.ts'
import type { CommandClient } from '../../src/instrument/queues/command-client.ts'
import { GraphileSizes } from '../../src/instrument/queues/graphile-sizes.ts'
import { pgBossSizes } from '../../src/instrument/queues/pg-boss-sizes.ts'
import type { QueueReading } from '../../src/instrument/queues/queue-reading.ts'
import { QueueReader } from '../../src/instrument/queues/queues.ts'
import type { Point } from '../support/otlp-receiver.ts'
import { lastPoints, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { QUEUE_LIBRARIES_IN_CI } from '../support/queue-libraries-in-ci.ts'
import { QueueLibraryProjects, REGISTER, runService, runUntilReady } from './queue-library-projects.ts'
import { ROWS } from './queue-library-rows.ts'
import { serviceFiles } from './queue-library-services.ts'
import { BEE_QUEUE_SIZES, BULL_SIZES, GRAPHILE_WORKER_SIZES, PG_BOSS_SIZES } from './queue-size-services.ts'
import { pausedAndResumed } from './queue-pausing.ts'
import { BEE_QUEUE_PAUSED, BULL_PAUSED, BULLMQ_PAUSED, PG_BOSS_PAUSED } from './queue-pausing-services.ts'
import { RealPostgres } from './real-postgres.ts'

let projects: QueueLibraryProjects
/** Apart from the others: of each library that is asked for in several versions npm puts one where all find it. */
let olderBullmq: QueueLibraryProjects
let valkey: EmbeddedValkey
let postgres: RealPostgres
beforeAll(async () => {
  const dependencies = Object.fromEntries(ROWS.map((row) => [row.workspace, row.dependencies]))
  ;[projects, olderBullmq, valkey, postgres] = await Promise.all([
    QueueLibraryProjects.install(dependencies),
    QueueLibraryProjects.install(OLDER_BULLMQ),
    startValkey(),
    RealPostgres.create(),
  ])
})
/** The one of today is among our own packages, and tested there. */
const OLDER_BULLMQ = { 'bullmq-4': { bullmq: '^4.0.0' }, 'bullmq-5': { bullmq: '^5.0.0' } }
const PAUSED_DATABASES = [
  'bullmq-4',
  'bullmq-5',
  'bull-3.0',
  'bull-4',
  'bee-queue-1',
  'bee-queue-2',
  'pg-boss-9',
  'pg-boss-10',
  'pg-boss-12',
]
const pg = createRequire(import.meta.url)('pg') as typeof Pg

const stops: (() => Promise<void>)[] = []
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()))
  await valkey?.stop()
  await postgres?.remove()
  await projects?.remove()
  await olderBullmq?.remove()
})

test('every library that is to be tested here has a service here', () => {
  const here = Object.keys(QUEUE_LIBRARIES_IN_CI).filter((name) => QUEUE_LIBRARIES_IN_CI[name] === 'queue-libraries.test.ts')
  expect(ROWS.flatMap(({ libraries }) => libraries)).toEqual(expect.arrayContaining(here))
})

const SIZES = { due: 3, scheduled: 2, leased: 1, oldestAgeSeconds: expect.any(Number) as number }

describe.concurrent('what is known of a queue', () => {
  test.for([
    { why: 'Bull 3.0', workspace: 'bull-3.0', library: 'bull', service: BULL_SIZES, form: 'bull', canPause: true },
    { why: 'Bull 4', workspace: 'bull-4', library: 'bull', service: BULL_SIZES, form: 'bull', canPause: true },
    { why: 'Bee-Queue 1.0', workspace: 'bee-queue-1', library: 'bee-queue', service: BEE_QUEUE_SIZES, form: 'beeQueue', canPause: false },
    { why: 'Bee-Queue 2', workspace: 'bee-queue-2', library: 'bee-queue', service: BEE_QUEUE_SIZES, form: 'beeQueue', canPause: false },
  ])('of $why', async ({ workspace, library, service, form, canPause }) => {
    await prepare(workspace, library, service, { SERVICE_REDIS_PORT: String(valkey.port), PREFIX: workspace })
    const target = (name: string): QueueTarget => ({ [form]: name, prefix: workspace }) as unknown as QueueTarget
    const redis = new Redis(valkey.port)
    const client: CommandClient = {
      pipeline: async (commands) => (await redis.pipeline(commands.map((command) => ['call', ...command])).exec()) ?? [],
    }
    const { readings } = await new QueueReader(client, { sizes: target('sizes'), paused: target('paused') }, systemClock).read()
    redis.disconnect()
    expect(readings['sizes']).toEqual({ ...SIZES, failed: 1, ...(canPause && { paused: false }) })
    expect(readings['sizes']!.oldestAgeSeconds).toBeLessThan(60)
    expect(readings['paused']).toMatchObject(canPause ? { due: 2, paused: true } : { due: 0 })
  })

  const ofPgBoss = (pool: Pool, schema: string): Promise<QueueReading> =>
    pgBossSizes({ db: { executeSql: (text, values) => pool.query(text, [...values]) }, config: { schema } }, 'sizes')()
  const ofGraphile = (pool: Pool, schema: string): Promise<QueueReading> => {
    const sizes = new GraphileSizes(systemClock)
    sizes.begin()
    return sizes.of('sizes', schema, (use) => use(pool))
  }
  test.for([
    { why: 'pg-boss 9', workspace: 'pg-boss-9', library: 'pg-boss', service: PG_BOSS_SIZES, read: ofPgBoss, sizes: SIZES },
    { why: 'pg-boss 10', workspace: 'pg-boss-10', library: 'pg-boss', service: PG_BOSS_SIZES, read: ofPgBoss, sizes: SIZES },
    { why: 'pg-boss 12', workspace: 'pg-boss-12', library: 'pg-boss', service: PG_BOSS_SIZES, read: ofPgBoss, sizes: SIZES },
    {
      why: 'Graphile Worker 0.13',
      workspace: 'graphile-0.13',
      library: 'graphile-worker',
      service: GRAPHILE_WORKER_SIZES,
      read: ofGraphile,
      sizes: { ...SIZES, failed: 1 },
    },
    {
      why: 'Graphile Worker 0.18',
      workspace: 'graphile-0.18',
      library: 'graphile-worker',
      service: GRAPHILE_WORKER_SIZES,
      read: ofGraphile,
      sizes: { ...SIZES, failed: 1 },
    },
  ])('of $why', async ({ workspace, library, service, read, sizes }) => {
    // Those that begin with pg_ are PostgreSQL's own.
    const schema = `of_${workspace.replaceAll(/\W/g, '_')}`
    const connectionString = await postgres.database(`${workspace}-sizes`)
    await prepare(workspace, library, service, { SERVICE_POSTGRES: connectionString, PREFIX: schema })
    const pool = new pg.Pool({ connectionString })
    const reading = await read(pool, schema)
    await pool.end()
    expect(reading).toEqual(sizes)
    expect(reading.oldestAgeSeconds).toBeLessThan(60)
  })

  async function prepare(workspace: string, library: string, service: string, env: Readonly<Record<string, string>>): Promise<void> {
    const folder = await projects.write(workspace, serviceFiles({ library }, service, 'cjs'))
    stops.push(await runUntilReady(folder, 'service.cjs', env))
  }
})

const WORKS_AGAIN = /^it works again(?:; ([\d,]+) more waits? in its queues than when it was paused)?$/

describe.concurrent('a service that is paused takes no more jobs, does those it has, and goes on when it is resumed', () => {
  // The wait that is under way when Bee-Queue is paused brings one more job of the queue; pg-boss may have begun with one of a batch of two.
  test.for([
    { why: 'BullMQ 4', workspace: 'bullmq-4', library: 'bullmq', service: BULLMQ_PAUSED, more: 0 },
    { why: 'BullMQ 5', workspace: 'bullmq-5', library: 'bullmq', service: BULLMQ_PAUSED, more: 0 },
    { why: 'Bull 3.0', workspace: 'bull-3.0', library: 'bull', service: BULL_PAUSED, more: 0 },
    { why: 'Bull 4', workspace: 'bull-4', library: 'bull', service: BULL_PAUSED, more: 0 },
    { why: 'Bee-Queue 1.0', workspace: 'bee-queue-1', library: 'bee-queue', service: BEE_QUEUE_PAUSED, more: 1 },
    { why: 'Bee-Queue 2', workspace: 'bee-queue-2', library: 'bee-queue', service: BEE_QUEUE_PAUSED, more: 1 },
    { why: 'pg-boss 9', workspace: 'pg-boss-9', library: 'pg-boss', service: PG_BOSS_PAUSED, more: 1 },
    { why: 'pg-boss 10', workspace: 'pg-boss-10', library: 'pg-boss', service: PG_BOSS_PAUSED, more: 1 },
    { why: 'pg-boss 12', workspace: 'pg-boss-12', library: 'pg-boss', service: PG_BOSS_PAUSED, more: 1 },
  ])('$why', async ({ why, workspace, library, service, more }) => {
    const files = serviceFiles({ library }, service, 'cjs')
    const folder = await (workspace in OLDER_BULLMQ ? olderBullmq : projects).write(workspace, {
      ...files,
      'health.config.json': JSON.stringify({ control: { allow: ['pause', 'stop'] } }),
    })
    const name = `${workspace}-paused`
    const redis = new Redis(valkey.port)
    const env = {
      ...{ SERVICE_REDIS_PORT: String(valkey.port), SERVICE_REDIS_DB: String(1 + PAUSED_DATABASES.indexOf(workspace)) },
      SERVICE_POSTGRES: library === 'pg-boss' ? await postgres.database(name) : '',
    }
    const start = { port: valkey.port, name, instance: why.replaceAll(' ', '-'), script: 'service.cjs', folder, register: REGISTER, env }
    const { begunWhilePaused, twice, said, given } = await pausedAndResumed(redis, start)
    redis.disconnect()
    expect(begunWhilePaused).toBeLessThanOrEqual(more)
    expect(twice).toEqual([])
    expect(said).toEqual([expect.stringMatching(/^it is paused/), expect.stringMatching(WORKS_AGAIN)])
    // Sizes are read every 10 s: only where that was while it was paused is anything said of them.
    const toWait = WORKS_AGAIN.exec(said[1]!)![1]
    if (toWait !== undefined) expect(Number(toWait.replace(',', ''))).toBeLessThanOrEqual(given)
  })
})

/** Of each queue how many of its jobs went well, and how many failed by which error. */
type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>

interface Printed {
  readonly truth: Counts
  readonly ends: Readonly<Record<string, readonly string[]>>
}

describe.concurrent('what a service does', () => {
  test.for(ROWS)('$why', async ({ workspace, uses, service, format, env = {} }) => {
    const collector = await startOtlpReceiver()
    const folder = await projects.write(workspace, serviceFiles(uses, service, format))
    const database = String(ROWS.findIndex((row) => row.workspace === workspace && row.format === format))
    const surroundings = {
      HEALTH_REDIS_HOST: '127.0.0.1',
      HEALTH_REDIS_PORT: String(valkey.port),
      HEALTH_SERVICE_NAME: `${workspace}-${format}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      OTEL_METRIC_EXPORT_TIMEOUT: '900',
      SERVICE_REDIS_PORT: String(valkey.port),
      SERVICE_REDIS_DB: database,
      SERVICE_POSTGRES: await postgres.database(`${workspace}-${format}`),
      ...env,
    }
    const unwatched = await runService(folder, `service.${format}`, { isWatched: false, env: surroundings })
    const watched = await runService(folder, `service.${format}`, { isWatched: true, env: surroundings })
    collector.close()

    expect(unwatched).toMatchObject({ exitCode: 0, stderr: '', printed: { truth: expect.anything() } })
    expect(watched).toEqual(unwatched)
    const { truth, ends } = watched.printed as Printed
    for (const counts of Object.values(truth)) expect(Object.values(counts).reduce((sum, each) => sum + each)).toBe(100)
    for (const each of Object.values(ends)) expect(each).toHaveLength(100)
    expect(countsOf(collector.points)).toEqual(truth)
    // What Bull runs in processes of their own is no service.
    expect(new Set(collector.points.map(({ resource }) => resource)).size).toBe(1)
    const sized = collector.points
      .filter(({ metric }) => metric === 'work.queue.size')
      .map(({ attributes }) => attributes['work.queue.name'])
    expect(new Set(sized)).toEqual(new Set(Object.keys(truth)))
  })
})

function countsOf(points: readonly Point[]): Counts {
  const counts: Record<string, Record<string, number>> = {}
  for (const { attributes, total } of lastPoints(points, 'work.attempts')) {
    const queue = (counts[String(attributes['work.name'])] ??= {})
    queue[typeof attributes['error.type'] === 'string' ? attributes['error.type'] : 'ok'] = total
  }
  return counts
}
