/**
 * `node --import otel-health/register service.js`: a monitor set up from the environment and health.config, fed by what is
 * seen of the service, which is none the wiser. A mistake in the set-up stops the start with one sentence; after that
 * nothing here reaches the service.
 */
import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'

import { DiagLogLevel } from '@opentelemetry/api'

import { systemClock } from './clock.ts'
import type { Environment } from './config/options.ts'
import { parseResourceAttributes } from './config/options.ts'
import { maskedText } from './credentials.ts'
import { setFallbackLogger } from './diag.ts'
import { OWN_FOLDER } from './version.ts'
import type { LoadedConfig } from './config/health-config-file.ts'
import { loadHealthConfig, packageName } from './config/health-config-file.ts'
import { takeApiMetrics } from './export/api-metrics.ts'
import type { ModuleHook } from './instrument/hook/module-hook.ts'
import { hookModules } from './instrument/hook/module-hook.ts'
import { isSandbox } from './instrument/queues/queue-libraries.ts'
import type { TakenApi } from './service/monitor-options.ts'
import { kindNamed } from './kinds/define-kind.ts'
import { KINDS } from './kinds/index.ts'
import type { Monitored } from './kinds/kind.ts'
import { onProcessEnd } from './service/process-end.ts'
import { watchService } from './zero-code/watch-service.ts'
import { serviceRedis } from './zero-code/service-redis.ts'
import { listeningScript, mainThread, receiveFromThreads } from './zero-code/thread-relay.ts'

/** Two copies of the package, or --require next to --import, are one registration. */
const REGISTERED = Symbol.for('otel-health.registered')

/** `otel-health <command>` inherits NODE_OPTIONS of a container or shell, and is no service: nothing may hear a beat of it. */
function isOwnCommandLine(script: string | undefined): boolean {
  try {
    // npm starts it by a link.
    return script !== undefined && dirname(realpathSync(script)) === fileURLToPath(new URL('cli', OWN_FOLDER))
  } catch {
    return false
  }
}

let end = (): void => {}

function register(): void {
  if (isSandbox(process.argv[1]) || isOwnCommandLine(process.argv[1])) return
  if (Object.hasOwn(globalThis, REGISTERED)) return
  Object.defineProperty(globalThis, REGISTERED, { value: true })
  logToStderr()
  const mainScript = listeningScript()
  const script = mainScript ?? process.argv[1]
  const loaded = loadHealthConfig(script, process.cwd(), KINDS)
  const config = loaded?.config ?? {}
  const main = mainScript === undefined ? undefined : mainThread()
  const hook = hookModules()
  const monitor = main ? undefined : createMonitor(script, loaded, hook)
  const recorder = main?.recorder ?? monitor!.recorder
  const redis = serviceRedis(config.queuesRedis, process.env)
  const watch = watchService({
    recorder,
    hook,
    config,
    kind: kindNamed(config.profile).config,
    folder: loaded ? dirname(loaded.file) : process.cwd(),
    redis: redis && { ...redis, ...(config.queuesRedisCluster && { clusterMode: true }) },
    clock: systemClock,
    ...(main && { mainThread: main.news }),
  })
  const ends: (() => void)[] = [watch.stop]
  if (monitor) {
    if (isMainThread) ends.push(receiveFromThreads(recorder, watch.news))
    ends.push(() => void monitor.monitor.stop())
    // The service's own modules are loaded first: what starting takes would be time to its first request.
    setImmediate(() => void monitor.monitor.start())
  }
  end = () => {
    for (const each of ends.splice(0)) each()
  }
}

/** Restores every function, ends every subscription and says that the service is no longer watched. */
export function disable(): void {
  end()
}

/** One for each process; its threads tell it what they see. */
function createMonitor(script: string | undefined, loaded: LoadedConfig | undefined, hook: ModuleHook): Monitored {
  const name = packageName(script, process.cwd())
  const instance = childInstance(process.env)
  const options = {
    ...(loaded && { config: loaded.config }),
    ...(name !== undefined && { packageName: name }),
    ...(instance !== undefined && { instance }),
    takeApi: (parts: TakenApi) => takeApiMetrics({ ...parts, hook }),
  }
  const monitored = kindNamed(loaded?.config.profile).monitor(options)
  onProcessEnd(monitored.monitor)
  return monitored
}

/** Forked processes inherit the environment: an instance id given there would be that of all of them. */
function childInstance(env: Environment): string | undefined {
  const id = parseResourceAttributes(env['OTEL_RESOURCE_ATTRIBUTES'])['service.instance.id']
  if (!id || !process.connected) return undefined
  const worker = process.getBuiltinModule('node:cluster').worker
  return `${id}-${worker ? worker.id : process.pid}`
}

/** Warnings and errors unless OTEL_LOG_LEVEL says otherwise; all to stderr, for stdout is the service's. */
function logToStderr(): void {
  const level = DiagLogLevel[(process.env['OTEL_LOG_LEVEL'] ?? 'WARN').toUpperCase() as keyof typeof DiagLogLevel] ?? DiagLogLevel.WARN
  const toStderr = (message: string, ...details: unknown[]): void => console.error(message, ...details)
  setFallbackLogger({ error: toStderr, warn: toStderr, info: toStderr, debug: toStderr }, level)
}

try {
  register()
} catch (error) {
  console.error(`otel-health: ${maskedText((error as Error).message)}`)
  process.exit(1)
}
