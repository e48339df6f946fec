/**
 * Where the Redis of a queue library is, by the connection that the service gave it: options of ioredis, or a client. A connection of ours
 * can then be made to it. Only data is read; no client of the service is
 * used or duplicated. What data alone cannot make again is not told: sentinels, clusters, file system sockets, TLS with options of its
 * own, credentials given by a function, clients other than ioredis and node_redis up to 3.
 */
import type { RedisTarget } from '../../wire/redis-client.ts'

type Fields = Readonly<Record<string, unknown>>

/** Options with which host, port, database, user and password are not all that counts. */
const NOT_PLAIN = ['path', 'sentinels', 'Connector', 'socket', 'credentialsProvider'] as const

/** `undefined` where it cannot be told. Throws what reading `connection` throws. */
export function connectionTarget(connection: unknown): RedisTarget | undefined {
  const options = optionsOf(connection)
  if (!options || NOT_PLAIN.some((name) => isGiven(options[name]))) return undefined
  const url = isGiven(options['url']) ? fieldsOfUrl(options['url']) : {}
  if (!url) return undefined
  const merged: Fields = {
    host: '127.0.0.1',
    port: 6379,
    db: 0,
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => isGiven(value))),
    ...url,
  }
  const { host, username, password } = merged
  const [port, database, tls] = [Number(merged['port']), Number(merged['db']), isPlainTls(merged['tls'], host)]
  if (typeof host !== 'string' || tls === undefined || !isWithin(port, 1, 65_535) || !isWithin(database, 0, Infinity)) return undefined
  if (!isTextOrAbsent(username) || !isTextOrAbsent(password)) return undefined
  return { host, port, database, tls, ...(username !== undefined && { username }), ...(password !== undefined && { password }) }
}

/** Own properties only, as libraries (BullMQ) copy them; a client of ioredis, and of node_redis up to 3, keeps its own in `options`. */
function optionsOf(connection: unknown): Fields | undefined {
  if (typeof connection !== 'object' || connection === null) return undefined
  const { duplicate, defineCommand, internal_send_command: sendCommand, isCluster, options } = connection as Fields
  if (typeof duplicate !== 'function') return { ...connection }
  return (typeof defineCommand === 'function' || typeof sendCommand === 'function') && isCluster !== true && typeof options === 'object'
    ? { ...options }
    : undefined
}

function fieldsOfUrl(url: unknown): Fields | undefined {
  const parsed = typeof url === 'string' ? URL.parse(url) : null
  if (!parsed || parsed.search !== '' || !['redis:', 'rediss:'].includes(parsed.protocol)) return undefined
  const { hostname, port, username, password, pathname, protocol } = parsed
  return {
    ...(hostname !== '' && { host: hostname.replaceAll(/^\[|\]$/g, '') }),
    ...(port !== '' && { port }),
    ...(pathname.length > 1 && { db: pathname.slice(1) }),
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' && { tls: true }),
  }
}

/** `undefined`: TLS with options that we would not have. */
function isPlainTls(tls: unknown, host: unknown): boolean | undefined {
  if (tls === undefined || typeof tls === 'boolean') return tls ?? false
  if (typeof tls !== 'object' || tls === null) return undefined
  return Object.entries(tls).every(([name, value]) => !isGiven(value) || (name === 'servername' && value === host)) ? true : undefined
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}
