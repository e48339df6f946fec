/** Everything that is said of one instance at one instant: how it stands, and the figures. */
import { plainVerdict } from '../judge/verdicts.ts'
import type { Counted, InterruptedJob, KeyFigures, KeyMetric, Profile, Readings, Sample, Snapshot } from '../types.ts'
import type { WorkInHand } from '../record/work-in-hand.ts'
import type { Standing } from './standing.ts'
import type { Work } from './work.ts'

export interface SnapshotFacts {
  readonly service: string
  readonly instance: string
  readonly profile: Profile
  readonly dependsOn: readonly string[]
  readonly standing: Standing
  readonly samples: readonly Sample[]
  readonly readings: Readings
  readonly counted: Counted
  /** Milliseconds on the monotonic clock. */
  readonly now: number
  /** Epoch milliseconds. */
  readonly at: number
  readonly since: number
  readonly startedAt: { readonly monotonicMs: number; readonly epochMs: number }
  /** Seconds between two evaluations. */
  readonly tickSeconds: number
  readonly work: Pick<Work, 'isWatched' | 'unseen' | 'unreadQueues'>
  readonly inHand: Pick<WorkInHand, 'isSeen' | 'now'>
  /** What people may ask of this instance. */
  readonly allowed: readonly string[]
  readonly drainLimitSeconds: number
  /** Whether a supervisor starts it again when it ends. */
  readonly isSupervised: boolean
  /** Whether it works again after a pause, but for what it pauses itself. */
  readonly isPausedInPart: boolean
  readonly interrupted: readonly InterruptedJob[]
}

export function snapshotOf(facts: SnapshotFacts): Snapshot {
  const { profile, dependsOn, readings, samples, now, startedAt, tickSeconds, work } = facts
  const figures = profile.figures({ readings, samples, now, tickSeconds, unseen: work.unseen, unreadQueues: work.unreadQueues })
  const own = ownFigures(profile, readings)
  return {
    service: facts.service,
    kind: profile.name,
    ...(dependsOn.length > 0 && { dependsOn }),
    instance: facts.instance,
    at: facts.at,
    since: facts.since,
    uptimeSeconds: (now - startedAt.monotonicMs) / 1000,
    ...facts.standing,
    verdicts: facts.standing.verdicts.map(plainVerdict),
    rules: Object.fromEntries(
      profile.rules.map(({ name, forSeconds, limits }) => [name, { forSeconds, ...(limits && { breach: limits.breach }) }]),
    ),
    metrics: { ...figures.metrics, ...own.metrics },
    ...(figures.unknown && { unknown: figures.unknown }),
    ...(work.isWatched !== undefined && { working: work.isWatched }),
    ...(facts.allowed.length > 0 && { control: facts.allowed, drainLimitSeconds: facts.drainLimitSeconds }),
    ...(facts.isSupervised && { supervised: true as const }),
    ...(facts.isPausedInPart && { pausedInPart: true as const }),
    ...(facts.inHand.isSeen && { inHand: facts.inHand.now() }),
    ...(facts.interrupted.length > 0 && { interrupted: facts.interrupted }),
    evidence: { ...figures.evidence, ...own.evidence },
    totals: profile.totals(samples, new Date(startedAt.epochMs).toISOString()),
    counted: facts.counted,
  }
}

/** Readings that are figures by their names, those of rules that are the user's own among them; of one that is split, by the values it is split by. */
function ownFigures({ rules, shown = [] }: Profile, readings: Readings): KeyFigures {
  const metrics: Record<string, KeyMetric> = {}
  const evidence: Record<string, unknown> = {}
  for (const each of [...shown, ...rules]) {
    const { name, by, needs } = each
    if (!each.figure) continue
    if (by === undefined) {
      const { value, evidence: behind } = each.figure(readings)
      metrics[name] = value
      evidence[name] = behind
      continue
    }
    const groups = readings.groups(by, needs).map((value) => [value || 'none', each.figure!(readings.within(by, value))] as const)
    metrics[name] = Object.fromEntries(groups.map(([of, { value }]) => [of, typeof value === 'number' ? value : null]))
    evidence[name] = Object.fromEntries(groups.map(([of, { evidence: behind }]) => [of, behind]))
  }
  return { metrics, evidence }
}
