/** Whether a request is carried out. Pure. */
import type { ControlAction, ControlRequest, DesiredState } from '../wire/control-request.ts'
import { clockTime } from './clock-time.ts'

export interface OwnState {
  readonly instance: string
  /** What people may ask of it. */
  readonly allow: readonly ControlAction[]
  /** Epoch milliseconds of the server. */
  readonly now: number
  /** What it is doing because somebody asked. */
  readonly underWay: ControlRequest | undefined
  /** It has been asked to end, by whomever, and there is no way back. */
  readonly isEnding: boolean
  /** What it is held at; `undefined`: it works. */
  readonly held: DesiredState | undefined
  /** It works, but for what it pauses itself and could not let go on. */
  readonly isPausedInPart: boolean
  /** Whether any of its work can be paused. */
  readonly canPause: boolean
  /** Whether it is seen when work begins and ends. */
  readonly seesWork: boolean
  /** Whether a supervisor starts it again when it ends. */
  readonly isRestarted: boolean
}

/** `nothing`: it is for another instance. `reason`: a sentence. */
export type Decision = { readonly does: 'run' } | { readonly does: 'nothing' } | { readonly does: 'refuse'; readonly reason: string }

export function decide(request: ControlRequest, own: OwnState): Decision {
  if (request.instance !== null && request.instance !== own.instance) return { does: 'nothing' }
  const reason = whyNot(request, own)
  return reason === undefined ? { does: 'run' } : { does: 'refuse', reason }
}

function whyNot(request: ControlRequest, own: OwnState): string | undefined {
  const { action, expires, until } = request
  if (!own.allow.includes(action)) return `${action} is not allowed here: add it to control.allow in health.config`
  if (own.now > expires) return `it came too late: nobody was to begin with it after ${clockTime(expires, own.now)}`
  if (until !== null && own.now >= until) return `the pause is over already: it was to end at ${clockTime(until, own.now)}`
  if (own.isEnding) return 'this process is ending already'
  return whyNotBeside(action, own.underWay) ?? whyNotHere(action, own)
}

/** What a resume calls off. */
const CALLED_OFF: readonly ControlAction[] = ['pause', 'drain', 'restart']

/** One thing at a time; who is to stop stops. */
function whyNotBeside(action: ControlAction, underWay: ControlRequest | undefined): string | undefined {
  if (!underWay) return undefined
  if (action === 'resume' && CALLED_OFF.includes(underWay.action)) return undefined
  return `a ${underWay.action} that ${underWay.actor} asked for is under way (${underWay.id})`
}

function whyNotHere(
  action: ControlAction,
  { underWay, held, isPausedInPart, canPause, seesWork, isRestarted }: OwnState,
): string | undefined {
  if (action === 'resume' && held === undefined && !isPausedInPart && !underWay) return 'it is not paused'
  if (action === 'start' && held !== 'stopped') return 'it runs already'
  if (action === 'restart' && !isRestarted)
    return 'nothing would start this process again: have it started by `otel-health run -- <command>`'
  if ((action === 'pause' || action === 'drain') && !canPause)
    return 'nothing in this process can be paused: no worker of BullMQ, Bull, Bee-Queue or pg-boss runs in its main thread; name what takes its work in control.holds of health.config, or give it control.onPause'
  if ((action === 'drain' || action === 'restart') && !seesWork)
    return 'nobody sees when work begins and ends in this process, so that it can never be said that none is in hand: name what does the work in methods of health.config, or ask for a stop, which does not wait'
  return undefined
}
