/** A silence as it is listed, with the open alerts that it matches now. Pure. */
import type { SilenceView } from '../../control/silences.ts'
import { matches } from '../../overlays/matcher.ts'
import type { AlertView } from '../../wire/alert-view.ts'
import { cleanText } from '../../wire/clean-text.ts'
import type { SilenceRow } from '../protocol.ts'

/** `at`: now, epoch milliseconds of the server. */
export function silenceRow(silence: SilenceView, alerts: readonly AlertView[], at: number): SilenceRow {
  const { id, matcher, by, why, inForce, windows, repeat, endsWith } = silence
  const next = windows.find(([, until]) => until > at)
  return {
    ...{ id, matcher: cleanText(matcher), by: cleanText(by), why: cleanText(why), inForce },
    from: (next ?? windows.at(-1))?.[0] ?? 0,
    ...(next && { until: next[1] }),
    ...(repeat && { repeats: { every: cleanText(repeat.every), forSeconds: repeat.forSeconds, zone: cleanText(repeat.zone) } }),
    ...(endsWith && { endsWith: { alertId: endsWith.alertId, episode: endsWith.episode } }),
    matches: alerts.filter((alert) => matches(silence, alert)).map(({ alert_id: alertId }) => alertId),
  }
}
