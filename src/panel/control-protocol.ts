/**
 * What people ask of services, and what becomes of it, as the panel's server tells it: a part of protocol.ts. Times are epoch milliseconds of
 * the health Redis; what is not known is left out.
 */
import type { RequestState } from '../control/request-view.ts'
import type { ControlAction, DesiredState } from '../wire/control-request.ts'

export type { RequestState } from '../control/request-view.ts'
export type { ControlAction, DesiredState } from '../wire/control-request.ts'

/** One instance that was asked. */
export interface AskedInstance {
  readonly instance: string
  readonly state: RequestState
  /** Of its last answer. */
  readonly at?: number
  /** Why it is refused or failed, or what was done: one sentence. */
  readonly reason?: string
  /** Pieces of work in hand, while it drains. */
  readonly inHand?: number
  /** How old the oldest of them is. */
  readonly oldestSeconds?: number
}

export interface RequestRow {
  readonly id: string
  readonly action: ControlAction
  /** `null`: every instance that was there. */
  readonly instance: string | null
  readonly by: string
  readonly from: string
  readonly why: string
  readonly at: number
  /** Who has not begun with it by then never does. */
  readonly expires: number
  /** When a pause ends by itself; left out for what is no pause. */
  readonly until?: number
  readonly state: RequestState
  readonly asked: readonly AskedInstance[]
  /** So many more were asked. */
  readonly askedLeftOut?: number
  /** When the last of them had said how it ended, or nobody could any more. */
  readonly endedAt?: number
}

/** What a service or one instance of it is to be, whatever it says that it is. */
export interface DesiredRow {
  /** `null`: all of them. */
  readonly instance: string | null
  readonly state: DesiredState
  readonly by: string
  readonly why: string
  readonly at: number
  /** Until when; left out: until somebody says otherwise. */
  readonly until?: number
}

/** In a ServiceRow, where there is any of it. */
export interface ControlRow {
  /** Those that are not over, and those that ended lately; the newest first. */
  readonly requests: readonly RequestRow[]
  readonly desired: readonly DesiredRow[]
}

/** How long an action took of which all instances said that it was done. */
export interface TookRow {
  /** The last times, the newest first: at most three. Milliseconds. */
  readonly lastMs: readonly number[]
  readonly medianMs: number
  /** How many times the median is of. */
  readonly times: number
}

/** `GET api/services/<service>/control`: what one must know before one asks it anything. */
export interface ControlFacts {
  readonly took: Readonly<Partial<Record<ControlAction, TookRow>>>
  /** Of which instances (`null`: of all) nothing is left running after a stop or drain: its name must be typed then. */
  readonly nameNeededFor: readonly (string | null)[]
  /** Instances that do not run, and that can be started. */
  readonly down: readonly string[]
}

/** What an instance says of being controlled. */
export interface ControlOfInstance {
  /** What may be asked of it; left out: it says nothing, so nothing may. */
  readonly allows?: readonly ControlAction[]
  readonly inHand?: { readonly count: number; readonly oldestSeconds: number }
  /** Seconds that it may take to finish what it has in hand. */
  readonly drainLimitSeconds?: number
  /** The 99th percentile of how long a piece of its work takes. */
  readonly workP99Seconds?: number
  /** `otel-health run` started it: it can be started again. */
  readonly supervised?: true
  /** It works again after a pause, but for what it pauses itself. */
  readonly pausedInPart?: true
  /** Jobs that were in hand when the process before was killed or crashed. */
  readonly interrupted?: readonly { readonly queue: string; readonly job: string; readonly times: number }[]
}
