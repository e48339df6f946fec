/** One episode of an alert from its first breach to its end: what was found, who was told, what people did. Pure. */
import type { AlertRow, AlertTimeline, AuditRow, RuleRow, Step } from '../protocol.ts'
import { episodeRows } from './episodes.ts'
import type { KnownTransition } from './transition-row.ts'

export interface TimelineFacts {
  /** As Redis holds it; `undefined`: it holds none any more. */
  readonly document: AlertRow | undefined
  /** Of this alert, in the order of time. */
  readonly transitions: readonly KnownTransition[]
  /** Epoch milliseconds: transitions before are not known any more. */
  readonly knownSince: number
  readonly told: readonly Extract<Step, { kind: 'told' }>[]
  /** About this alert. */
  readonly audit: readonly AuditRow[]
  /** The rule as it reads now, for how long a breach has to hold. */
  readonly rule?: Pick<RuleRow, 'forSeconds'> | undefined
}

/** `episode` left out: the newest. `undefined`: nothing is known of it. */
export function alertTimeline(facts: TimelineFacts, wanted?: number): AlertTimeline | undefined {
  const { document, transitions, knownSince } = facts
  const rows = episodeRows(transitions)
  // What was in breach for too short a time to fire is no episode.
  const isListed = document === undefined || document.state === 'inactive' || rows.some(({ episode }) => episode === document.episode)
  const own = isListed
    ? []
    : [{ episode: document.episode, from: document.since, ...(document.state === 'resolved' && { to: document.since }) }]
  const episodes = [...own, ...rows].map(({ episode, from, to }) => ({ episode, from, ...(to !== undefined && { to }) }))
  const newestFirst = episodes.toSorted((a, b) => b.episode - a.episode)
  const episode = wanted ?? newestFirst[0]?.episode
  const span = newestFirst.find((each) => each.episode === episode)
  if (episode === undefined || !span) return undefined
  const ofEpisode = transitions.filter((each) => each.episode === episode)
  const alert = document?.episode === episode ? document : asItWas(ofEpisode)
  if (!alert) return undefined
  const next = newestFirst.findLast((each) => each.episode > episode)
  return {
    ...{ alert, episode, episodes: newestFirst },
    steps: stepsOf(facts, ofEpisode, { episode, from: span.from, to: next?.from ?? Infinity }),
    cut: ofEpisode[0]?.type !== 'fired' && span.from < knownSince,
  }
}

interface Bounds {
  readonly episode: number
  readonly from: number
  /** When the next episode begins. */
  readonly to: number
}

/** What is done in one moment stands in the order of cause and effect. */
const ORDER: readonly Step['kind'][] = ['breach', 'action', 'transition', 'told']
/** Clocks of the audit and of the stream are one; actions are written a little before or after what they do. */
const NEAR_MS = 1000

function stepsOf(
  { document, told, audit, rule }: TimelineFacts,
  transitions: readonly KnownTransition[],
  { episode, from, to }: Bounds,
): readonly Step[] {
  const isOfEpisode = ({ at }: { readonly at: number }) => at >= from - NEAR_MS && at < to - NEAR_MS
  const steps: readonly Step[] = [
    ...(document?.state === 'pending' && document.episode === episode
      ? [{ kind: 'breach' as const, at: document.since, message: document.message }]
      : []),
    ...breachOf(transitions[0], rule),
    ...transitions.map(({ since: _since, ...transition }): Step => ({ kind: 'transition', at: transition.at, transition })),
    ...told.filter(isOfEpisode),
    ...audit
      .filter((each) => (each.about['episode'] === undefined ? isOfEpisode(each) : each.about['episode'] === String(episode)))
      .map((each): Step => ({ kind: 'action', at: each.at, audit: each })),
  ]
  return steps.toSorted((a, b) => a.at - b.at || ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind))
}

/** What fired had been in breach for as long as its rule wants, at least. */
function breachOf(first: KnownTransition | undefined, rule: TimelineFacts['rule']): readonly Step[] {
  if (first?.type !== 'fired' || rule?.forSeconds === undefined || rule.forSeconds <= 0) return []
  const at = first.at - rule.forSeconds * 1000
  return [
    { kind: 'breach', at, message: `In breach from here on at the latest: it had held for ${rule.forSeconds} s when the alert fired.` },
  ]
}

/** Of an episode that is over: as its last transition said it. */
function asItWas(transitions: readonly KnownTransition[]): AlertRow | undefined {
  const last = transitions.at(-1)
  if (!last) return undefined
  const { alertId: id, episode, service, rule, labels, severity, state, since, message, value } = last
  return {
    ...{ id, episode, rev: 0, service, rule, severity, state, since, message, instances: [] },
    ...(labels && { labels }),
    ...(value && { value }),
  }
}
