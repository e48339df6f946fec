/** Transitions as the scripts of the services write them (see the wire): stream, meta, document and list of open alerts in one step. */
import type { Redis } from 'ioredis'
import { shardNames } from '../../src/wire/names.ts'
import type { AlertMessage } from '../../src/wire/alert-message.ts'

export type Change = Partial<Omit<AlertMessage, 'channel' | 'id' | 'epoch' | 'seq' | 'rev'>> & {
  readonly cause?: string
  readonly told?: string
}

const SINCE = '2026-11-29T10:00:00.000Z'

/** The fields of a message before Redis has allotted the rest. */
export function fieldsOf(change: Change = {}) {
  const { type = 'fired' } = change
  return {
    type,
    deliver: true,
    alert_id: 'a1',
    episode: 1,
    service: 'tracker_fetcher',
    rule: 'low_success_rate',
    severity: 'WARNING' as const,
    state: type === 'resolved' ? ('resolved' as const) : ('firing' as const),
    since: SINCE,
    timestamp: SINCE,
    message: 'Fetch success rate is 71.4 % over 5 min (limit 80 %): 20 of 70 attempts failed',
    value: { current: 71.4, threshold: 80, unit: 'percent', n: 70, failures: 20, window_seconds: 300 },
    instances: { 'pod-1': { state: 'firing', severity: 'WARNING', since: SINCE, breaching: true, seen: SINCE } },
    overlays: {},
    cause: 'condition',
    actor: null,
    ...change,
  }
}

/** As a reader has it. */
export function messageOf(change: Change = {}, seq: number = 1, epoch: string = 'e1'): AlertMessage {
  return { ...fieldsOf(change), channel: 'alerts', id: `${1_000_000 + seq}-${seq}`, epoch, seq, rev: seq } as unknown as AlertMessage
}

const WRITE = `
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
local epoch = redis.call('HGET', KEYS[1], 'epoch')
local time = redis.call('TIME')
local ms = math.max(time[1] * 1000 + math.floor(time[2] / 1000), tonumber(redis.call('HGET', KEYS[1], 'ms') or '0'))
if not epoch then
  epoch = 'w-' .. string.format('%.0f', ms)
  redis.call('HSET', KEYS[1], 'epoch', epoch)
end
redis.call('HSET', KEYS[1], 'ms', string.format('%.0f', ms))
local id = string.format('%.0f', ms) .. '-' .. seq
local head = '{"v":1,"id":"' .. id .. '","epoch":"' .. epoch .. '","seq":' .. seq .. ',"rev":' .. seq .. ','
redis.call('XADD', KEYS[2], id, 'd', head .. ARGV[1] .. '}')
redis.call('HSET', KEYS[3], 'rev', seq, 'doc', '{"v":1,' .. ARGV[1] .. '}')
if ARGV[3] == 'open' then redis.call('ZADD', KEYS[4], ARGV[4], ARGV[2]) else redis.call('ZREM', KEYS[4], ARGV[2]) end
redis.call('ZADD', KEYS[5], string.format('%.0f', ms), ARGV[5])
return {id, epoch}`

/** By which the relay's receivers know it. */
export async function writeTransition(redis: Redis, change: Change = {}, shard: number = 0, shards: number = 1): Promise<string> {
  const names = shardNames(shard, shards)
  const now = new Date().toISOString()
  const fields = fieldsOf({ since: now, timestamp: now, ...change })
  const [id, epoch] = (await redis.eval(
    WRITE,
    5,
    ...[names.meta, names.alerts, names.alert(fields.alert_id), names.open, names.services],
    ...[JSON.stringify(fields).slice(1, -1), fields.alert_id, fields.state === 'resolved' ? 'other' : 'open'],
    ...[String(Date.parse(fields.since)), fields.service],
  )) as [string, string]
  return `${epoch}-${id}${names.sharded ? `-${shard}` : ''}`
}
