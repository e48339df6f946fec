/** The URL of a Redis: `redis[s]://user:password@host:port/database`. */

/** The database is 0 where the URL names none, the port 6379. */
export interface RedisAddressOfUrl {
  readonly host: string
  readonly port: number
  readonly database: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly tls: boolean
}

export const REDIS_URL_FORM =
  'a URL such as rediss://redis.internal:6380/0, before whose host user and password may stand, percent-encoded, as user:password@'

const PORT = 6379

/**
 * `undefined` if it is no such URL. A password that is not percent-encoded makes another URL of it as a rule, with a query, a fragment or
 * a longer path, which is none of a Redis.
 */
export function parseRedisUrl(text: string): RedisAddressOfUrl | undefined {
  const url = URL.parse(text.trim())
  const database = /^\/?(\d{0,9})$/.exec(url?.pathname ?? 'none')?.[1]
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || !url.hostname || url.search || url.hash || url.port === '0') return undefined
  const [username, password] = [decoded(url.username), decoded(url.password)]
  if (database === undefined || username === undefined || password === undefined) return undefined
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || PORT),
    database: Number(database),
    username: username || undefined,
    password: password || undefined,
    tls: url.protocol === 'rediss:',
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
