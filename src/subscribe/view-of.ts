/** The view of all shards together. Pure. */
import type { AlertView } from '../wire/alert-view.ts'
import { byService, withUnlisted, type HealthView, type Problem } from './health-view.ts'
import type { ShardFollower } from './shard-follower.ts'

/** Beyond, the number of them has to do. */
const MOST_PROBLEMS = 100

/** What of a shard is in a view. */
export type Seen = Pick<ShardFollower, 'known' | 'alerts' | 'transitions' | 'problems'>

export interface Freshness {
  readonly staleSince?: number
  /** Besides those of keys. */
  readonly problems?: readonly Problem[]
}

/** `at`: epoch milliseconds of the server. */
export function viewOf(shards: readonly Seen[], at: number, { staleSince, problems: others = [] }: Freshness = {}): HealthView {
  const alerts = shards.flatMap((shard): AlertView[] => [...shard.alerts.alerts])
  const listed = shards.length === 1 ? shards[0]!.known.views : shards.flatMap(({ known }) => known.views).toSorted(byService)
  const problems = bounded([...others, ...shards.flatMap((shard) => shard.problems)])
  return {
    at,
    epoch: shards[0]?.transitions.position.epoch ?? null,
    seq: shards.reduce((sum, { transitions }) => sum + transitions.position.seq, 0),
    services: withUnlisted(listed, alerts),
    alerts,
    ...(problems.length > 0 && { problems }),
    ...(staleSince !== undefined && { staleSince }),
  }
}

function bounded(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= MOST_PROBLEMS) return problems
  const more = problems.length - MOST_PROBLEMS
  return [...problems.slice(0, MOST_PROBLEMS), { key: 'other keys', reason: `have problems, too: ${more} more` }]
}
