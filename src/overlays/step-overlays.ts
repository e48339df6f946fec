/**
 * What people are told of one alert, after it has changed, after somebody has said something of it, or only because time has passed. This is
 * the specification of the script that does the same inside Redis (src/wire/scripts/overlay.ts): a test runs both on the same histories.
 */
import { isOpen } from '../judge/alert.ts'
import type { Fold, FoldedAlert } from '../judge/fold.ts'
import type { TransitionCause, TransitionType } from '../types.ts'
import { gate } from './gate.ts'
import {
  FLAPPING_MS,
  FLAPS_END,
  FLAPS_START,
  HOLD_MS,
  INHIBITED_LOOK_MS,
  isToldOpen,
  REOPEN_MS,
  type Overlay,
  type Told,
} from './overlay.ts'

/** What a person does. `until`: epoch milliseconds. */
export type Action =
  | { readonly kind: 'ack'; readonly by: string; readonly why: string; readonly until: number }
  | { readonly kind: 'unack' | 'resolve'; readonly by: string; readonly why: string }

export interface OverlayInput {
  readonly before: FoldedAlert | undefined
  /** What the instances say. */
  readonly fold: Pick<Fold, 'after' | 'told'>
  /** An instance that is alive found a breach lately, and may find it again. */
  readonly recovering: boolean
  /** One that is alive finds a breach now. */
  readonly breaching: boolean
  readonly overlay: Overlay
  /** Ids of the silences in force that match the alert. */
  readonly silences: readonly string[]
  /** Ids of the silences that name its episode so far, and end with that. */
  readonly ending: readonly string[]
  /** Other alerts are known that may cause it. */
  readonly hasCauses: boolean
  /** One of them is open, and people are or will be told of it. */
  readonly causeIsOpen: boolean
  readonly action?: Action | undefined
  readonly now: number
}

export interface OverlayMessage {
  readonly type: TransitionType
  readonly deliver: boolean
  readonly cause: TransitionCause
  readonly actor: string | null
  readonly told: 'fired' | 'escalated' | 'resolved' | null
}

export interface OverlayStep {
  readonly after: FoldedAlert
  readonly overlay: Overlay
  readonly messages: readonly OverlayMessage[]
  /** Ids of the silences that are over with this step. */
  readonly ended: readonly string[]
  /** When something happens by itself; `undefined`: never. */
  readonly dueAt: number | undefined
}

interface Change {
  readonly type: TransitionType
  readonly cause: TransitionCause
  readonly actor?: string
  readonly told: OverlayMessage['told']
}

export function stepOverlays(input: OverlayInput): OverlayStep {
  const { before, overlay: was, now, action } = input
  const { after, change, byHand } = afterHand(input)
  const wasOpen = before !== undefined && isOpen(before)
  const open = isOpen(after)
  const flaps = was.flaps.filter((at) => now - at < FLAPPING_MS)
  const hold = holdOf(input, after, change, wasOpen)
  const endsFlapping = was.flapping && flaps.length < FLAPS_END
  const messages: OverlayMessage[] = []
  let overlay: Overlay = {
    ...was,
    byHand,
    flaps,
    heldUntil: hold.until,
    silenced: input.silences,
    inhibited: input.causeIsOpen,
    flapping: was.flapping && !endsFlapping,
  }

  const tell = (said: Change): void => {
    const { deliver } = gate(said, overlay, now)
    messages.push({ type: said.type, deliver, cause: said.cause, actor: said.actor ?? null, told: said.told })
    if (!deliver) return
    const told = toldBy(said.type, overlay, after)
    if (told) overlay = { ...overlay, told, toldSeverity: after.severity }
  }
  const end = (type: 'unacked' | 'ack_expired', actor?: string): void => {
    overlay = { ...overlay, ack: undefined }
    tell({ type, cause: actor === undefined ? 'condition' : 'manual', ...(actor !== undefined && { actor }), told: null })
  }

  if (endsFlapping) tell({ type: 'flapping_ended', cause: 'condition', told: null })
  if (!open) overlay = { ...overlay, ack: undefined }
  if (overlay.ack && now >= overlay.ack.until) end('ack_expired')
  if (overlay.ack && before?.severity === 'WARNING' && after.severity === 'CRITICAL') end('unacked')
  if (open && action?.kind === 'ack') {
    overlay = { ...overlay, ack: { by: action.by, why: action.why, at: now, until: action.until } }
    tell({ type: 'acked', cause: 'manual', actor: action.by, told: null })
  }
  if (overlay.ack && action?.kind === 'unack') end('unacked', action.by)
  const isNewlySilenced = wasOpen && open && was.silenced.length === 0 && overlay.silenced.length > 0
  if (isNewlySilenced && was.heldUntil === undefined) tell({ type: 'silenced', cause: 'silence', told: null })
  if (hold.change) {
    tell(hold.change)
    if (hold.change.type === 'resolved') overlay = { ...overlay, flaps: [...overlay.flaps, now].slice(-FLAPS_START) }
  }
  if (!overlay.flapping && overlay.flaps.length >= FLAPS_START) {
    overlay = { ...overlay, flapping: true }
    tell({ type: 'flapping_started', cause: 'condition', told: null })
  }
  if (open && hold.until === undefined && isUntrue(overlay, after)) {
    const { told } = overlay
    const { deliver } = gate({ type: 'updated' }, overlay, now)
    if (deliver) tell({ type: 'updated', cause: liftedOf(was, overlay), told: told === 'nothing' ? null : told })
  }
  if (!open) overlay = { ...overlay, silenced: [], inhibited: false }
  return { after, overlay, messages, ended: wasOpen && !open ? input.ending : [], dueAt: dueAtOf(overlay, now) }
}

/** What a person said to be over stays so for a while, and until it is seen to be in breach; when all instances find it well it is over indeed. */
function afterHand(input: OverlayInput): {
  readonly after: FoldedAlert
  readonly change: Change | undefined
  readonly byHand: Overlay['byHand']
} {
  const { before, fold, overlay, action, now, recovering, breaching } = input
  let { after } = fold
  let change: Change | undefined = fold.told
  let { byHand } = overlay
  if (byHand && before) {
    if (!isOpen(after)) byHand = recovering ? byHand : undefined
    else if (now - byHand.at < REOPEN_MS || !breaching) [after, change] = [before, undefined]
    else {
      after = { ...after, episode: before.episode, since: now }
      change = { type: 'reopened', cause: 'condition', told: null }
      byHand = undefined
    }
  }
  if (action?.kind === 'resolve' && isOpen(after)) {
    after = { ...after, state: 'resolved', since: now }
    change = { type: 'resolved', cause: 'manual', actor: action.by, told: null }
    byHand = { by: action.by, why: action.why, at: now }
  }
  return { after, change, byHand }
}

/** What may have been caused by another alert is told when it has been waited for that one. */
function holdOf(
  { overlay: { heldUntil }, hasCauses, causeIsOpen, now }: OverlayInput,
  after: FoldedAlert,
  change: Change | undefined,
  wasOpen: boolean,
): { readonly until: number | undefined; readonly change: Change | undefined } {
  if (!isOpen(after)) return { until: undefined, change }
  if (!wasOpen && change?.type === 'fired' && hasCauses && !causeIsOpen) return { until: now + HOLD_MS, change: undefined }
  if (heldUntil === undefined) return { until: undefined, change }
  if (now < heldUntil) return { until: heldUntil, change: undefined }
  return { until: undefined, change: { type: 'fired', cause: 'condition', told: null } }
}

/** What people believe once they have been told; `undefined`: as before. */
function toldBy(type: TransitionType, overlay: Overlay, { severity }: FoldedAlert): Told | undefined {
  switch (type) {
    case 'resolved':
      return 'resolved'
    case 'fired':
    case 'reopened':
    case 'deescalated':
      return 'fired'
    case 'escalated':
      return 'escalated'
    case 'updated':
    case 'unknown':
      if (!isToldOpen(overlay)) return 'fired'
      if (severity === overlay.toldSeverity) return overlay.told
      return severity === 'CRITICAL' ? 'escalated' : 'fired'
    default:
      return undefined
  }
}

function isUntrue(overlay: Overlay, { severity }: FoldedAlert): boolean {
  return !isToldOpen(overlay) || overlay.toldSeverity !== severity
}

function liftedOf(was: Overlay, is: Overlay): TransitionCause {
  if (was.silenced.length > 0 && is.silenced.length === 0) return 'silence'
  if (was.inhibited && !is.inhibited) return 'inhibition'
  if (was.flapping && !is.flapping) return 'flapping'
  return was.ack && !is.ack ? 'ack' : 'condition'
}

function dueAtOf({ ack, byHand, heldUntil, inhibited, flapping, flaps }: Overlay, now: number): number | undefined {
  const times = [
    ack?.until,
    heldUntil,
    byHand && byHand.at + REOPEN_MS > now ? byHand.at + REOPEN_MS : undefined,
    inhibited ? now + INHIBITED_LOOK_MS : undefined,
    flapping ? (flaps.at(-FLAPS_END) ?? now - FLAPPING_MS) + FLAPPING_MS : undefined,
  ].filter((at) => at !== undefined)
  return times.length === 0 ? undefined : Math.min(...times)
}
