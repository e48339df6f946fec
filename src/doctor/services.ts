/** Who has been heard of on the health Redis, and whether two processes call themselves by one name. */
import type { RedisClient } from '../wire/redis-client.ts'
import { parseMessage } from '../wire/message.ts'
import type { StatusMessage } from '../wire/status-message.ts'
import { allShards } from '../wire/names.ts'
import { hearChannels, subscribeTo } from '../subscribe/channels.ts'
import type { HealthView, ServiceView } from '../subscribe/health-view.ts'
import { seenWork } from '../subscribe/work-seen.ts'
import type { Clock } from '../types.ts'
import { duration } from '../subscribe/duration.ts'
import { instanceClocks } from './clocks.ts'
import { fail, ok, skip, warn, type Finding } from './finding.ts'

/** Milliseconds. Instances publish every 30 s by default: what is not heard meanwhile may still be so. */
const LISTEN_MS = 2500

/** However much is said meanwhile. */
const MOST_MESSAGES = 10_000
const MOST_NAMED = 5
const MOST_SERVICES = 50

/** Messages say their time in milliseconds and their uptime in whole seconds. */
const ROUNDING_MS = 1500

/** `service`: the one of this folder. `shards`: over how many services are spread. Publishes nothing. */
export async function checkServices(
  view: HealthView,
  service: string,
  subscriber: RedisClient,
  clock: Clock,
  signal: AbortSignal,
  shards: number = 1,
): Promise<Finding[]> {
  const unread = unreadOf(view)
  if (view.services.length === 0) return [skip('services', 'no service has been heard of yet'), ...unread, ownOf(undefined, service, view)]
  const live = view.services.flatMap(({ instances }) => instances.flatMap(({ status }) => status ?? []))
  const said = live.length === 0 ? [] : await listen(subscriber, shards, clock, signal)
  return [
    allOf(view),
    ...unread,
    ownOf(
      view.services.find((each) => each.service === service),
      service,
      view,
    ),
    workOf(
      view.services.find((each) => each.service === service),
      service,
    ),
    missingOf(view),
    instanceClocks(view),
    duplicatesOf(live, said),
  ]
}

/** Whether a service gives signs of life. */
export function isBeating({ services }: HealthView, name: string): boolean {
  return services.some(({ service, instances }) => service === name && instances.some(({ status }) => status !== undefined))
}

async function listen(subscriber: RedisClient, shards: number, clock: Clock, signal: AbortSignal): Promise<StatusMessage[]> {
  const messages: StatusMessage[] = []
  const stop = hearChannels(subscriber, (channel, text) => {
    const message = messages.length < MOST_MESSAGES ? parseMessage(channel, String(text)) : undefined
    if (message?.channel === 'status') messages.push(message)
  })
  await subscribeTo(subscriber, allShards(shards))
  await new Promise<void>((resolve) => {
    const cancel = clock.after(LISTEN_MS, resolve)
    signal.addEventListener('abort', () => (cancel(), resolve()), { once: true })
  })
  stop()
  return messages
}

/** Keys that nothing can be made of. */
function unreadOf({ problems = [] }: HealthView): Finding[] {
  if (problems.length === 0) return []
  const named = problems.slice(0, MOST_NAMED).map(({ key, reason }) => `${key} ${reason}`)
  const more = problems.length > MOST_NAMED ? [`${problems.length - MOST_NAMED} more`] : []
  return [
    warn(
      'unreadable',
      `what some keys hold cannot be read, so that nobody knows what hangs on it: ${[...named, ...more].join('; ')}`,
      'Look who else writes to the health Redis, and whether all services have the same version of otel-health; delete what no service wrote.',
    ),
  ]
}

function allOf({ services, at }: HealthView): Finding {
  const each = services.map(({ service, lastBeatAt, instances }) => {
    if (instances.some(({ status }) => status)) return service
    if (lastBeatAt === undefined) return `${service} (gone, with alerts open)`
    return `${service} (${instances.length === 0 ? 'stopped' : 'silent'} for ${duration(at - lastBeatAt)})`
  })
  const more = each.length > MOST_SERVICES ? [`${each.length - MOST_SERVICES} more`] : []
  return ok('services', `heard of: ${[...each.slice(0, MOST_SERVICES), ...more].join(', ')}`)
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
  const age = own.lastBeatAt === undefined ? 'nobody knows when' : `${duration(at - own.lastBeatAt)} ago`
  if (live.length > 0) return ok('service', `${service} beats: ${count(live.length, 'instance')}, the last beat ${age}`)
  if (own.instances.length === 0) {
    return warn(
      'service',
      `${service} has stopped, its last beat was ${age}`,
      'Start it again if it is to run: it said that it stops, so nobody misses it.',
    )
  }
  return fail('service', `${service} is silent, its last beat was ${age}`, 'Look whether the service runs, and at what it wrote to stderr.')
}

/** Whether anybody sees what the service does. */
function workOf(own: ServiceView | undefined, service: string): Finding {
  const { working, why } = seenWork(own?.instances.flatMap(({ status }) => status ?? []) ?? [])
  if (working === true) return ok('work', `what ${service} works at is seen`)
  if (working === undefined) return skip('work', `${service} does not say of any work that it could not be seen`)
  return warn(
    'work',
    `${why}, so that the rates of ${service} are unknown`,
    "Name the function that does the work in health.config, such as methods: [{ module: './worker.js', function: 'handleJob', records: 'attempt' }], or say that there is none: methods: [].",
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
  const byName = Map.groupBy([...live, ...said], ({ service, instance }) => `${instance} of ${service}`)
  const twice = [...byName].filter(([, messages]) => areOfTwo(messages)).map(([name]) => name)
  if (twice.length === 0) {
    return ok('instance-ids', `no two processes were heard under one service.instance.id in ${LISTEN_MS / 1000} s`)
  }
  return fail(
    'instance-ids',
    `more than one process calls itself ${twice.join(', ')}: each overwrites what the others say, on Redis and in Prometheus`,
    'Give each process its own service.instance.id in OTEL_RESOURCE_ATTRIBUTES, or none: then each makes one up.',
  )
}

/** Whether messages under one name come from two processes at the same time. */
function areOfTwo(messages: readonly StatusMessage[]): boolean {
  // By process: those that were started at the same time.
  const processes: { readonly startedAt: number; lastWord: number }[] = []
  for (const message of messages.toSorted((a, b) => startOf(a) - startOf(b))) {
    const saidAt = Date.parse(message.timestamp)
    const last = processes.at(-1)
    if (last && startOf(message) - last.startedAt <= ROUNDING_MS) last.lastWord = Math.max(last.lastWord, saidAt)
    else processes.push({ startedAt: startOf(message), lastWord: saidAt })
  }
  return processes.some(({ lastWord }, i) => processes.slice(i + 1).some(({ startedAt }) => lastWord > startedAt + ROUNDING_MS))
}

/** When the process that sent it was started. Epoch milliseconds. */
function startOf({ timestamp, uptime_seconds: uptime }: StatusMessage): number {
  return Date.parse(timestamp) - uptime * 1000
}

function count(n: number, thing: string): string {
  return n === 1 ? `1 ${thing}` : `${n} ${thing}s`
}
