import type { TransitionType } from '../types.ts'
import { isToldOpen, type Overlay } from './overlay.ts'

/** Why people are not told. */
export type GateReason = 'silence' | 'inhibition' | 'flapping' | 'ack' | 'never_told'

export interface Gate {
  readonly deliver: boolean
  /** Left out where people are told. */
  readonly reason?: GateReason
}

const TELL: Gate = { deliver: true }

/**
 * Whether people are told of a transition. Who was told that it fired is told that it is resolved, whatever lies over it; who was not is not.
 * `now`: epoch milliseconds.
 */
export function gate({ type }: { readonly type: TransitionType }, overlay: Overlay, now: number): Gate {
  if (type === 'resolved') return isToldOpen(overlay) ? TELL : { deliver: false, reason: 'never_told' }
  if (type === 'silenced' || overlay.silenced.length > 0) return { deliver: false, reason: 'silence' }
  if (overlay.inhibited) return { deliver: false, reason: 'inhibition' }
  if (type === 'flapping_started' || type === 'flapping_ended') return TELL
  if (overlay.flapping) return { deliver: false, reason: 'flapping' }
  if (type === 'acked' || type === 'unacked' || type === 'ack_expired')
    return isToldOpen(overlay) ? TELL : { deliver: false, reason: 'never_told' }
  if (overlay.ack && now < overlay.ack.until) return { deliver: false, reason: 'ack' }
  return TELL
}
