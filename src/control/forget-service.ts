/** `forget`: a service that is dead for good leaves the lists at once instead of after a day, and so do the alerts that nobody can resolve. */
import { FORGOTTEN_BY_HAND_MS, lookAfterSilent, type SilentClient } from '../wire/silent-service.ts'
import { shardOf, type ShardNames } from '../wire/names.ts'

export type Forgotten = 'forgotten' | 'alive' | 'unheard of'

/** What of a connection it takes. */
export interface ForgetClient extends SilentClient {
  zrange(key: string, from: string, to: string): Promise<string[]>
  zscore(key: string, member: string): Promise<string | null>
  zadd(key: string, score: string, member: string): Promise<unknown>
  scard(key: string): Promise<number>
  exists(key: string): Promise<number>
}

export interface ForgetOptions {
  readonly service: string
  readonly actor: string
  readonly shards: number
  readonly retentionMs: number
  /** Makes the service due (`{health}:due`, a score of 1) and records in the same step who has it forgotten; left out: it is not recorded. */
  readonly begin?: (names: ShardNames) => Promise<unknown>
}

/** Nothing is done to a service of which an instance is alive. Rejects with the server's error. */
export async function forgetService(client: ForgetClient, options: ForgetOptions): Promise<Forgotten> {
  const { service, actor, shards, retentionMs, begin } = options
  const names = shardOf(service, shards)
  const [instances, open, lastBeat] = await Promise.all([
    client.zrange(names.instances(service), '0', '-1'),
    client.scard(names.openOf(service)),
    client.zscore(names.services, service),
  ])
  if (instances.length === 0 && open === 0 && lastBeat === null) return 'unheard of'
  const alive = await Promise.all(instances.map((instance) => client.exists(names.status(service, instance))))
  if (alive.includes(1)) return 'alive'
  // As if it had been due for ever; a beat in between makes it alive again, and the script looks.
  await (begin ? begin(names) : client.zadd(names.due, '1', service))
  await lookAfterSilent(client, {
    names,
    service,
    epochs: 'forget',
    retentionMs,
    forgottenAfterMs: FORGOTTEN_BY_HAND_MS,
    lookAgainMs: 1000,
    actor,
  })
  return 'forgotten'
}
