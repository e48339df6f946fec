/** The health Redis: whether it is there, what it is, and whether it can do what otel-health asks of it. */
import { randomUUID } from 'node:crypto'
import { createReader, type RedisClient, type RedisTarget } from '../wire/redis-client.ts'
import { ALERT } from '../wire/scripts/alert.ts'
import type { Clock } from '../types.ts'
import { fail, ok, skip, warn, type Finding } from './finding.ts'
import { connectionTrouble, refusal } from './redis-trouble.ts'

/** Milliseconds. */
const TIMEOUT_MS = 2000

export interface HealthRedis {
  readonly address: string
  /** For commands. */
  readonly client: RedisClient
  /** For listening. */
  readonly subscriber: RedisClient
  close(): void
}

/** Both connections, or what is wrong. Whoever gets them closes them. */
export async function openHealthRedis(target: RedisTarget): Promise<HealthRedis | Finding> {
  const address = `${target.host}:${target.port}`
  const clients: RedisClient[] = []
  let [first, connected]: [unknown, boolean] = [undefined, false]
  const open = async (): Promise<RedisClient> => {
    const client = await createReader(target, { timeoutMs: TIMEOUT_MS, reconnect: false })
    clients.push(client)
    client.on('error', (error) => (first ??= error)).on('connect', () => (connected = true))
    await client.connect()
    // A frozen server accepts connections: its kernel does.
    await client.ping()
    return client
  }
  const close = () => {
    for (const client of clients) client.disconnect()
  }
  try {
    const client = await open()
    const subscriber = await open()
    return { address, client, subscriber, close }
  } catch (error) {
    close()
    const { message, mend } = connectionTrouble(first ?? error, target, connected)
    return fail('redis', `${address}: ${message}`, mend)
  }
}

/** What INFO says, by field; empty where an ACL forbids it. */
type Info = ReadonlyMap<string, string>

export async function checkServer({ address, client }: HealthRedis, target: RedisTarget, clock: Clock): Promise<Finding[]> {
  const info = await readInfo(client)
  const trip = await roundTripMs(client, clock)
  return [kindOf(info, target, `${address} answers in ${trip.toFixed(1)} ms`), memoryOf(info)]
}

async function readInfo(client: RedisClient): Promise<Info> {
  const text = await client.info().catch(() => '')
  const lines = text.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(':')
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : []
  })
  return new Map(lines)
}

const TRIPS = 5

/** The shortest of a few: the others waited for something else. */
async function roundTripMs(client: RedisClient, clock: Clock): Promise<number> {
  let shortest = Infinity
  for (let i = 0; i < TRIPS; i++) {
    const begin = clock.monotonicMs()
    await client.ping()
    shortest = Math.min(shortest, clock.monotonicMs() - begin)
  }
  return shortest
}

function kindOf(info: Info, { clusterMode = false, tls = false }: RedisTarget, answers: string): Finding {
  const mode = info.get('redis_mode') ?? info.get('server_mode')
  if (mode === 'sentinel') {
    return fail('redis', `${answers}, but is a Sentinel`, 'Set HEALTH_REDIS_HOST and HEALTH_REDIS_PORT to the primary that it watches.')
  }
  if (!clusterMode && (info.get('cluster_enabled') === '1' || mode === 'cluster')) {
    return fail('redis', `${answers}, but is a node of a cluster`, 'Set HEALTH_REDIS_CLUSTER_MODE=true.')
  }
  const cluster = clusterMode ? ', as a cluster' : ''
  return ok('redis', `${serverName(info)} at ${answers}${cluster}${tls ? ', over TLS' : ''}`)
}

function serverName(info: Info): string {
  const named = [
    ['Dragonfly', info.get('dragonfly_version')?.replace(/^df-v?/, '')],
    ['Valkey', info.get('valkey_version')],
    ['Redis', info.get('redis_version')],
  ].find(([, version]) => version !== undefined)
  return named ? named.join(' ') : 'a server that keeps its INFO to itself,'
}

/** From here on a burst of alerts may be what fills it. */
const NEARLY_FULL = 0.9

function memoryOf(info: Info): Finding {
  const [used, most] = [Number(info.get('used_memory')), Number(info.get('maxmemory'))]
  const evicts = info.get('cache_mode') === 'cache' || !['noeviction', undefined].includes(info.get('maxmemory_policy'))
  if (Number.isNaN(used) || Number.isNaN(most)) return skip('redis-memory', 'the server does not tell how full it is')
  if (most === 0) return ok('redis-memory', `${megabytes(used)} used, no maxmemory`)
  const full = `${megabytes(used)} of ${megabytes(most)} used`
  if (evicts) {
    const policy = info.get('maxmemory_policy') ?? 'cache_mode=true'
    return warn(
      'redis-memory',
      `${full}, and what does not fit any more is thrown out (${policy}): open alerts may be lost`,
      'Set maxmemory-policy noeviction (Dragonfly: cache_mode=false), or give otel-health a Redis of its own.',
    )
  }
  if (used < most * NEARLY_FULL) return ok('redis-memory', `${full}, nothing is evicted`)
  return warn('redis-memory', `${full}: soon it takes nothing more`, 'Raise its maxmemory, or lower HEALTH_RETENTION_HOURS.')
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 100 * 2 ** 20 ? 1 : 0)} MB`
}

/**
 * Runs the very script that writes alerts, on keys and a channel of this run's own, and listens to what it publishes. The keys are
 * deleted by the write that makes them, so that nothing stays even if this process is killed in between.
 */
export async function checkWriting({ client, subscriber }: HealthRedis, clock: Clock): Promise<Finding[]> {
  const run = randomUUID()
  const keys = Array.from({ length: ALERT.numberOfKeys }, (_, i) => `{health}:doctor:${run}:${i}`)
  const channel = `health:doctor:${run}`
  const heard = Promise.withResolvers<number>()
  subscriber.on('message', (on) => on === channel && heard.resolve(clock.monotonicMs()))
  const listening = await subscriber.subscribe(channel).then(
    () => undefined,
    (error: unknown) => refusal(error),
  )
  const begin = clock.monotonicMs()
  const cancel = clock.after(TIMEOUT_MS, () => heard.resolve(Infinity))
  const head = '{"state":"firing","severity":"WARNING","breaching":true,"known":true,"keep":1000,"start":1,"n":1,"episode":1,"age":0,'
  const entry = ['doctor', head, '"timers":{},"says":{"message":"","value":null}}']
  const alert = [`"alert_id":"${run}","service":"doctor","rule":"doctor"`, 'any untold staying condition', channel, '1000', run]
  try {
    const [written, deleted] = (await client
      .pipeline()
      .eval(ALERT.lua, keys.length, ...keys, ...entry, ...alert)
      .del(...keys)
      .exec())!
    const error = written![0] ?? deleted![0]
    if (error) {
      const { message, mend } = refusal(error)
      return [fail('redis-writes', message, mend), skip('redis-channel', 'nothing can be published')]
    }
    const writes = ok('redis-writes', 'the script that writes alerts runs, streams included')
    if (listening) return [writes, fail('redis-channel', `it cannot be listened to: ${listening.message}`, listening.mend)]
    const ms = (await heard.promise) - begin
    if (ms < Infinity) return [writes, ok('redis-channel', `a message comes back in ${ms.toFixed(1)} ms`)]
    return [
      writes,
      fail(
        'redis-channel',
        `what is published is not heard within ${TIMEOUT_MS / 1000} s`,
        'Look whether a proxy in front of the server passes PUBLISH and SUBSCRIBE on.',
      ),
    ]
  } finally {
    cancel()
    await subscriber.unsubscribe(channel).catch(() => {})
  }
}
