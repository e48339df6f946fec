/** Each service watched as `otel-health/register` would in a process of its own. */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Redis } from 'ioredis'
import type { Environment } from '../../../src/config/options.ts'
import { loadHealthConfig } from '../../../src/config/health-config-file.ts'
import { Hold } from '../../../src/instrument/calls/hold.ts'
import { hookModules } from '../../../src/instrument/hook/module-hook.ts'
import { kindNamed } from '../../../src/kinds/define-kind.ts'
import { KINDS } from '../../../src/kinds/index.ts'
import type { ServiceHealthMonitor } from '../../../src/service/monitor.ts'
import type { Clock } from '../../../src/types.ts'
import { watchService } from '../../../src/zero-code/watch-service.ts'
import { unexplained } from '../clock-of-redis.ts'

export interface Watched {
  readonly monitor: ServiceHealthMonitor
  /** Ends the watching; the monitor is stopped before. */
  readonly unwatch: () => void
}

export interface WatchOptions {
  /** Its folder among the examples. */
  readonly folder: string
  /** Of its process. */
  readonly environment: Environment
  readonly clock: Clock
  /** Its own client. */
  readonly redis: Redis
}

/** Before the modules of the service are loaded. */
export function watch({ folder, environment, clock, redis }: WatchOptions): Watched {
  const script = fileURLToPath(new URL(`../../${folder}/service.ts`, import.meta.url))
  const { config: given, file } = withEnvironment(environment, () => loadHealthConfig(script, process.cwd(), KINDS)!)
  const kind = kindNamed(given.profile)
  const config = unexplained(given)
  const { monitor, recorder } = kind.monitor({ config, clock, env: environment, redis })
  const { stop } = watchService({
    recorder,
    hook: hookModules(),
    config,
    kind: kind.config,
    folder: dirname(file),
    redis: { host: environment['REDIS_HOST']!, port: Number(environment['REDIS_PORT']) },
    clock,
    inHand: monitor.controlled.inHand,
    hold: new Hold(clock),
  })
  return { monitor, unwatch: stop }
}

/** health.config reads the environment of the process that loads it. */
function withEnvironment<T>(environment: Environment, load: () => T): T {
  const before = Object.keys(environment).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, environment)
  try {
    return load()
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = value
    }
  }
}
