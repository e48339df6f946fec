/** What lies over an alert, as its document and messages show it. */
import { isFields, isListOf, isText, isTime } from './fields.ts'

export interface OverlaysView {
  /** Somebody looks after it. */
  readonly ack?: { readonly by: string; readonly why: string; readonly at: string; readonly until: string }
  /** Somebody said that it is over. */
  readonly resolved_by_hand?: { readonly by: string; readonly why: string; readonly at: string }
  /** It is new, and until then it is waited for what may have caused it. */
  readonly held_until?: string
  /** Ids of the silences that lie over it. */
  readonly silenced?: readonly string[]
  /** What may have caused it is open as well. */
  readonly inhibited?: true
  readonly flapping?: true
}

/** Of an alert that came from anywhere: what is not as it should be is left out. */
export function overlaysOf(alert: object): OverlaysView {
  const overlays = (alert as { readonly overlays?: unknown }).overlays
  if (!isFields(overlays)) return {}
  const { ack, resolved_by_hand: byHand, held_until: held, silenced, inhibited, flapping } = overlays
  return {
    ...(isSaid(ack) && isTime(ack['until']) && { ack: ack as unknown as NonNullable<OverlaysView['ack']> }),
    ...(isSaid(byHand) && { resolved_by_hand: byHand as unknown as NonNullable<OverlaysView['resolved_by_hand']> }),
    ...(isTime(held) && { held_until: held }),
    ...(isListOf(silenced, isText) && silenced.length > 0 && { silenced }),
    ...(inhibited === true && { inhibited }),
    ...(flapping === true && { flapping }),
  }
}

/** Whether people are not told of what it does now: an acknowledged alert is one they know. */
export function isQuiet(alert: object): boolean {
  const { overlays } = alert as { readonly overlays?: unknown }
  return isFields(overlays) && ['silenced', 'inhibited', 'flapping', 'held_until'].some((name) => Boolean(overlays[name]))
}

function isSaid(value: unknown): value is Readonly<Record<string, unknown>> {
  return isFields(value) && isText(value['by']) && isText(value['why']) && isTime(value['at'])
}
