/** Whatever starts a service, with everything it starts: who of them reports, and who notices that the service is frozen. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { dirname } from 'node:path'

import { Redis } from 'ioredis'
import { expect, vi } from 'vitest'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { ServiceHealthMonitor } from '../../src/service/monitor.ts'
import { toldBy } from './told.ts'

const SOON = { timeout: 60_000, interval: 50 }

export interface LaunchOptions {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  /** How many processes write a line `up <pid>`. */
  readonly processes: number
  /** Seconds between two messages. */
  readonly interval: number
  /** Of the test, which may run beside others. */
  readonly onTestFinished: (end: () => void | Promise<void>) => void
}

export interface Launched {
  /** The launcher itself. */
  readonly process: ChildProcess
  /** Of every process that wrote `up <pid>`. */
  readonly pids: readonly number[]
  readonly redis: Redis
  /** The last message of every instance that was ever heard, by instance: one that is slow is not missed, one that ended is kept. */
  readonly heard: ReadonlyMap<string, StatusSaid>
  readonly interval: number
  /** What was written to stdout until now, and to stderr. */
  readonly stdout: string
  readonly stderr: string
}

/** Who reports, by name: what each of its instances depends on, which is how its health.config is seen. */
export type Reporting = Readonly<Record<string, readonly (readonly string[])[]>>

/** Starts it under NODE_OPTIONS on a health Redis of its own; waits until every process runs. All of it ends with the test. */
export async function launch([command, ...args]: readonly string[], options: LaunchOptions): Promise<Launched> {
  const { cwd, env = {}, processes, interval, onTestFinished } = options
  const valkey = await startValkey()
  onTestFinished(() => valkey.stop())
  const redis = new Redis(valkey.port)
  onTestFinished(() => redis.disconnect())
  const heard = new Map<string, StatusSaid>()
  const listening = new Redis(valkey.port)
  onTestFinished(() => listening.disconnect())
  listening.on('pmessage', (_pattern: string, _channel: string, text: string) => {
    const said = JSON.parse(text) as StatusSaid
    heard.set(said.instance, said)
  })
  await listening.psubscribe('health:service:*:status')
  const child = spawn(command!, args, {
    cwd,
    env: {
      HOME: process.env['HOME'],
      PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
      NODE_OPTIONS: '--import otel-health/register',
      HEALTH_REDIS_HOST: '127.0.0.1',
      HEALTH_REDIS_PORT: String(valkey.port),
      HEALTH_PUBLISHING_INTERVAL: String(interval),
      OTEL_METRICS_EXPORTER: 'none',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => killTree(child.pid!))
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const pids = (): number[] => [...new Set(Array.from(stdout.matchAll(/\bup (\d+)/g), ([, pid]) => Number(pid)))]
  await vi
    .waitUntil(() => pids().length >= processes, SOON)
    .catch(() => {
      throw new Error(`only ${pids().length} of ${processes} processes came up:\n${stdout}\n${stderr}`)
    })
  return {
    process: child,
    pids: pids(),
    redis,
    heard,
    interval,
    get stdout() {
      return stdout
    },
    get stderr() {
      return stderr
    },
  }
}

/** Who reports, once as many as are expected do: whoever else would has had three more intervals. */
export async function reporting({ heard }: Launched, expected: number): Promise<Reporting> {
  await vi.waitUntil(() => heard.size >= expected, SOON).catch(() => {})
  const beats = (): number => Math.max(0, ...Array.from(heard.values(), ({ beat }) => beat))
  const before = beats()
  await vi.waitUntil(() => beats() > before + 3, SOON)
  const byName = Map.groupBy(heard.values(), ({ service }) => service)
  return Object.fromEntries([...byName].map(([name, each]) => [name, each.map(({ depends_on: dependsOn }) => dependsOn)]))
}

interface StatusSaid {
  readonly service: string
  readonly instance: string
  readonly beat: number
  readonly depends_on: readonly string[]
}

/** Freezes every process of the service; a service beside it is to tell of it in time. */
export async function expectSilenceTold({ redis, pids, interval }: Launched, service: string): Promise<void> {
  const neighbour = new ServiceHealthMonitor({
    serviceName: 'neighbour',
    redisHost: '127.0.0.1',
    redisPort: Number(redis.options.port),
    publishingInterval: interval,
    evaluationInterval: 0.1,
    env: { OTEL_METRICS_EXPORTER: 'none' },
  })
  try {
    await neighbour.start()
    const frozenAt = await serverTime(redis)
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    const told = await vi.waitUntil(
      async () => (await toldBy(redis, 'service_silent')).find((each) => each.service === service && each.type === 'fired'),
      SOON,
    )
    expect((Date.parse(told.timestamp) - frozenAt) / 1000).toBeLessThanOrEqual(3 * interval + 1)
  } finally {
    await neighbour.stop()
  }
}

async function serverTime(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time()
  return Number(seconds) * 1000 + Number(microseconds) / 1000
}

/** Process managers start theirs in groups of their own, which end with none of their parents. */
function killTree(root: number): void {
  const parents = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
  const family = [root]
  for (const pid of family) family.push(...parents.filter(([, parent]) => parent === pid).map(([child]) => child))
  for (const pid of family) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}
