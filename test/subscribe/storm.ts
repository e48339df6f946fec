/** Many transitions, with connections that are cut and messages that are forged between them, and what a subscriber makes of them. */
import { Redis } from 'ioredis'
import { HealthSubscriber } from '../../src/subscribe/health-subscriber.ts'
import type { AlertMessage } from '../../src/wire/alert-message.ts'
import { shardOf } from '../../src/wire/names.ts'
import { createReader } from '../../src/wire/redis-client.ts'
import { forgedText, RedisRecord } from './record.ts'

export interface Storm {
  readonly port: number
  readonly transitions: number
  /** Of all messages. */
  readonly cutShare: number
  readonly forged: number
  readonly seed: number
  readonly shards?: number
}

export interface Outcome {
  /** Of each shard, the sequence numbers in the order in which they were told. */
  readonly told: readonly (readonly number[])[]
  /** Of each shard, how many there were. */
  readonly written: readonly number[]
  readonly forgedTold: number
  readonly gaps: number
  readonly epochs: number
  readonly reconnects: number
  /** Alert and rev of what is open. */
  readonly open: readonly string[]
  readonly openInRecord: readonly string[]
  /** Milliseconds from the last transition until all were told. */
  readonly lateMs: number
}

const ALERTS = 40
const LONGEST_WAIT_MS = 20_000

export async function weather({ port, transitions, cutShare, forged, seed, shards = 1 }: Storm): Promise<Outcome> {
  const random = randomFrom(seed)
  const redis = new Redis(port)
  await redis.flushall()
  const record = new RedisRecord(redis, { shards })
  const readers = await Promise.all(
    [1, 2].map(async () => {
      const reader = (await createReader({ host: '127.0.0.1', port }, { timeoutMs: 2000, reconnect: true })) as Redis
      reader.on('error', () => {})
      await reader.connect()
      return reader
    }),
  )
  const [client, listening] = readers as [Redis, Redis]
  const subscriber = new HealthSubscriber({ client, subscriber: listening, shards })
  const heard: AlertMessage[] = []
  let [gaps, epochs] = [0, 0]
  subscriber.on('message', ({ message }) => void (message.channel === 'alerts' && heard.push(message)))
  subscriber.on('gap', () => gaps++)
  subscriber.on('epoch', () => epochs++)
  await subscriber.start()

  const revs = new Map<string, number>()
  const written = Array.from({ length: shards }, () => 0)
  let last = ''
  for (let i = 1; i <= transitions; i++) {
    const n = Math.floor(random() * ALERTS)
    const id = `a${n}`
    const service = `service-${n % 10}`
    const names = shardOf(service, shards)
    const seq = ++written[names.shard]!
    const resolves = revs.has(id) && random() < 0.5
    last = await record.tell({ id, service, type: resolves ? 'resolved' : revs.has(id) ? 'updated' : 'fired', message: `the ${i}th` })
    if (resolves) revs.delete(id)
    else revs.set(id, seq)
    if (random() < forged / transitions) {
      const lie = [seq + 1, seq + 2, 1_000_000, seq, Math.max(seq - 7, 0)][Math.floor(random() * 5)]!
      await record.say(names.alertsChannel, forgedText(last, random() < 0.8 ? { seq: lie } : { seq: 1, epoch: 'forged' }))
    }
    if (random() < cutShare) {
      for (const each of await connectionsBut(redis, random)) await redis.call('CLIENT', 'KILL', 'ID', each)
      // Some are cut again before they are back.
      if (random() < 0.7) await until(() => client.status === 'ready' && listening.status === 'ready')
    }
  }
  const endedAt = performance.now()
  await until(() => heard.length >= transitions)
  const lateMs = performance.now() - endedAt
  const { view, stats } = subscriber
  await subscriber.stop()
  for (const each of [redis, client, listening]) each.disconnect()
  return {
    told: written.map((_, shard) => heard.filter(({ service }) => shardOf(service, shards).shard === shard).map(({ seq }) => seq)),
    written,
    forgedTold: heard.filter(({ message }) => message === 'forged').length,
    gaps,
    epochs,
    reconnects: stats.reconnects,
    open: view.alerts.map(({ alert_id: id, rev }) => `${id} ${rev}`).toSorted(),
    openInRecord: Array.from(revs, ([id, rev]) => `${id} ${rev}`).toSorted(),
    lateMs,
  }
}

/** Of the two of the subscriber one, or both. */
async function connectionsBut(redis: Redis, random: () => number): Promise<string[]> {
  const own = String(await redis.client('ID'))
  const list = String(await redis.client('LIST'))
  const ids = Array.from(list.matchAll(/^id=(\d+)/gm), ([, id]) => id!).filter((id) => id !== own)
  const which = random()
  return which < 0.4 ? ids.slice(0, 1) : which < 0.8 ? ids.slice(-1) : ids
}

async function until(condition: () => boolean): Promise<void> {
  const begin = performance.now()
  while (!condition() && performance.now() - begin < LONGEST_WAIT_MS) await new Promise((resolve) => setTimeout(resolve, 2))
}

/** What is told if each is told once and in order. */
export function eachOnce(written: readonly number[]): number[][] {
  return written.map((count) => Array.from({ length: count }, (_, i) => i + 1))
}

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
