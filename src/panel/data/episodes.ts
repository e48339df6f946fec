/** Alerts from their beginning to their end, out of transitions. Pure. */
import { isOpen } from '../../judge/alert.ts'
import type { AlertState } from '../../types.ts'
import type { EpisodeRow, Span } from '../protocol.ts'
import type { KnownTransition } from './transition-row.ts'

/** `transitions`: in the order of time. Of one service, or of all; the newest first. */
export function episodeRows(transitions: Iterable<KnownTransition>): readonly (EpisodeRow & { readonly service: string })[] {
  const rows = new Map<string, EpisodeRow & { readonly service: string }>()
  for (const { alertId, episode, service, rule, labels, severity, state, since, at, type, message } of transitions) {
    const key = `${alertId} ${episode}`
    const known = rows.get(key)
    const isNews = !known || type === 'fired' || type === 'escalated'
    rows.set(key, {
      ...{ alertId, episode, service, rule },
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
