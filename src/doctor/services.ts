/** Who has been heard of on the health Redis, and whether two processes call themselves by one name. */
import type { RedisClient } from '../wire/redis-client.ts'
import { parseMessage } from '../wire/message.ts'
import type { StatusMessage } from '../wire/status-message.ts'
import { STATUS_CHANNELS } from '../wire/names.ts'
import type { HealthView, ServiceView } from '../subscribe/snapshot.ts'
import type { Clock } from '../types.ts'
import { duration } from '../subscribe/duration.ts'
import { fail, ok, skip, warn, type Finding } from './finding.ts'

/** Milliseconds. Instances publish every 30 s by default: what is not heard meanwhile may still be so. */
const LISTEN_MS = 2500

/** Messages say their time in milliseconds and their uptime in whole seconds. */
const ROUNDING_MS = 1500

/** `service`: the one of this folder. Publishes nothing. */
export async function checkServices(
  view: HealthView,
  service: string,
  subscriber: RedisClient,
  clock: Clock,
  signal: AbortSignal,
): Promise<Finding[]> {
  if (view.services.length === 0) return [skip('services', 'no service has been heard of yet'), ownOf(undefined, service, view)]
  const live = view.services.flatMap(({ instances }) => instances.flatMap(({ status }) => status ?? []))
  const said = live.length === 0 ? [] : await listen(subscriber, clock, signal)
  return [
    allOf(view),
    ownOf(
      view.services.find((each) => each.service === service),
      service,
      view,
    ),
    missingOf(view),
    duplicatesOf(live, said),
  ]
}

/** Whether a service gives signs of life. */
export function isBeating({ services }: HealthView, name: string): boolean {
  return services.some(({ service, instances }) => service === name && instances.some(({ status }) => status !== undefined))
}

async function listen(subscriber: RedisClient, clock: Clock, signal: AbortSignal): Promise<StatusMessage[]> {
  const messages: StatusMessage[] = []
  subscriber.on('pmessage', (_pattern: string, channel: string, text: string) => {
    const message = parseMessage(channel, text)
    if (message?.channel === 'status') messages.push(message)
  })
  await subscriber.psubscribe(STATUS_CHANNELS)
  await new Promise<void>((resolve) => {
    const cancel = clock.after(LISTEN_MS, resolve)
    signal.addEventListener('abort', () => (cancel(), resolve()), { once: true })
  })
  return messages
}

function allOf({ services, at }: HealthView): Finding {
  const each = services.map(({ service, lastBeatAt, instances }) =>
    instances.some(({ status }) => status) ? service : `${service} (silent for ${duration(at - lastBeatAt)})`,
  )
  return ok('services', `heard of: ${each.join(', ')}`)
}

function ownOf(own: ServiceView | undefined, service: string, { at }: HealthView): Finding {
  if (!own) {
    return warn(
      'service',
      `${service} has not been heard of`,
      `Start the service under otel-health with this environment; if it runs, its HEALTH_SERVICE_NAME or its health Redis is another.`,
    )
  }
  const live = own.instances.filter(({ status }) => status)
  const age = duration(at - own.lastBeatAt)
  if (live.length > 0) return ok('service', `${service} beats: ${count(live.length, 'instance')}, the last beat ${age} ago`)
  return fail(
    'service',
    `${service} is silent, its last beat was ${age} ago`,
    'Look whether the service runs, and at what it wrote to stderr.',
  )
}

function missingOf({ services, at }: HealthView): Finding {
  const missing = services.flatMap(({ service, instances }) =>
    // Of a service that is silent as a whole all are.
    instances.some(({ status }) => status)
      ? instances
          .filter(({ status }) => !status)
          .map(({ instance, lastBeatAt }) => `${instance} of ${service} (${duration(at - lastBeatAt)})`)
      : [],
  )
  if (missing.length === 0) return ok('instances', 'none is missing')
  return warn(
    'instances',
    `silent while others of the same service beat: ${missing.join(', ')}`,
    'Look why they ended without saying so; an instance that does not come back is forgotten after an hour.',
  )
}

/**
 * Two processes that lived at the same time and have the same name. What is kept in Redis and what is heard come from either in turn; a
 * process that was started after the other had spoken last is a restart.
 */
function duplicatesOf(live: readonly StatusMessage[], said: readonly StatusMessage[]): Finding {
  if (live.length === 0) return skip('instance-ids', 'no instance is there to listen to')
  const messages = [...live, ...said]
  const twice = new Set<string>()
  for (const [index, one] of messages.entries()) {
    for (const other of messages.slice(index + 1)) {
      if (one.service !== other.service || one.instance !== other.instance) continue
      const [older, newer] = startOf(one) <= startOf(other) ? [one, other] : [other, one]
      const isOther = startOf(newer) - startOf(older) > ROUNDING_MS
      const overlaps = lastWord(messages, older) > startOf(newer) + ROUNDING_MS
      if (isOther && overlaps) twice.add(`${one.instance} of ${one.service}`)
    }
  }
  if (twice.size === 0) {
    return ok('instance-ids', `no two processes were heard under one service.instance.id in ${LISTEN_MS / 1000} s`)
  }
  return fail(
    'instance-ids',
    `more than one process calls itself ${[...twice].join(', ')}: each overwrites what the others say, on Redis and in Prometheus`,
    'Give each process its own service.instance.id in OTEL_RESOURCE_ATTRIBUTES, or none: then each makes one up.',
  )
}

/** When the process that sent it was started. Epoch milliseconds. */
function startOf({ timestamp, uptime_seconds: uptime }: StatusMessage): number {
  return Date.parse(timestamp) - uptime * 1000
}

/** When the process that sent `message` spoke last. Epoch milliseconds. */
function lastWord(messages: readonly StatusMessage[], message: StatusMessage): number {
  const same = messages.filter(
    (each) =>
      each.service === message.service && each.instance === message.instance && Math.abs(startOf(each) - startOf(message)) <= ROUNDING_MS,
  )
  return Math.max(...same.map(({ timestamp }) => Date.parse(timestamp)))
}

function count(n: number, thing: string): string {
  return n === 1 ? `1 ${thing}` : `${n} ${thing}s`
}
