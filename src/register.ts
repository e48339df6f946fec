/**
 * `node --import otel-health/register service.js`: a monitor set up from the environment and health.config, fed by what is
 * seen of the service, which is none the wiser. A mistake in the set-up stops the start with one sentence; after that
 * nothing here reaches the service.
 */
import { dirname } from 'node:path'
import { isMainThread } from 'node:worker_threads'

import { DiagLogLevel } from '@opentelemetry/api'

import { systemClock } from './clock.ts'
import type { Environment } from './config/options.ts'
import { parseResourceAttributes } from './config/options.ts'
import { setFallbackLogger } from './diag.ts'
import type { LoadedConfig } from './health-config-file.ts'
import { loadHealthConfig, packageName } from './health-config-file.ts'
import { onProcessEnd } from './process-end.ts'
import type { RedisTarget } from './publish/redis-client.ts'
import type { ServiceRecorder } from './watch/service-recorder.ts'
import { trackerFetcherRecorder, workerRecorder } from './watch/service-recorder.ts'
import type { ServiceWatchOptions } from './watch/watch-service.ts'
import { watchService } from './watch/watch-service.ts'
import { listeningScript, mainThreadRelay, receiveFromThreads } from './watch/thread-relay.ts'
import { TrackerFetcherHealthMonitor } from './tracker-fetcher-monitor.ts'
import { WorkerHealthMonitor } from './worker-monitor.ts'

/** Two copies of the package, or --require next to --import, are one registration. */
const REGISTERED = Symbol.for('otel-health.registered')

/** The processes and threads BullMQ runs processors in inherit --import; what they do is seen in the worker that calls them. */
const BULLMQ_SANDBOX = /[/\\]bullmq[/\\]dist[/\\](?:cjs|esm)[/\\]classes[/\\]main(?:-worker)?\.js$/

function register(): void {
  if (BULLMQ_SANDBOX.test(process.argv[1] ?? '')) return
  if (Object.hasOwn(globalThis, REGISTERED)) return
  Object.defineProperty(globalThis, REGISTERED, { value: true })
  logToStderr()
  const mainScript = listeningScript()
  const script = mainScript ?? process.argv[1]
  const loaded = loadHealthConfig(script, process.cwd())
  watchService({
    ...(mainScript === undefined ? startMonitor(script, loaded) : mainThreadRelay()),
    config: loaded?.config ?? {},
    folder: loaded ? dirname(loaded.file) : process.cwd(),
    redis: serviceRedis(loaded?.config.queuesRedis, process.env),
    clock: systemClock,
  })
}

/** One for each process; its threads tell it what they see. */
function startMonitor(
  script: string | undefined,
  loaded: LoadedConfig | undefined,
): Pick<ServiceWatchOptions, 'recorder' | 'isLoadedElsewhere'> {
  const name = packageName(script, process.cwd())
  const instance = clusterInstance(process.env)
  const options = {
    ...(loaded && { config: loaded.config }),
    ...(name !== undefined && { packageName: name }),
    ...(instance !== undefined && { instance }),
  }
  const [monitor, recorder] = loaded?.config.profile === 'tracker_fetcher' ? trackerFetcher(options) : anyWorker(options)
  onProcessEnd(monitor)
  const elsewhere = new Set<string>()
  if (isMainThread)
    receiveFromThreads(recorder, (modules) => {
      for (const module of modules) elsewhere.add(module)
    })
  // The service's own modules are loaded first: what starting takes would be time to its first request.
  setImmediate(() => void monitor.start())
  return { recorder, isLoadedElsewhere: (module) => elsewhere.has(module) }
}

/** Workers of a cluster inherit the environment: an instance id given there would be that of all of them. */
function clusterInstance(env: Environment): string | undefined {
  const id = parseResourceAttributes(env['OTEL_RESOURCE_ATTRIBUTES'])['service.instance.id']
  const worker = id ? process.getBuiltinModule('node:cluster').worker : undefined
  return worker && `${id}-${worker.id}`
}

type MonitorOptions = ConstructorParameters<typeof WorkerHealthMonitor>[0]

function trackerFetcher(options: MonitorOptions): [TrackerFetcherHealthMonitor, ServiceRecorder] {
  const monitor = new TrackerFetcherHealthMonitor(options)
  return [monitor, trackerFetcherRecorder(monitor)]
}

function anyWorker(options: MonitorOptions): [WorkerHealthMonitor, ServiceRecorder] {
  const monitor = new WorkerHealthMonitor(options)
  return [monitor, workerRecorder(monitor)]
}

/** Warnings and errors unless OTEL_LOG_LEVEL says otherwise; all to stderr, for stdout is the service's. */
function logToStderr(): void {
  const level = DiagLogLevel[(process.env['OTEL_LOG_LEVEL'] ?? 'WARN').toUpperCase() as keyof typeof DiagLogLevel] ?? DiagLogLevel.WARN
  const toStderr = (message: string, ...details: unknown[]): void => console.error(message, ...details)
  setFallbackLogger({ error: toStderr, warn: toStderr, info: toStderr, debug: toStderr }, level)
}

/** The service's own Redis, as most services are told of it: REDIS_URL, else REDIS_HOST and REDIS_PORT. */
function serviceRedis(configured: string | undefined, env: Environment): RedisTarget {
  const text = configured ?? env['REDIS_URL']
  if (!text || !URL.canParse(text)) return { host: env['REDIS_HOST'] || 'localhost', port: Number(env['REDIS_PORT'] || 6379) }
  const { protocol, hostname, port, username, password, pathname } = new URL(text)
  return {
    host: hostname,
    port: Number(port || 6379),
    tls: protocol === 'rediss:',
    ...(/^\/\d+$/.test(pathname) && { database: Number(pathname.slice(1)) }),
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
