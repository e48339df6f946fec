/** otel-health doctor at the real programs: collector, Prometheus and redis-server, the last as cluster and replica too. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { freePort } from '../../examples/valkey/free-port.ts'
import { RealStack } from './real-stack.ts'
import { EXPORT_INTERVAL_S, SERVICE, WatchedFetcher } from './watched-fetcher.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
/** As .ci/run installs it. */
const REDIS_SERVER = 'redis-server'
const FOLDER = fileURLToPath(new URL('../../examples/tracker-fetcher/', import.meta.url))

interface Finding {
  readonly status: string
  readonly message: string
  readonly mend: string | null
}

interface Report {
  readonly code: number
  readonly found: ReadonlyMap<string, Finding>
}

async function doctor(env: Readonly<Record<string, string>>): Promise<Report> {
  const child = spawn(process.execPath, [MAIN, 'doctor', '--json'], {
    cwd: FOLDER,
    env: { PATH: process.env['PATH'], HEALTH_REDIS_HOST: '127.0.0.1', OTEL_SERVICE_NAME: SERVICE, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const [code] = (await once(child, 'close')) as [number]
  const { checks } = JSON.parse(out) as { checks: readonly (Finding & { readonly name: string })[] }
  return { code, found: new Map(checks.map((check) => [check.name, check])) }
}

describe('collector and Prometheus as they are shipped', () => {
  let stack: RealStack
  let fetcher: WatchedFetcher

  beforeAll(async () => {
    stack = await RealStack.start()
    fetcher = await WatchedFetcher.start(stack.otlpEndpoint)
    await vi.waitUntil(async () => (await stack.query('health_heartbeat_time_seconds')).length === 1, { timeout: 30_000, interval: 100 })
  })
  afterAll(async () => {
    await fetcher?.stop()
    await stack?.stop()
  })

  function here(): Record<string, string> {
    return {
      HEALTH_REDIS_PORT: String(fetcher.redisPort),
      OTEL_EXPORTER_OTLP_ENDPOINT: stack.otlpEndpoint,
      OTEL_METRIC_EXPORT_INTERVAL: String(EXPORT_INTERVAL_S * 1000),
      HEALTH_PROMETHEUS_URL: stack.prometheusUrl,
    }
  }

  test('a fetcher that is watched: the chain holds to its end', async () => {
    const { code, found } = await doctor(here())
    const chain = ['redis', 'redis-writes', 'redis-channel', 'clock', 'service', 'instance-ids', 'otlp']
    const end = ['prometheus', 'prometheus-otlp', 'prometheus-series', 'prometheus-names']
    for (const name of [...chain, ...end]) expect([name, found.get(name)]).toEqual([name, expect.objectContaining({ status: 'ok' })])
    expect(found.get('prometheus')!.message).toMatch(/^Prometheus 3\./)
    expect(code).toBe(0)
  })

  test('the export without metrics makes no series, neither target_info nor any other', async () => {
    await doctor(here())
    // What the collector was given before is in Prometheus when a later beat is.
    const since = Date.now() / 1000
    await expect.poll(async () => (await stack.query(`health_heartbeat_time_seconds > ${since}`)).length, { timeout: 30_000 }).toBe(1)
    const jobs = new Set((await stack.series('{job=~".+"}')).map(({ job }) => job))
    expect(jobs).toEqual(new Set([SERVICE, 'otel-collector', 'prometheus']))
    // The collector has one of its own. Without a job there is none.
    expect(new Set((await stack.series('target_info')).map(({ job }) => job))).toEqual(new Set([SERVICE, 'otel-collector']))
  })

  test('a service that Prometheus does not know', async () => {
    const { found } = await doctor({ ...here(), OTEL_SERVICE_NAME: 'nobody' })
    expect(found.get('prometheus-series')).toMatchObject({
      status: 'warn',
      message: `there is no health_heartbeat_time_seconds of job nobody (there are those of ${SERVICE})`,
    })
  })

  test('without a collector, at the receiver of Prometheus itself: at its path, and at none of its paths', async () => {
    const { found } = await doctor({ ...here(), OTEL_EXPORTER_OTLP_ENDPOINT: `${stack.prometheusUrl}/api/v1/otlp` })
    expect(found.get('otlp')).toMatchObject({ status: 'ok' })
    const wrong = await doctor({ ...here(), OTEL_EXPORTER_OTLP_ENDPOINT: stack.prometheusUrl })
    expect(wrong.found.get('otlp')).toMatchObject({ status: 'fail', message: expect.stringMatching(/answers 40[45]/) as string })
  })

  test('/v1/metrics twice in the path, as the collector answers it', async () => {
    const { found } = await doctor({ ...here(), OTEL_EXPORTER_OTLP_ENDPOINT: `${stack.otlpEndpoint}/v1/metrics` })
    expect(found.get('otlp')).toMatchObject({ status: 'fail', message: expect.stringMatching(/is in the path twice$/) as string })
  })

  test('the collector is stopped', async () => {
    await stack.stopCollector()
    const { code, found } = await doctor(here())
    expect(code).toBe(1)
    expect(found.get('otlp')).toMatchObject({ status: 'fail', message: expect.stringMatching(/nobody listens there$/) as string })
  })
})

describe('redis-server', () => {
  let folder: string
  const servers: ChildProcess[] = []

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'otel-health-redis-'))
  })
  afterAll(async () => {
    for (const server of servers) {
      if (server.pid === undefined || server.exitCode !== null) continue
      server.kill('SIGKILL')
      await once(server, 'exit')
    }
    rmSync(folder, { recursive: true })
  })

  /** Its port, once it answers. */
  async function start(...options: readonly string[]): Promise<number> {
    const port = await freePort()
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', mkdtempSync(join(folder, 'data-')), ...options]
    const server = spawn(REDIS_SERVER, args, { stdio: 'ignore' })
    const absent = once(server, 'error').then(([error]) =>
      Promise.reject(new Error(`${REDIS_SERVER} is needed: .ci/run installs it`, { cause: error })),
    )
    servers.push(server)
    const redis = new Redis(port)
    redis.on('error', () => {})
    await Promise.race([absent, vi.waitUntil(() => redis.ping().catch(() => false), { timeout: 10_000, interval: 20 })])
    redis.disconnect()
    return port
  }

  async function ask(port: number, ...command: readonly [string, ...string[]]): Promise<unknown> {
    const redis = new Redis(port)
    try {
      return await redis.call(...command)
    } finally {
      redis.disconnect()
    }
  }

  test('a cluster is asked as one, and only as one', async () => {
    const port = await start('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1')
    await ask(port, 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await expect.poll(() => ask(port, 'CLUSTER', 'INFO'), { timeout: 10_000 }).toMatch(/cluster_state:ok/)
    const alone = await doctor({ HEALTH_REDIS_PORT: String(port) })
    expect(alone.found.get('redis')).toMatchObject({ status: 'fail', mend: 'Set HEALTH_REDIS_CLUSTER_MODE=true.' })
    const { found } = await doctor({ HEALTH_REDIS_PORT: String(port), HEALTH_REDIS_CLUSTER_MODE: 'true' })
    expect(found.get('redis')).toMatchObject({ status: 'ok', message: expect.stringMatching(/^Redis .*, as a cluster$/) as string })
    expect(found.get('redis-writes')).toMatchObject({ status: 'ok' })
    expect(found.get('redis-channel')).toMatchObject({ status: 'ok' })
    expect(await ask(port, 'DBSIZE')).toBe(0)
  })

  test('a replica takes no alerts', async () => {
    const primary = await start()
    const replica = await start('--replicaof', `127.0.0.1 ${primary}`)
    const { code, found } = await doctor({ HEALTH_REDIS_PORT: String(replica) })
    expect(found.get('redis-writes')).toMatchObject({ status: 'fail', message: 'the server is a read-only replica' })
    expect(code).toBe(1)
  })

  test('a server that evicts may lose alerts, one without a limit does not', async () => {
    const evicting = await doctor({ HEALTH_REDIS_PORT: String(await start('--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru')) })
    expect(evicting.found.get('redis-memory')).toMatchObject({ status: 'warn' })
    const { found } = await doctor({ HEALTH_REDIS_PORT: String(await start()) })
    expect(found.get('redis-memory')).toMatchObject({ status: 'ok', message: expect.stringMatching(/no maxmemory$/) as string })
  })
})
