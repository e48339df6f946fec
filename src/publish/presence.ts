/** Who else is alive: every service for the `service_silent` rule, and the other instances of one's own service for its status. */
import { diag } from '../diag.ts'
import type { InstancePresence, Presence } from '../types.ts'
import { isPhase, isStatus } from '../wire/closed-lists.ts'
import { isListOf, isText, parseFields } from '../wire/fields.ts'
import { instancesKey, SERVICES_KEY, statusKey } from '../wire/names.ts'
import type { RedisClient } from '../wire/redis-client.ts'

/** More than this are not looked at. */
const MOST_SERVICES = 200
const MOST_INSTANCES = 200

type Run = <T>(command: (client: RedisClient) => Promise<T>) => Promise<T>

/** Reads once at a time: while a reading is under way, whoever asks gets that one. */
export class PresenceReader {
  readonly #run: Run
  readonly #service: string
  readonly #instance: string
  #reading: Promise<Omit<Presence, 'watchedMs'> | undefined> | undefined

  constructor(run: Run, service: string, instance: string) {
    this.#run = run
    this.#service = service
    this.#instance = instance
  }

  /** `undefined` if Redis does not answer: then nothing is known of anybody. Never rejects. */
  read(): Promise<Omit<Presence, 'watchedMs'> | undefined> {
    this.#reading ??= this.#run((client) => readPresence(client, this.#service, this.#instance))
      .catch((error: unknown) => {
        diag.debug('otel-health: presence is not known', error)
        return undefined
      })
      .finally(() => (this.#reading = undefined))
    return this.#reading
  }
}

/** Two round trips. A status key lives for three publishing intervals of the instance that wrote it, so its end is silence. */
async function readPresence(client: RedisClient, ownService: string, ownInstance: string): Promise<Omit<Presence, 'watchedMs'>> {
  const [[seconds, microseconds], services] = await Promise.all([
    client.time(),
    client.zrevrange(SERVICES_KEY, 0, MOST_SERVICES - 1, 'WITHSCORES').then(toScores),
  ])
  const now = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
  const instances = await Promise.all(
    services.map(({ name }) => client.zrevrange(instancesKey(name), 0, MOST_INSTANCES - 1, 'WITHSCORES').then(toScores)),
  )
  const messages = await Promise.all(services.map(({ name }, i) => readMessages(client, name, instances[i]!)))
  const own = services.findIndex(({ name }) => name === ownService)
  return {
    services: services.map(({ name, at }, i) => ({
      service: name,
      lastBeatAgeMs: Math.max(now - at, 0),
      silent: messages[i]!.every((message) => message === null),
    })),
    others: (instances[own] ?? [])
      .map(({ name, at }, i) => toInstance(name, Math.max(now - at, 0), messages[own]![i] ?? null))
      .filter(({ instance }) => instance !== ownInstance),
  }
}

async function readMessages(
  client: RedisClient,
  service: string,
  instances: readonly { readonly name: string }[],
): Promise<(string | null)[]> {
  return instances.length === 0 ? [] : client.mget(instances.map(({ name }) => statusKey(service, name)))
}

function toScores(reply: readonly string[]): { readonly name: string; readonly at: number }[] {
  const scores: { name: string; at: number }[] = []
  for (let i = 0; i + 1 < reply.length; i += 2) scores.push({ name: reply[i]!, at: Number(reply[i + 1]) })
  return scores
}

function toInstance(instance: string, lastBeatAgeMs: number, message: string | null): InstancePresence {
  const { instance_status: status, phase, reasons } = (message === null ? undefined : parseFields(message)) ?? {}
  return {
    instance,
    lastBeatAgeMs,
    live: message !== null,
    instanceStatus: isStatus(status) ? status : undefined,
    phase: isPhase(phase) ? phase : undefined,
    ...(isListOf(reasons, isText) && { reasons }),
  }
}
