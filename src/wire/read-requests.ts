/** The side of those who are asked: what is asked of a service, and what it is to be. */
import type { ControlRequest } from './control-request.ts'
import { ALL_INSTANCES, desiredBy, parseRequest, type DesiredState } from './control-request.ts'
import type { ShardNames } from './names.ts'
import type { RedisClient } from './redis-client.ts'

/** What of a connection it takes. */
export type RequestsClient = Pick<RedisClient, 'xrange' | 'xrevrange'>
export type DesiredClient = Pick<RedisClient, 'hgetall'>

/** An entry of the stream. `why`: why it may not be carried out, half a sentence; nothing of it is to be believed then. */
export type ReadRequest =
  | { readonly position: string; readonly request: ControlRequest; readonly why?: undefined }
  | { readonly position: string; readonly request?: undefined; readonly why: string }

export interface ReadRequests {
  /** In the order in which they were asked. */
  readonly entries: readonly ReadRequest[]
  /** For the next call. */
  readonly position: string
  /** Whether the stream holds less than it did: it was flushed, or a server has taken over that lacks its end. What is read may come again. */
  readonly beganAnew: boolean
}

/** With which one begins who wants nothing that was asked before. `now`: epoch milliseconds of the server. */
export function positionAt(now: number): string {
  return String(now)
}

/** Of a stream that holds nothing. */
const BEFORE_ALL = '0-0'

/**
 * What was asked of a service after a position, `count` at most: the others with the next call. One small question while there is nothing new.
 * Where the stream began anew all that it holds is read: an entry that comes a second time has the same id and the same position, a replay
 * has another position. Entries that were trimmed before they were read are gone, and were too late long before. Rejects with the server's error.
 */
export async function readRequests(
  client: RequestsClient,
  names: ShardNames,
  service: string,
  after: string,
  count: number = 100,
): Promise<ReadRequests> {
  const key = names.requests(service)
  const isTime = !after.includes('-')
  const [last] = await client.xrevrange(key, '+', '-', 'COUNT', 1)
  // A server that takes over may be behind the time that it was before: from now on only what the stream holds counts.
  if (!last) return { entries: [], position: BEFORE_ALL, beganAnew: !isTime && after !== BEFORE_ALL }
  if (last[0] === after || (isTime && isBefore(last[0], after))) return { entries: [], position: last[0], beganAnew: false }
  const beganAnew = isBefore(last[0], after)
  const read = await client.xrange(key, beganAnew ? '-' : `(${after}`, '+', 'COUNT', count)
  const entries = read.map(([position, fields]): ReadRequest => ({ position, ...requestIn(fields, names, service) }))
  return { entries, position: entries.at(-1)?.position ?? after, beganAnew }
}

function requestIn(fields: readonly string[], names: ShardNames, service: string): ReturnType<typeof parseRequest> {
  const parsed = parseRequest(fieldOf(fields, 'd') ?? '', names.hmacKey)
  if (parsed.request && parsed.request.service !== service) return { why: `is for ${parsed.request.service}` }
  return parsed
}

/** Of an entry of a stream. */
export function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1]
  return undefined
}

/** Whether a place in a stream is before another. */
function isBefore(a: string, b: string): boolean {
  const [aMs = 0, aCount = 0] = a.split('-').map(Number)
  const [bMs = 0, bCount = 0] = b.split('-').map(Number)
  return aMs === bMs ? aCount < bCount : aMs < bMs
}

/** What a service or an instance of it is to be. */
export interface Desired {
  /** `null`: all of them, but those of which something else is said. */
  readonly instance: string | null
  /** `none`: it may run, whatever all are to be. */
  readonly state: DesiredState | 'none'
  readonly request: ControlRequest
}

/**
 * Without what is over at `now` (epoch milliseconds of the server), cannot be read or is not signed: that is desired by nobody. Rejects with the
 * server's error.
 */
export async function readDesired(client: DesiredClient, names: ShardNames, service: string, now: number): Promise<readonly Desired[]> {
  const held = await client.hgetall(names.desired(service))
  return Object.entries(held).flatMap(([whom, text]) => {
    const { request } = parseRequest(text, names.hmacKey)
    if (!request || request.service !== service || (request.instance ?? ALL_INSTANCES) !== whom) return []
    const state = desiredBy(request.action)
    if (state === undefined || (request.until !== null && request.until <= now)) return []
    return [{ instance: request.instance, state, request }]
  })
}

/** What one instance is to be: what is said of it alone comes first. `undefined`: nothing is said of it. */
export function desiredOf(all: readonly Desired[], instance: string): Desired | undefined {
  const own = all.find((desired) => desired.instance === instance) ?? all.find((desired) => desired.instance === null)
  return own?.state === 'none' ? undefined : own
}
