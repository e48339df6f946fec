/**
 * What to ask Redis about one queue and how to understand the answers. Pure: a queue asks by yielding commands, all of which are sent
 * at once, and is given one reply for each; most ask once, some a second time for what the first answers named.
 *
 * Two clocks: scores of sorted sets and BullMQ's times are written by the service, which compares them with its own clock, so ours,
 * on the same host, says what is due. Entry ids of streams are made by the server, so its TIME, asked for along with them, says how
 * old they are; where TIME is denied, ours.
 */
import type { QueueTarget } from '../../config/targets.ts'

export type Command = readonly [name: string, ...args: (string | number)[]]

/** An error the server replied with, or its answer, as ioredis gives it. */
export type Reply = readonly [error: Error | null, value?: unknown]

/** What is known of one queue; a figure that is not known is absent. */
export interface QueueReading {
  /** Waiting for a worker now. */
  readonly due?: number
  /** Waiting for their time. */
  readonly scheduled?: number
  /** Held by workers. */
  readonly leased?: number
  /** Failed for good and kept. */
  readonly failed?: number
  /** Seconds that the oldest has been due; of a stream with a group, that the oldest undelivered or unacknowledged entry has existed. 0 where there is none. */
  readonly oldestAgeSeconds?: number
}

/** Throws the server's error, or one that says that a reply cannot be understood: then nothing is known of the queue. */
export type Asking = Generator<readonly Command[], QueueReading, readonly Reply[]>

/**
 * September 2001 in epoch milliseconds. A score or id below it is no time but a priority, a counter or "at once": what carries it is
 * due, nobody knows since when.
 */
const EARLIEST_MS = 1e12

export function askQueue(target: QueueTarget, epochMs: number): Asking {
  if ('bullmq' in target) return askBullmq(`${target.prefix ?? 'bull'}:${target.bullmq}:`, epochMs)
  const { key } = target
  switch (target.type) {
    case 'list':
      return askSize(['LLEN', key])
    case 'set':
      return askSize(['SCARD', key])
    case 'zset':
      return askSortedSet(key, epochMs, target.scores === 'seconds' ? 1000 : 1)
    case 'stream':
      return target.group === undefined ? askStream(key, epochMs) : askStreamGroup(key, target.group, epochMs)
  }
}

/** Of several keys that are one queue: sizes are added up, the oldest age is the greatest. A size that one key lacks is not known. */
export function sumOf(readings: readonly QueueReading[]): QueueReading {
  const total = (field: keyof QueueReading): number | undefined =>
    readings.reduce<number | undefined>(
      (sum, reading) => (sum !== undefined && reading[field] !== undefined ? sum + reading[field] : undefined),
      0,
    )
  return known({
    due: total('due'),
    scheduled: total('scheduled'),
    leased: total('leased'),
    failed: total('failed'),
    oldestAgeSeconds: greatest(readings.map(({ oldestAgeSeconds }) => oldestAgeSeconds)),
  })
}

/** All are due, and nobody knows since when. */
function* askSize(command: Command): Asking {
  const [size] = yield [command]
  return { due: count(size) }
}

function* askSortedSet(key: string, epochMs: number, msPerScore: number): Asking {
  const now = epochMs / msPerScore
  const [total, countDue, oldest] = yield [
    ['ZCARD', key],
    ['ZCOUNT', key, '-inf', now],
    ['ZRANGEBYSCORE', key, EARLIEST_MS / msPerScore, now, 'WITHSCORES', 'LIMIT', 0, 1],
  ]
  const due = count(countDue)
  const since = firstScore(oldest)
  return known({
    due,
    // The commands are no transaction: between two of them members may be added.
    scheduled: Math.max(0, count(total) - due),
    oldestAgeSeconds: due === 0 ? 0 : since && ageSeconds(epochMs, since * msPerScore),
  })
}

function* askStream(key: string, epochMs: number): Asking {
  const [length, first, time] = yield [['XLEN', key], ['XRANGE', key, '-', '+', 'COUNT', 1], ['TIME']]
  const due = count(length)
  return known({ due, oldestAgeSeconds: due === 0 ? 0 : ageOfEntry(firstId(first), serverTime(time) ?? epochMs) })
}

function* askStreamGroup(key: string, name: string, epochMs: number): Asking {
  const [info, pending, time] = yield [['XINFO', 'GROUPS', key], ['XPENDING', key, name], ['TIME']]
  if (info?.[0]?.message.includes('no such key')) return { due: 0, leased: 0, oldestAgeSeconds: 0 }
  const group = list(info)
    .map(fields)
    .find((each) => each.get('name') === name)
  // Told by the server's NOGROUP.
  const [held, oldestPending] = list(pending)
  if (!group) throw new Error(`there is no group ${name}`)
  const leased = integer(held)
  const lag = integerOr(group.get('lag'), undefined)
  const now = serverTime(time) ?? epochMs
  // What is pending was delivered before whatever is not delivered yet.
  if (leased > 0) return known({ due: lag, leased, oldestAgeSeconds: ageOfEntry(oldestPending, now) })
  if (lag === 0) return { due: 0, leased, oldestAgeSeconds: 0 }
  const [next] = yield [['XRANGE', key, `(${text(group.get('last-delivered-id'))}`, '+', 'COUNT', 1]]
  const id = firstId(next)
  return id === undefined ? { due: 0, leased, oldestAgeSeconds: 0 } : known({ due: lag, leased, oldestAgeSeconds: ageOfEntry(id, now) })
}

/** BullMQ's scores of delayed jobs: the time due in milliseconds times this, plus a number that keeps their order. */
const DELAYED_SCORES_PER_MS = 0x1000

/**
 * Keys as BullMQ 4 to 6 has them; since 6 a paused queue keeps its jobs in `wait`, `paused` is what older versions left. Jobs are taken
 * from the right of a list. Delayed jobs whose time has come are due: only a worker moves them, and there may be none.
 *
 * The ages of the jobs at both ends of each list are read (those added as LIFO wait at the other end); where jobs of several priorities
 * wait there may be one that is older still.
 */
function* askBullmq(prefix: string, epochMs: number): Asking {
  const [waiting, paused, prioritized, active, delayed, overdue, failed, firstDelayed, ...ends] = yield [
    ['LLEN', `${prefix}wait`],
    ['LLEN', `${prefix}paused`],
    ['ZCARD', `${prefix}prioritized`],
    ['LLEN', `${prefix}active`],
    ['ZCARD', `${prefix}delayed`],
    ['ZCOUNT', `${prefix}delayed`, '-inf', (epochMs + 1) * DELAYED_SCORES_PER_MS - 1],
    ['ZCARD', `${prefix}failed`],
    ['ZRANGE', `${prefix}delayed`, 0, 0, 'WITHSCORES'],
    ['LRANGE', `${prefix}wait`, -2, -1],
    ['LRANGE', `${prefix}paused`, -2, -1],
    ['LRANGE', `${prefix}wait`, 0, 0],
    ['LRANGE', `${prefix}paused`, 0, 0],
    ['ZRANGE', `${prefix}prioritized`, 0, 0],
    ['ZRANGE', `${prefix}prioritized`, -1, -1],
  ]
  const ids = ends.flatMap(list).map(text)
  // Up to version 4, `0:<time>` at the right of the list woke a worker up and was no job.
  const markers = ends.slice(0, 2).filter((end) => isMarker(list(end).at(-1))).length
  const countOverdue = count(overdue)
  const due = Math.max(0, count(waiting) + count(paused) - markers) + count(prioritized) + countOverdue
  const jobs = [...new Set(ids)].filter((id) => !isMarker(id))
  const replies = jobs.length === 0 ? [] : yield jobs.map((id) => ['HMGET', prefix + id, 'timestamp', 'processedOn', 'opts'] as const)
  const since = replies.map(waitingSince)
  const firstDue = firstScore(firstDelayed)
  if (countOverdue > 0 && firstDue !== undefined) since.push(Math.floor(firstDue / DELAYED_SCORES_PER_MS))
  return known({
    due,
    scheduled: Math.max(0, count(delayed) - countOverdue),
    leased: count(active),
    failed: count(failed),
    oldestAgeSeconds: due === 0 ? 0 : greatest(since.map((ms) => ms && ageSeconds(epochMs, ms))),
  })
}

function isMarker(id: unknown): boolean {
  return typeof id === 'string' && id.startsWith('0:')
}

/** A job waits since it was added and its delay was over, or since it was last begun: a retry keeps its `timestamp`. */
function waitingSince(reply: Reply): number | undefined {
  const [timestamp, processedOn, opts] = list(reply)
  const added = finite(timestamp)
  if (added === undefined || added < EARLIEST_MS) return undefined
  return Math.max(added + delayOf(opts), finite(processedOn) ?? 0)
}

/** The delay a job was added with; the field `delay` is 0 once it is over. */
function delayOf(opts: unknown): number {
  try {
    const { delay } = JSON.parse(text(opts)) as { delay?: unknown }
    return Math.max(0, finite(delay) ?? 0)
  } catch {
    return 0
  }
}

function known(figures: { readonly [field in keyof QueueReading]: number | undefined }): QueueReading {
  return Object.fromEntries(Object.entries(figures).filter(([, figure]) => figure !== undefined))
}

function greatest(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined)
}

function ageSeconds(nowMs: number, sinceMs: number): number {
  return Math.max(0, (nowMs - sinceMs) / 1000)
}

/** Entry ids begin with the epoch milliseconds at which they were added, unless the producer chose others. */
function ageOfEntry(id: unknown, nowMs: number): number | undefined {
  const ms = typeof id === 'string' ? finite(id.split('-')[0]) : undefined
  return ms === undefined || ms < EARLIEST_MS ? undefined : ageSeconds(nowMs, ms)
}

function serverTime(reply: Reply | undefined): number | undefined {
  const value = reply?.[0] ? undefined : reply?.[1]
  if (!Array.isArray(value)) return undefined
  const [seconds, microseconds] = [finite(value[0]), finite(value[1])]
  return seconds === undefined || microseconds === undefined ? undefined : seconds * 1000 + microseconds / 1000
}

/** Throws the error that Redis replied with. */
function answer(reply: Reply | undefined): unknown {
  if (!reply) throw new Error('a reply is missing')
  if (reply[0]) throw reply[0]
  return reply[1]
}

function count(reply: Reply | undefined): number {
  return integer(answer(reply))
}

function list(reply: Reply | undefined): readonly unknown[] {
  const value = answer(reply)
  if (!Array.isArray(value)) throw new Error('a list was expected')
  return value
}

function integer(value: unknown): number {
  const number = integerOr(value, undefined)
  if (number === undefined) throw new Error('a size was expected')
  return number
}

function integerOr<T>(value: unknown, otherwise: T): number | T {
  const number = finite(value)
  return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : otherwise
}

function finite(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint' && (typeof value !== 'string' || value.trim() === '')) return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error('a text was expected')
  return value
}

/** RESP2 answers `[member, score]`, RESP3 `[[member, score]]`. */
function firstScore(reply: Reply | undefined): number | undefined {
  return finite(list(reply).flat()[1])
}

function firstId(reply: Reply | undefined): unknown {
  const [entry] = list(reply)
  return Array.isArray(entry) ? entry[0] : undefined
}

/** RESP2 answers names and values in turn, RESP3 pairs, a map or an object of them. */
function fields(value: unknown): ReadonlyMap<unknown, unknown> {
  if (value instanceof Map) return value
  if (!Array.isArray(value)) return new Map(Object.entries(value ?? {}))
  if (value.every(Array.isArray)) return new Map(value.map(([name, field]) => [name, field]))
  return new Map(value.flatMap((name, index) => (index % 2 === 0 ? [[name, value[index + 1]]] : [])))
}
