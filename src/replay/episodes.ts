/** Alerts from their beginning to their end, as a replay has them and as people were told of them. */
import { isOpen } from '../judge/alert.ts'
import type { Attributes, Severity } from '../types.ts'
import type { AlertMessage } from '../wire/alert-message.ts'

export interface Episode {
  readonly rule: string
  readonly labels?: Attributes | undefined
  /** The worst. */
  readonly severity: Severity
  /** Epoch milliseconds. */
  readonly from: number
  /** `undefined`: it was still open at the end. */
  readonly until: number | undefined
  readonly message: string
}

/** Of transitions in the order of time. `from`: what was over before is left out. */
export function episodesTold(messages: readonly AlertMessage[], from: number): readonly Episode[] {
  const byEpisode = new Map<string, Episode>()
  for (const { alert_id: id, episode, rule, labels, severity, state, since, message, type, timestamp } of messages) {
    const key = `${id} ${episode}`
    const known = byEpisode.get(key)
    const isOver = !isOpen({ state })
    const said = type === 'fired' || type === 'escalated' || known === undefined
    byEpisode.set(key, {
      rule,
      labels,
      severity: known?.severity === 'CRITICAL' ? 'CRITICAL' : severity,
      from: known?.from ?? Date.parse(type === 'fired' ? timestamp : since),
      until: isOver ? Date.parse(timestamp) : undefined,
      message: said ? message : known.message,
    })
  }
  return [...byEpisode.values()].filter(({ until }) => until === undefined || until >= from)
}

/** A minute of the history, and one until something has held for long enough. Milliseconds. */
const APART = 120_000

/** Whether both are about the same, at the same time give or take two minutes. */
export function isSame(a: Episode, b: Episode): boolean {
  if (a.rule !== b.rule || labelText(a) !== labelText(b)) return false
  return a.from <= (b.until ?? Infinity) + APART && b.from <= (a.until ?? Infinity) + APART
}

/** `mailer`, `queue=hot, region=eu`; empty if there is none. */
export function labelText({ labels = {} }: Pick<Episode, 'labels'>): string {
  return Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')
}
