/** What an earlier process of the same name had said of alerts when it ended. */
import type { Instant } from '../judge/alert.ts'
import type { Alert } from '../types.ts'
import { decodeEntry } from '../wire/alert-entry.ts'
import type { ShardNames } from '../wire/names.ts'
import type { PublisherClient } from '../wire/redis-client.ts'
import { toMs } from '../wire/scripts/time.ts'

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
  /** This process has beaten: no beat is one of the process before it any more. */
  readonly hasBeaten: boolean
}

/** Two round trips. */
export async function readSaid(
  client: PublisherClient,
  { names, service, instance, alertIds, hasBeaten }: Who,
  at: Instant,
): Promise<SaidBefore> {
  const read = async (id: string) => {
    const [entry, document] = await Promise.all([client.hget(names.entries(id), instance), client.hget(names.alert(id), 'doc')])
    return { entry, document }
  }
  const [time, epoch, open, score, known] = await Promise.all([
    client.healthTime(names.meta),
    client.hget(names.meta, 'epoch'),
    client.smembers(names.openOf(service)),
    client.zscore(names.instances(service), instance),
    Promise.all(alertIds.map(read)),
  ])
  const now = toMs(time)
  const readBack = { serverNow: now, lastBeat: score === null || hasBeaten ? undefined : Number(score) }
  const others = await Promise.all(open.filter((id) => !alertIds.includes(id)).map(read))
  const alerts = [...known, ...others].flatMap(({ entry, document }) => {
    const alert = entry === null || document === null ? undefined : decodeEntry(entry, document, readBack, at)
    return alert?.service === service ? [alert] : []
  })
  return { now, epoch: epoch ?? undefined, alerts }
}
