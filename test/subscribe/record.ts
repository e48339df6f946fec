/** Writes what services write, by a script of its own: the reading side is held to the wire, not to our writing side. */
import type { Redis } from 'ioredis'
import type { AlertState, Phase, Severity, Status, TransitionType } from '../../src/types.ts'
import type { AlertView } from '../../src/wire/alert-view.ts'
import { shardOf, type ShardNames } from '../../src/wire/names.ts'

/** KEYS: meta, stream, alert, open. ARGV: fields, open or not, since, id of the alert, channel, epoch if there is none, PUBLISH or SPUBLISH. */
const TELL = `
local time = redis.call('TIME')
local meta = redis.call('HMGET', KEYS[1], 'seq', 'epoch', 'ms')
local seq = string.format('%.0f', tonumber(meta[1] or '0') + 1)
local ms = string.format('%.0f', math.max(time[1] * 1000 + math.floor(time[2] / 1000), tonumber(meta[3] or '0')))
local epoch = meta[2] or ARGV[6]
redis.call('HSET', KEYS[1], 'seq', seq, 'ms', ms, 'epoch', epoch)
local id = ms .. '-' .. seq
local message = '{"v":1,"id":"' .. id .. '","epoch":"' .. epoch .. '","seq":' .. seq .. ',"rev":' .. seq .. ',' .. ARGV[1] .. '}'
redis.call('XADD', KEYS[2], id, 'd', message)
redis.call('HSET', KEYS[3], 'rev', seq, 'doc', '{"v":1,' .. ARGV[1] .. '}')
if ARGV[2] == 'open' then redis.call('ZADD', KEYS[4], ARGV[3], ARGV[4]) else redis.call('ZREM', KEYS[4], ARGV[4]) end
redis.call(ARGV[7], ARGV[5], message)
return message`

export interface Told {
  readonly id: string
  readonly type?: TransitionType
  readonly state?: AlertState
  readonly service?: string
  readonly severity?: Severity
  readonly message?: string
  readonly rule?: string
  /** Epoch milliseconds. */
  readonly since?: number
  readonly instances?: AlertView['instances']
}

export interface Beat {
  readonly service?: string
  readonly instance?: string
  readonly status?: Status
  readonly phase?: Phase
  /** Of its own clock, ahead of the server's by so many milliseconds. */
  readonly aheadMs?: number
  readonly text?: string
}

let beats = 0

export class RedisRecord {
  readonly #redis: Redis
  readonly #shards: number
  readonly #epoch: string

  constructor(redis: Redis, { shards = 1, epoch = `e${Math.random()}` }: { readonly shards?: number; readonly epoch?: string } = {}) {
    this.#redis = redis
    this.#shards = shards
    this.#epoch = epoch
  }

  /** The message. */
  async tell(told: Told): Promise<string> {
    return (await this.#redis.eval(TELL, 4, ...this.#written(told))) as string
  }

  /** So many transitions that the stream has lost before anybody can read it. */
  async tellAndTrim(...transitions: readonly Told[]): Promise<void> {
    const written = this.#redis.multi()
    for (const told of transitions) written.eval(TELL, 4, ...this.#written(told, 'elsewhere'))
    await written.xtrim(shardOf(transitions[0]!.service ?? 'mailer', this.#shards).alerts, 'MAXLEN', 0).exec()
  }

  #written(told: Told, channel?: string): string[] {
    const { id, type = 'fired', service = 'mailer', since = Date.now(), state = type === 'resolved' ? 'resolved' : 'firing' } = told
    const names = this.#of(service)
    const isOpen = ['firing', 'recovering', 'unknown'].includes(state)
    const publish = names.sharded ? 'SPUBLISH' : 'PUBLISH'
    return [
      ...[names.meta, names.alerts, names.alert(id), names.open],
      alertFields({ ...told, state }),
      ...[isOpen ? 'open' : 'closed', String(since), id, channel ?? names.alertsChannel, this.#epoch, publish],
    ]
  }

  /** The message. */
  async beat(beat: Beat = {}): Promise<string> {
    const { service = 'mailer', instance = 'a', phase = 'running', aheadMs = 0 } = beat
    const [seconds, microseconds] = await this.#redis.time()
    const now = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
    const text = beat.text ?? statusText({ ...beat, at: now + aheadMs })
    const names = this.#of(service)
    const stops = phase === 'stopped'
    const written = this.#redis.multi().set(names.status(service, instance), text, 'PX', 90_000)
    if (stops) written.zrem(names.instances(service), instance)
    else written.zadd(names.instances(service), now, instance)
    written.zadd(names.services, now, service)
    await written.exec()
    await this.say(names.statusChannel(service), text)
    return text
  }

  /** Publishes, and writes nothing. */
  async say(channel: string, text: string): Promise<void> {
    await (this.#shards > 1 ? this.#redis.spublish(channel, text) : this.#redis.publish(channel, text))
  }

  #of(service: string): ShardNames {
    return shardOf(service, this.#shards)
  }
}

/** Without braces. */
export function alertFields({ id, state = 'firing', severity = 'WARNING', ...told }: Told): string {
  const at = new Date().toISOString()
  const since = told.since === undefined ? at : new Date(told.since).toISOString()
  const { type = 'fired', service = 'mailer', rule = 'low_success_rate', message = 'm' } = told
  return JSON.stringify({
    ...{ type, deliver: true, alert_id: id, episode: 1, service, rule, severity, state, since, message },
    ...{ value: null, timestamp: at, overlays: {}, cause: 'condition', actor: null, told: null },
    instances: told.instances ?? { a: { state, severity, since, breaching: state !== 'resolved', seen: at } },
  }).slice(1, -1)
}

export function statusText({ service = 'mailer', instance = 'a', at = Date.now(), ...beat }: Beat & { readonly at?: number } = {}): string {
  const { status = 'healthy', phase = 'running' } = beat
  return JSON.stringify({
    ...{ v: 1, service, instance, beat: ++beats, timestamp: new Date(at).toISOString(), status, instance_status: status, phase },
    ...{ since: new Date(at - 60_000).toISOString(), uptime_seconds: 60, reasons: [], checks: {}, metrics: {}, alerts: [] },
  })
}

/** As if it were a transition. */
export function forgedText(message: string, change: { readonly seq?: number; readonly epoch?: string; readonly id?: string }): string {
  return JSON.stringify({ ...(JSON.parse(message) as object), ...change, message: 'forged' })
}
