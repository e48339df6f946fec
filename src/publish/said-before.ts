/** What an earlier process of the same name had said of alerts when it ended. */
import type { Instant } from '../judge/alert.ts'
import type { Alert } from '../types.ts'
import { decodeEntry } from '../wire/alert-entry.ts'
import type { ShardNames } from '../wire/names.ts'
import type { RedisClient } from '../wire/redis-client.ts'

export interface SaidBefore {
  /** Epoch milliseconds of the server. */
  readonly now: number
  readonly epoch: string | undefined
  readonly alerts: readonly Alert[]
}

interface Who {
  readonly names: ShardNames
  readonly service: string
  readonly instance: string
  /** Alerts are looked up by these ids, and those that are open by their list. */
  readonly alertIds: readonly string[]
}

/** Two round trips. */
export async function readSaid(client: RedisClient, { names, service, instance, alertIds }: Who, at: Instant): Promise<SaidBefore> {
  const read = async (id: string) => {
    const [entry, document] = await Promise.all([client.hget(names.entries(id), instance), client.hget(names.alert(id), 'doc')])
    return { entry, document }
  }
  const [[seconds, microseconds], epoch, open, known] = await Promise.all([
    client.time(),
    client.hget(names.meta, 'epoch'),
    client.smembers(names.openOf(service)),
    Promise.all(alertIds.map(read)),
  ])
  const now = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
  const others = await Promise.all(open.filter((id) => !alertIds.includes(id)).map(read))
  const alerts = [...known, ...others].flatMap(({ entry, document }) => {
    const alert = entry === null || document === null ? undefined : decodeEntry(entry, document, now, at)
    return alert?.service === service ? [alert] : []
  })
  return { now, epoch: epoch ?? undefined, alerts }
}
