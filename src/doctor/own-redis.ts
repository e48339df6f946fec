/** Whether the health Redis is the service's own too, as far as configuration and environment name that. */
import type { Environment } from '../config/options.ts'
import type { LoadedConfig } from '../config/health-config-file.ts'
import type { RedisTarget } from '../wire/redis-client.ts'
import { serviceRedis } from '../zero-code/service-redis.ts'
import { ok, skip, warn, type Finding } from './finding.ts'

const NAMING = ['REDIS_URL', 'REDIS_HOST', 'REDIS_PORT']

export function checkOwnRedis(target: RedisTarget, loaded: LoadedConfig | undefined, env: Environment): Finding {
  const configured = loaded?.config.queuesRedis
  const isNamed = configured !== undefined || NAMING.some((name) => env[name]?.trim())
  const own = isNamed ? serviceRedis(configured, env) : undefined
  if (!own) return skip('own-redis', 'not known: neither queuesRedis of health.config nor REDIS_URL nor REDIS_HOST names the service’s own')
  if (own.host !== target.host || own.port !== target.port) return ok('own-redis', 'the service’s own Redis is another one')
  return warn(
    'own-redis',
    'the service’s own Redis is the health Redis too: when it is down or full, health is not told either',
    'Give otel-health a Redis of its own with HEALTH_REDIS_HOST and HEALTH_REDIS_PORT.',
  )
}
