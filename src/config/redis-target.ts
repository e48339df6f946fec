/** Where the health Redis is and how to speak to it, of the settings: the same for a service and for those who look on. */
import type { RedisTarget } from '../wire/redis-client.ts'
import { parseRedisUrl } from './redis-url.ts'
import type { Settings } from './settings.ts'

/** The URL, where one is set, stands for host, port, user, password, TLS and number of the database. */
export function redisTargetOf(settings: Settings): RedisTarget {
  const url = settings.redisUrl === undefined ? undefined : parseRedisUrl(settings.redisUrl)
  const { host, port, username, password, tls } = url ?? {
    host: settings.redisHost,
    port: settings.redisPort,
    username: settings.redisUsername,
    password: settings.redisPassword,
    tls: settings.redisTls,
  }
  return {
    host,
    port,
    clusterMode: settings.redisClusterMode,
    tls,
    shards: settings.redisShards,
    timeoutMs: settings.redisTimeout * 1000,
    ...(url && url.database > 0 && { database: url.database }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(settings.redisCa !== undefined && { caFile: settings.redisCa }),
    ...(settings.hmacKey !== undefined && { hmacKey: settings.hmacKey }),
  }
}
