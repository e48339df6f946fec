/** Why something cannot be asked of a service now, whoever asks. The services say the last word; this spares people from asking. Pure. */
import type { ControlAction, ControlRow } from '../../control-protocol.ts'
import type { InstanceRow } from '../../protocol.ts'
import { texts } from '../texts.ts'

const words = texts.control.not

export interface Controlled {
  readonly service: string
  /** That it is about, whether they run or not. */
  readonly instances: readonly InstanceRow[]
  readonly control?: ControlRow | undefined
  /** Those of it that do not run, and that can be started. */
  readonly down?: readonly string[]
  /** Whether services are controlled from this panel at all. */
  readonly isOn: boolean
}

/** Those that are there. */
export function liveOf(instances: readonly InstanceRow[]): readonly InstanceRow[] {
  return instances.filter(({ phase }) => phase !== undefined && phase !== 'stopped')
}

/** `undefined`: it can be asked. */
export function whyNot(action: ControlAction, controlled: Controlled): string | undefined {
  const { service, instances, isOn } = controlled
  if (!isOn) return words.off
  const live = liveOf(instances)
  if (action === 'start') return canStart(controlled) ? undefined : live.length > 0 ? words.runs : words.gone
  if (live.length === 0) return words.gone
  const allowed = allowedBy(live)
  if (allowed.length === 0) return words.none(service)
  if (!allowed.includes(action)) return words.only(service, allowed)
  if (action === 'restart' && !live.some(({ control }) => control?.supervised)) return words.unsupervised
  if (action === 'resume' && !canResume(controlled)) return words.takesOnWork
  return undefined
}

/** Whether any of them allows anything, or could be started. */
export function isControllable(controlled: Controlled): boolean {
  return allowedBy(liveOf(controlled.instances)).length > 0 || (liveOf(controlled.instances).length === 0 && canStart(controlled))
}

function allowedBy(instances: readonly InstanceRow[]): readonly ControlAction[] {
  return [...new Set(instances.flatMap(({ control }) => control?.allows ?? []))]
}

/** What is stopped on request and not supervised comes back paused. */
function canStart({ instances, control, down = [] }: Controlled): boolean {
  return (
    down.length > 0 ||
    instances.some(({ phase }) => phase === 'stopped' || phase === 'paused') ||
    (control?.desired.some(({ state }) => state === 'stopped') ?? false)
  )
}

function canResume({ instances, control }: Controlled): boolean {
  const isAsked = control?.requests.some(({ state, action }) => (state === 'waiting' || state === 'under way') && HOLDING.has(action))
  const isHeld = ({ phase, control: own }: InstanceRow) => phase === 'paused' || phase === 'draining' || own?.pausedInPart === true
  return liveOf(instances).some(isHeld) || (control?.desired.length ?? 0) > 0 || isAsked === true
}

/** What a resume calls off. */
export const HOLDING: ReadonlySet<ControlAction> = new Set(['pause', 'drain', 'restart'])
