/**
 * Every key and channel of the health Redis. All keys of a shard have one hash tag, so that one script may touch several of them on a
 * cluster. A service and everything about it lives in one shard; unless sharding is on there is one, `{health}`.
 */
import { LONGEST_NAME } from './sizes.ts'

export interface ShardNames {
  /** Index among the shards. */
  readonly shard: number
  /** Sorted set: services by last beat. */
  readonly services: string
  /** Sorted set: services by when they will have been silent for three of their publishing intervals. */
  readonly due: string
  /** Sorted set: services that are silent by last beat. */
  readonly silent: string
  /** Sorted set: ids of open alerts by since. */
  readonly open: string
  /** Stream: every transition. */
  readonly alerts: string
  /** Hash: seq, epoch, ms of the last entry. */
  readonly meta: string
  /** Whose turn it is to notice services that fall silent. */
  readonly watcher: string
  /** Hash: what people have silenced, by id. */
  readonly silences: string
  /** Stream: what people have done. */
  readonly audit: string
  /** Stream: how what people asked of services ended, as services say it. */
  readonly outcomes: string
  /** Sorted set: open alerts that may cause others, as `<id>` by a hash of `<service>:<rule>`, and if they are as `CRITICAL <id>` by one of `<service>:CRITICAL`. */
  readonly causing: string
  /** Sorted set: `<service> <alert id>` and `silence <id>`, by when something of them begins or ends by itself. */
  readonly overlayDue: string
  /** String: the last status message of an instance. */
  status(service: string, instance: string): string
  /** Sorted set: instances by last beat. */
  instances(service: string): string
  /** Sorted set: processes that took nobody's place yet, by when they started. */
  starts(service: string): string
  /** Sorted set: processes that took the place of one that had crashed, by when they started. */
  restarts(service: string): string
  /** Sorted set: instances that said with their last beat that they are draining, by when. */
  draining(service: string): string
  /** Set: ids of the open alerts of a service. */
  openOf(service: string): string
  /** Hash: rev, document and state of an alert. */
  alert(alertId: string): string
  /** Hash: what each instance says of an alert. */
  entries(alertId: string): string
  /** Stream: a minute of an instance each. */
  history(service: string): string
  /** Stream: what people ask of a service. */
  requests(service: string): string
  /** Stream: what became of it, by who was asked. */
  answers(service: string): string
  /** Hash: what a service or an instance is to be, by instance or `*`, as the request that says so. */
  desired(service: string): string
  /** Hash: which process of an instance took a request, by instance: nothing is done twice. */
  taken(service: string, request: string): string
  /** Sorted set: instances that do not run, and that a supervisor can start, by until when it says so. */
  down(service: string): string
  /** Sorted set: who restarts an instance at the moment, by when that ends at the latest. */
  recovering(service: string): string
  /** Stream: what an instance counted in a minute for rules that judge a service by what it is used to. */
  counted(service: string): string

  /** With which everything that is said there is signed; left out: nothing is. */
  readonly hmacKey?: string
  /** Published with SPUBLISH, each node of a cluster hearing of its own shards alone, instead of PUBLISH. */
  readonly sharded: boolean
  readonly alertsChannel: string
  statusChannel(service: string): string
  metricsChannel(service: string): string
}

export const MOST_SHARDS = 1024

/** Of the shard with that index, where there are `shards` of them. */
export function shardNames(shard: number = 0, shards: number = 1, hmacKey?: string): ShardNames {
  const sharded = shards > 1
  const tag = sharded ? `{health:${shard}}` : '{health}'
  return {
    shard,
    services: `${tag}:services`,
    due: `${tag}:due`,
    silent: `${tag}:silent`,
    open: `${tag}:open`,
    alerts: `${tag}:alerts`,
    meta: `${tag}:meta`,
    watcher: `${tag}:watcher`,
    silences: `${tag}:silences`,
    audit: `${tag}:audit`,
    outcomes: `${tag}:outcomes`,
    causing: `${tag}:causing`,
    overlayDue: `${tag}:overlay-due`,
    status: (service, instance) => `${tag}:status:${service}:${instance}`,
    instances: (service) => `${tag}:instances:${service}`,
    starts: (service) => `${tag}:starts:${service}`,
    restarts: (service) => `${tag}:restarts:${service}`,
    draining: (service) => `${tag}:draining:${service}`,
    openOf: (service) => `${tag}:open:${service}`,
    alert: (alertId) => `${tag}:alert:${alertId}`,
    entries: (alertId) => `${tag}:alert:${alertId}:instances`,
    history: (service) => `${tag}:history:${service}`,
    requests: (service) => `${tag}:requests:${service}`,
    answers: (service) => `${tag}:answers:${service}`,
    desired: (service) => `${tag}:desired:${service}`,
    taken: (service, request) => `${tag}:taken:${service}:${request}`,
    down: (service) => `${tag}:down:${service}`,
    recovering: (service) => `${tag}:recovering:${service}`,
    counted: (service) => `${tag}:counted:${service}`,
    ...(hmacKey !== undefined && { hmacKey }),
    sharded,
    alertsChannel: sharded ? `${tag}:system:alerts` : 'health:system:alerts',
    statusChannel: (service) => (sharded ? `${tag}:service:status` : `health:service:${service}:status`),
    metricsChannel: (service) => (sharded ? `${tag}:service:metrics` : `health:service:${service}:metrics`),
  }
}

/** All of them, in order. */
export function allShards(shards: number = 1, hmacKey?: string): readonly ShardNames[] {
  return Array.from({ length: shards }, (_, shard) => shardNames(shard, shards, hmacKey))
}

/** Where a service lives: FNV-1a (32 bits) of its name, modulo the number of shards. */
export function shardOf(service: string, shards: number, hmacKey?: string): ShardNames {
  let hash = 0x811c9dc5
  for (let i = 0; i < service.length; i++) hash = Math.imul(hash ^ service.charCodeAt(i), 0x01000193) >>> 0
  return shardNames(hash % shards, shards, hmacKey)
}

/** Patterns for PSUBSCRIBE where there is one shard: the channels of all services. Sharded channels have no patterns, and need none. */
export const STATUS_CHANNELS = 'health:service:*:status'
export const METRICS_CHANNELS = 'health:service:*:metrics'

const CHANNEL =
  /^(?:health:service:([^:]+):(status|metrics)|\{health:\d{1,4}\}:service:(status|metrics)|(?:health|\{health:\d{1,4}\}):system:(alerts))$/

/** What comes over a channel, and of which service if it is one service's own; `undefined` for any other channel. */
export function kindOfChannel(
  channel: string,
): { readonly kind: 'status' | 'metrics' | 'alerts'; readonly service: string | undefined } | undefined {
  const [, service, kind, shardKind, alerts] = CHANNEL.exec(channel) ?? []
  const found = kind ?? shardKind ?? alerts
  return found === undefined ? undefined : { kind: found as 'status' | 'metrics' | 'alerts', service }
}

const SERVICE = /^[a-z0-9][a-z0-9._-]{0,63}$/

export function isServiceName(value: unknown): value is string {
  return typeof value === 'string' && SERVICE.test(value)
}

/** `service.instance.id` as it stands in keys and messages: white space and control characters become `_`, 128 characters at most. */
export function toInstanceName(instance: string): string {
  return instance
    .slice(0, LONGEST_NAME)
    .replaceAll(/[\s\p{Cc}\p{Cf}]/gu, '_')
    .toWellFormed()
}
