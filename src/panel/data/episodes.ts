/** Alerts from their beginning to their end, out of transitions. Pure. */
import { isOpen } from '../../judge/alert.ts'
import type { AlertState } from '../../types.ts'
import type { EpisodeRow, Span } from '../protocol.ts'
import type { Tail } from './transition-tail.ts'
import type { KnownTransition } from './transition-row.ts'

/** Those of one service, the newest first. */
export function episodesOf({ transitions }: Pick<Tail, 'transitions'>, service: string): readonly EpisodeRow[] {
  return episodeRows(byService(transitions).get(service) ?? [])
}

/** By the list itself: whoever asks for many services does not go through all transitions for each. */
const BY_SERVICE = new WeakMap<readonly KnownTransition[], ReadonlyMap<string, readonly KnownTransition[]>>()

function byService(transitions: readonly KnownTransition[]): ReadonlyMap<string, readonly KnownTransition[]> {
  const known = BY_SERVICE.get(transitions)
  if (known) return known
  const grouped = Map.groupBy(transitions, ({ service }) => service)
  BY_SERVICE.set(transitions, grouped)
  return grouped
}

/** `transitions`: in the order of time. The newest episode first. */
export function episodeRows(transitions: readonly KnownTransition[]): readonly EpisodeRow[] {
  const rows = new Map<string, EpisodeRow>()
  for (const { alertId, episode, rule, labels, severity, state, since, at, type, message } of transitions) {
    const key = `${alertId} ${episode}`
    const known = rows.get(key)
    const isNews = !known || type === 'fired' || type === 'escalated'
    rows.set(key, {
      ...{ alertId, episode, rule },
      ...(labels && { labels }),
      severity: known?.severity === 'CRITICAL' ? 'CRITICAL' : severity,
      from: Math.min(known?.from ?? Infinity, type === 'fired' ? at : since),
      ...(!isOpen({ state: state as AlertState }) && { to: at }),
      message: isNews ? message : known.message,
    })
  }
  return [...rows.values()].toSorted((a, b) => b.from - a.from)
}

export function spanOf({ alertId, episode, rule, labels, severity, from, to }: EpisodeRow): Span {
  return { alertId, episode, rule, ...(labels && { labels }), severity, from, ...(to !== undefined && { to }) }
}
