/** What the services of test/e2e/services need around them: Redis, an upstream, and few enough neighbours at a time. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Redis } from 'ioredis'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { ServiceProcess, type ServiceEnd, type ServiceRun } from './service-process.ts'
import { startUpstream } from './upstream-server.ts'

/** Seconds between two messages. */
const OFTEN = {
  HEALTH_PUBLISHING_INTERVAL: '1',
  HEALTH_METRICS_INTERVAL: '1',
  HEALTH_EVALUATION_INTERVAL: '0.5',
} as const

export interface Surroundings {
  /** Of the health Redis, which is the service's own too. */
  readonly port: number
  readonly upstreamUrl: string
  /** Starts a service on a database of its own, empty but for its `lists`, which it keeps until it has ended; waits while all are taken. */
  start(run: ServiceRun): Promise<ServiceProcess>
  /** The same, until it has ended by itself. */
  run(run: ServiceRun): Promise<ServiceEnd>
  close(): Promise<void>
}

/** At most `atOnce` databases, from 1 to 15; database 0 is the health Redis. A service in a cluster takes two. */
export async function startSurroundings(atOnce: number): Promise<Surroundings> {
  const [valkey, upstream] = await Promise.all([startValkey(), startUpstream()])
  // Halves the time that src takes to load, once for each process.
  const compiled = mkdtempSync(join(tmpdir(), 'otel-health-'))
  const free = Array.from({ length: atOnce }, (_, index) => index + 1)
  const waiting: (() => void)[] = []
  const running = new Set<ServiceProcess>()

  const take = async (count: number): Promise<number[]> => {
    while (free.length < count) await new Promise<void>((resolve) => waiting.push(resolve))
    return free.splice(0, count)
  }
  const giveBack = (databases: readonly number[]): void => {
    free.push(...databases)
    for (const wake of waiting.splice(0)) wake()
  }
  const prepare = async (database: number, lists: NonNullable<ServiceRun['lists']>): Promise<string> => {
    const redis = new Redis({ port: valkey.port, db: database })
    await redis.flushdb()
    for (const [key, items] of Object.entries(lists)) await redis.rpush(key, ...items)
    redis.disconnect()
    return `redis://127.0.0.1:${valkey.port}/${database}`
  }

  const start = async (run: ServiceRun): Promise<ServiceProcess> => {
    const databases = await take(run.by === 'in-cluster.js' ? 2 : 1)
    const urls = await Promise.all(databases.map((database) => prepare(database, run.lists ?? {})))
    const service = new ServiceProcess({
      ...run,
      env: {
        REDIS_URL: urls[0],
        REDIS_URLS: urls.join(','),
        UPSTREAM_URL: upstream.url,
        NODE_COMPILE_CACHE: compiled,
        HEALTH_REDIS_HOST: '127.0.0.1',
        HEALTH_REDIS_PORT: String(valkey.port),
        ...OFTEN,
        ...run.env,
      },
    })
    running.add(service)
    void service.ended.then(() => {
      running.delete(service)
      giveBack(databases)
    })
    return service
  }

  return {
    port: valkey.port,
    upstreamUrl: upstream.url,
    start,
    run: async (run) => await (await start(run)).ended,
    async close() {
      await Promise.all(Array.from(running, (service) => service.stop()))
      await Promise.all([valkey.stop(), upstream.close()])
      rmSync(compiled, { recursive: true })
    },
  }
}
