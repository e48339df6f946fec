/** Where the health Redis is, as a program says it in code. */
import type { Settings } from '../config/settings.ts'

export interface RedisAddress {
  /** Default: localhost. */
  readonly host?: string | undefined
  /** Default: 6379. */
  readonly port?: number | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** Whether to connect with TLS. */
  readonly tls?: unknown
}

/** `redis://host:port`, the parts of that, or an ioredis client, of which the address alone is taken. */
export type GivenRedis = string | RedisAddress | { readonly options: RedisAddress }

/** Throws one sentence, without the password, if it is no address of a Redis. */
export function redisSettings(redis: GivenRedis): Partial<Settings> {
  const address = typeof redis === 'string' ? parsed(redis) : typeof redis === 'object' && 'options' in redis ? redis.options : redis
  if (typeof address !== 'object') {
    throw new Error('The option redis is no address of a Redis, expected a URL such as redis://localhost:6379, or host and port.')
  }
  const { host = 'localhost', port = 6379, username, password, tls } = address
  return {
    redisHost: host,
    redisPort: port,
    ...(tls !== undefined && tls !== false && { redisTls: true }),
    ...(username && { redisUsername: username }),
    ...(password && { redisPassword: password }),
  }
}

function parsed(text: string): RedisAddress | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') return undefined
  try {
    return {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 6379),
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      tls: url.protocol === 'rediss:',
    }
  } catch {
    return undefined
  }
}
