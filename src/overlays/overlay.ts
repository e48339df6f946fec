/** What lies over an alert and says whether people are told of it. It never changes what the alert is. Times are epoch milliseconds of the server. */
import type { Severity } from '../types.ts'

/** Somebody looks after the alert. */
export interface Ack {
  readonly by: string
  readonly why: string
  readonly at: number
  readonly until: number
}

/** Somebody said that the alert is over. */
export interface ByHand {
  readonly by: string
  readonly why: string
  readonly at: number
}

/** What people were told last of the alert: that it is open, or over, or nothing yet. */
export type Told = 'nothing' | 'fired' | 'escalated' | 'resolved'

export interface Overlay {
  readonly told: Told
  /** With which severity; of no matter while nothing is told. */
  readonly toldSeverity: Severity
  readonly ack?: Ack | undefined
  readonly byHand?: ByHand | undefined
  /** Until then it is waited for what may have caused it, and nothing is published. */
  readonly heldUntil?: number | undefined
  /** Ids of the silences that lie over it. */
  readonly silenced: readonly string[]
  /** What may have caused it is open as well. */
  readonly inhibited: boolean
  readonly flapping: boolean
  /** When it was resolved in the last hour, the oldest first; the last four. */
  readonly flaps: readonly number[]
}

export const NO_OVERLAY: Overlay = { told: 'nothing', toldSeverity: 'WARNING', silenced: [], inhibited: false, flapping: false, flaps: [] }

/** Unless somebody says otherwise an acknowledgement ends after this. Milliseconds. */
export const ACK_MS = 4 * 3_600_000
/** A new alert that another may have caused is held so long. Milliseconds. */
export const HOLD_MS = 20_000
/** What was resolved by hand and is still in breach after this is open again. Milliseconds. */
export const REOPEN_MS = 15 * 60_000
/** So many times fired and resolved within `FLAPPING_MS` is flapping; fewer than `FLAPS_END` ends it. */
export const FLAPS_START = 4
export const FLAPS_END = 2
export const FLAPPING_MS = 3_600_000
/** An inhibited alert is looked at so often, for its cause may be over. Milliseconds. */
export const INHIBITED_LOOK_MS = 2000

/** Whether people were told that it is open, and not that it is over. */
export function isToldOpen({ told }: Pick<Overlay, 'told'>): boolean {
  return told === 'fired' || told === 'escalated'
}
