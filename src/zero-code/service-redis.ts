/** The service's own Redis, as most services are told of it. Never throws: what cannot be read is the service's affair. */
import type { Environment } from '../config/options.ts'
import type { RedisTarget } from '../wire/redis-client.ts'

/** `configured`, else REDIS_URL, else REDIS_HOST and REDIS_PORT; `undefined` if that is no address. */
export function serviceRedis(configured: string | undefined, env: Environment): RedisTarget | undefined {
  const text = configured ?? env['REDIS_URL']?.trim()
  if (text) return targetOf(text)
  // A Kubernetes Service called `redis` sets REDIS_PORT=tcp://10.0.0.1:6379.
  const linked = env['REDIS_PORT']?.trim().startsWith('tcp://') ? URL.parse(env['REDIS_PORT']) : null
  const port = portOf(linked?.port ?? env['REDIS_PORT'])
  return port === undefined ? undefined : { host: env['REDIS_HOST']?.trim() || (linked?.hostname ?? 'localhost'), port }
}

/** `redis://user:password@host:port/database`, or as clients take it too `host:port`. */
function targetOf(text: string): RedisTarget | undefined {
  const url = URL.parse(text.includes('://') ? text : `redis://${text}`)
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || !url.hostname) return undefined
  const { protocol, username, password, pathname } = url
  const port = portOf(url.port)
  const credentials = [username, password].map(decoded)
  if (port === undefined || credentials.includes(undefined)) return undefined
  const database = /^\/(\d+)$/.exec(pathname)?.[1]
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    tls: protocol === 'rediss:',
    ...(database !== undefined && { database: Number(database) }),
    ...(username && { username: credentials[0]! }),
    ...(password && { password: credentials[1]! }),
  }
}

function portOf(text: string | undefined): number | undefined {
  const port = Number(text || 6379)
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
