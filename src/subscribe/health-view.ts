/** What a reader knows at one instant. */
import type { AlertView } from '../wire/alert-view.ts'
import type { StatusMessage } from '../wire/status-message.ts'

export interface InstanceView {
  readonly instance: string
  /** Epoch milliseconds of the server. */
  readonly lastBeatAt: number
  /** Its last message; `undefined` once it has been silent for three of its publishing intervals, or if it cannot be read. */
  readonly status: StatusMessage | undefined
  /** Why its message cannot be read. It is there then, and nobody knows how it is. */
  readonly problem?: string
  /**
   * By how many milliseconds its clock is ahead of the server's: the time it says of its last beat, less when the server took it. A
   * message that was long on its way makes it look behind. `undefined`: not known.
   */
  readonly skewMs?: number
}

export interface ServiceView {
  readonly service: string
  /** Epoch milliseconds of the server; `undefined`: not on the list of services, known by its open alerts alone. */
  readonly lastBeatAt: number | undefined
  /** By name. */
  readonly instances: readonly InstanceView[]
}

/** A key that could not be read, or not made sense of. The rest is shown; nothing is known to be well that hangs on it. */
export interface Problem {
  /** As in Redis, or what stands for several keys. */
  readonly key: string
  /** A sentence without its subject, the key. */
  readonly reason: string
  /** Whose key it is, if it is one service's. */
  readonly service?: string
}

export interface HealthView {
  /** Epoch milliseconds of the server. */
  readonly at: number
  /** Another epoch: the server has lost its memory, and sequence numbers begin anew. Of the first shard. */
  readonly epoch: string | null
  /** Of the last transition that this view contains; of all shards together. */
  readonly seq: number
  /** By name. */
  readonly services: readonly ServiceView[]
  /** Firing, recovering or unknown. */
  readonly alerts: readonly AlertView[]
  /** Left out: none. */
  readonly problems?: readonly Problem[]
  /** Epoch milliseconds of the server: since then nothing has been confirmed, for it cannot be reached. Left out: all is fresh. */
  readonly staleSince?: number
}

/** Those that may be why something of this service is not known: its own, and those of everybody. */
export function problemsOf({ problems = [] }: Pick<HealthView, 'problems'>, service: string): readonly Problem[] {
  return problems.filter((problem) => problem.service === undefined || problem.service === service)
}

/** Services that are not listed and have open alerts: all of their instances stopped, or were forgotten. */
export function withUnlisted(listed: readonly ServiceView[], alerts: readonly AlertView[]): readonly ServiceView[] {
  if (alerts.length === 0) return listed
  const known = new Set(listed.map(({ service }) => service))
  const unlisted = new Set(alerts.map(({ service }) => service).filter((service) => !known.has(service)))
  if (unlisted.size === 0) return listed
  const views = [...unlisted].map((service): ServiceView => ({ service, lastBeatAt: undefined, instances: [] }))
  return [...listed, ...views].toSorted(byService)
}

export function byService(a: ServiceView, b: ServiceView): number {
  return a.service < b.service ? -1 : 1
}
