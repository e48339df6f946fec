/**
 * `node --import otel-health/register service.js`: a monitor set up from the environment and health.config, fed by
 * wrapped methods and watched queues, with the service none the wiser. A mistake in the set-up stops the start with one
 * sentence; after that nothing here reaches the service.
 */
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import { diag, DiagLogLevel } from '@opentelemetry/api'
import type { Redis } from 'ioredis'

import type { AccountState } from './catalogue.ts'
import { systemClock } from './clock.ts'
import type { HealthConfig, MethodTarget } from './config/health-config.ts'
import type { Environment } from './config/options.ts'
import { loadHealthConfig, packageName } from './health-config-file.ts'
import type { MethodCall, WatchedMethod } from './instrument/methods.ts'
import { watchMethods } from './instrument/methods.ts'
import type { WatchedQueue } from './instrument/queues.ts'
import { watchQueues } from './instrument/queues.ts'
import { onProcessEnd } from './process-end.ts'
import { RedisConnection } from './publish/redis-connection.ts'
import type { RedisTarget } from './publish/redis-client.ts'
import type { FetchBatch } from './record/fetch-recorder.ts'
import { toErrorType } from './record/fetch-recorder.ts'
import { TrackerFetcherHealthMonitor } from './tracker-fetcher-monitor.ts'

/** Two copies of the package, or --require next to --import, are one registration. */
const REGISTERED = Symbol.for('otel-health.registered')

const QUEUE_INTERVAL_MS = 5000

function register(): void {
  if (Object.hasOwn(globalThis, REGISTERED)) return
  Object.defineProperty(globalThis, REGISTERED, { value: true })
  logToStderr()
  const [, script] = process.argv
  const loaded = loadHealthConfig(script, process.cwd())
  const name = packageName(script, process.cwd())
  const monitor = new TrackerFetcherHealthMonitor({
    ...(loaded && { config: loaded.config }),
    ...(name !== undefined && { packageName: name }),
  })
  if (loaded) {
    watchService(monitor, loaded.config, dirname(loaded.file))
    watchServiceQueues(monitor, loaded.config)
  }
  onProcessEnd(monitor)
  void monitor.start()
}

/** Warnings and errors unless OTEL_LOG_LEVEL says otherwise; a logger that is there already stays. */
function logToStderr(): void {
  const level = DiagLogLevel[(process.env['OTEL_LOG_LEVEL'] ?? 'WARN').toUpperCase() as keyof typeof DiagLogLevel] ?? DiagLogLevel.WARN
  const toStderr = (message: string, ...details: unknown[]): void => console.error(message, ...details)
  diag.setLogger(
    { error: toStderr, warn: toStderr, info: toStderr, debug: toStderr, verbose: toStderr },
    { logLevel: level, suppressOverrideMessage: true },
  )
}

function watchService(monitor: TrackerFetcherHealthMonitor, { methods = [] }: HealthConfig, folder: string): void {
  const watched = methods.map((target): WatchedMethod => ({
    url: pathToFileURL(resolve(folder, target.module)).href,
    class: target.class,
    method: target.method,
    onCall: (call) => recordCall(monitor, target, call),
  }))
  if (watched.length > 0) watchMethods(watched, systemClock)
}

function recordCall(monitor: TrackerFetcherHealthMonitor, { records, upstream, result }: MethodTarget, call: MethodCall): void {
  if (records === 'api_call') {
    const code = (call.error as { code?: unknown } | null | undefined)?.code
    const errorType = call.failed ? toErrorType(code) : undefined
    monitor.recordApiCall({ durationMs: call.durationMs, ...(upstream && { upstream }), ...(errorType !== undefined && { errorType }) })
  } else if (!call.failed) {
    const value = result ? result(call.value) : call.value
    if (records === 'batch') monitor.recordBatch(value as FetchBatch, call.durationMs)
    else monitor.setAppleAccount(value as AccountState)
  }
}

function watchServiceQueues(monitor: TrackerFetcherHealthMonitor, { queues = {}, queuesRedis }: HealthConfig): void {
  const watched = Object.entries(queues).map(([tier, queue]) => ({ ...queue, tier: tier as WatchedQueue['tier'] }))
  if (watched.length === 0) return
  const connection = new RedisConnection({ target: serviceRedis(queuesRedis, process.env), clock: systemClock })
  connection.start({ up() {}, down() {} })
  watchQueues({
    client: {
      async call(command, ...args) {
        await connection.connected()
        const answer = await connection.run((client) => (client as Redis).call(command, ...args))
        connection.confirm()
        return answer
      },
    },
    queues: watched,
    clock: systemClock,
    intervalMs: QUEUE_INTERVAL_MS,
    onReading({ sizes, oldestDueAges, leased }) {
      monitor.recordQueueSizes(sizes)
      monitor.recordOldestDueAges(oldestDueAges)
      if (leased !== undefined) monitor.recordLeased(leased)
    },
  })
}

/** The service's own Redis, as most services are told of it: REDIS_URL, else REDIS_HOST and REDIS_PORT. */
function serviceRedis(configured: string | undefined, env: Environment): RedisTarget {
  const text = configured ?? env['REDIS_URL']
  if (!text || !URL.canParse(text)) return { host: env['REDIS_HOST'] || 'localhost', port: Number(env['REDIS_PORT'] || 6379) }
  const { protocol, hostname, port, username, password } = new URL(text)
  return {
    host: hostname,
    port: Number(port || 6379),
    tls: protocol === 'rediss:',
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  }
}

try {
  register()
} catch (error) {
  console.error(`otel-health: ${(error as Error).message}`)
  process.exit(1)
}
