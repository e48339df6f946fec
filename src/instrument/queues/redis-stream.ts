/** A queue that is a stream: read whole, or as one consumer group sees it. */
import type { Reply } from './command-client.ts'
import type { Asking, QueueForm } from './queue-form.ts'
import { ageSeconds, EARLIEST_MS, known } from './queue-reading.ts'
import { count, finite, integer, integerIfAny, list, text } from './redis-reply.ts'

export const redisStream: QueueForm = {
  ask(target, epochMs) {
    if (!('key' in target) || target.type !== 'stream') return undefined
    return target.group === undefined ? askStream(target.key, epochMs) : askStreamGroup(target.key, target.group, epochMs)
  },
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
  const lag = integerIfAny(group.get('lag'))
  const now = serverTime(time) ?? epochMs
  // What is pending was delivered before whatever is not delivered yet.
  if (leased > 0) return known({ due: lag, leased, oldestAgeSeconds: ageOfEntry(oldestPending, now) })
  if (lag === 0) return { due: 0, leased, oldestAgeSeconds: 0 }
  const [next] = yield [['XRANGE', key, `(${text(group.get('last-delivered-id'))}`, '+', 'COUNT', 1]]
  const id = firstId(next)
  return id === undefined ? { due: 0, leased, oldestAgeSeconds: 0 } : known({ due: lag, leased, oldestAgeSeconds: ageOfEntry(id, now) })
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
