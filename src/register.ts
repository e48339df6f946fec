/**
 * `node --import otel-health/register service.js`: a monitor set up from the environment and health.config, fed by
 * wrapped methods and watched queues, with the service none the wiser. A mistake in the set-up stops the start with one
 * sentence; after that nothing here reaches the service.
 */
import { diag, DiagLogLevel } from '@opentelemetry/api'

import { systemClock } from './clock.ts'
import type { Environment } from './config/options.ts'
import { loadHealthConfig, packageName } from './health-config-file.ts'
import { onProcessEnd } from './process-end.ts'
import type { RedisTarget } from './publish/redis-client.ts'
import { watchService } from './service-watch.ts'
import { TrackerFetcherHealthMonitor } from './tracker-fetcher-monitor.ts'

/** Two copies of the package, or --require next to --import, are one registration. */
const REGISTERED = Symbol.for('otel-health.registered')

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
  if (loaded) watchService(monitor, { ...loaded, redis: serviceRedis(loaded.config.queuesRedis, process.env), clock: systemClock })
  onProcessEnd(monitor)
  void monitor.start()
}

/** Warnings and errors unless OTEL_LOG_LEVEL says otherwise; all to stderr, for stdout is the service's. */
function logToStderr(): void {
  const level = DiagLogLevel[(process.env['OTEL_LOG_LEVEL'] ?? 'WARN').toUpperCase() as keyof typeof DiagLogLevel] ?? DiagLogLevel.WARN
  const toStderr = (message: string, ...details: unknown[]): void => console.error(message, ...details)
  diag.setLogger(
    { error: toStderr, warn: toStderr, info: toStderr, debug: toStderr, verbose: toStderr },
    { logLevel: level, suppressOverrideMessage: true },
  )
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
