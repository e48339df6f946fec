/** How many jobs wait in the store of an Agenda, as the library itself asks it. */
import { ageSeconds, known, type QueueReading } from './queue-reading.ts'

/** Of MongoDB's driver, as much as versions 4 and 5 hold of it. */
interface Collection {
  countDocuments(filter: object): Promise<number>
  find(filter: object): { sort(by: object): { limit(most: number): { toArray(): Promise<readonly { readonly nextRunAt?: Date }[]> } } }
}

interface Agenda {
  /** Of version 6: whatever the jobs are kept in. */
  readonly db?: { getQueueSize?(): Promise<number> }
  readonly definitions?: Definitions
}

type Definitions = Readonly<Record<string, unknown>>

/** By the names of jobs, with the functions that do them. */
export function definitionsOf(agenda: object): Definitions {
  return (Reflect.get(agenda, '_definitions') as Definitions | undefined) ?? (agenda as Agenda).definitions ?? {}
}

/** Rejects with what the store rejects with. */
export async function askAgenda(agenda: object, epochMs: number): Promise<QueueReading> {
  const collection = Reflect.get(agenda, '_collection') as Collection | undefined
  if (collection) return await askCollection(collection, Object.keys(definitionsOf(agenda)), epochMs)
  return known({ due: await (agenda as Agenda).db?.getQueueSize?.() })
}

/** By the names of the jobs that are defined here: they begin the library's index. */
async function askCollection(collection: Collection, names: readonly string[], epochMs: number): Promise<QueueReading> {
  const now = new Date(epochMs)
  const jobs = { name: { $in: names }, disabled: { $ne: true } }
  const isDue = { ...jobs, nextRunAt: { $lte: now }, lockedAt: null }
  const [due, scheduled, leased, [oldest]] = await Promise.all([
    collection.countDocuments(isDue),
    collection.countDocuments({ ...jobs, nextRunAt: { $gt: now }, lockedAt: null }),
    collection.countDocuments({ ...jobs, lockedAt: { $ne: null } }),
    collection.find(isDue).sort({ nextRunAt: 1 }).limit(1).toArray(),
  ])
  const since = oldest?.nextRunAt?.getTime()
  return known({ due, scheduled, leased, oldestAgeSeconds: due === 0 ? 0 : since && ageSeconds(epochMs, since) })
}
