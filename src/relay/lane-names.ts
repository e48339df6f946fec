/** The keys of the relay. Those of a shard have its hash tag, so that one script may touch them on a cluster. */
import type { ShardNames } from '../wire/names.ts'

export interface LaneNames {
  /** String with an expiry: which process passes on to the target now. */
  readonly claim: string
  /** Hash: `cursor` (the last entry of the stream that is done with) and `epoch` (of the stream it is of). */
  readonly position: string
  /** Hash: alert id -> what the target has been told of an alert that it was not told the end of. */
  readonly told: string
}

export function laneNames({ alerts }: ShardNames, target: string): LaneNames {
  const tag = alerts.slice(0, alerts.lastIndexOf(':'))
  const key = `${tag}:relay:${target}`
  return { claim: `${key}:claim`, position: key, told: `${key}:told` }
}
