/** What one is told before one asks: what will happen, what is in hand, who depends on it, how long it took the last times. Pure. */
import { duration } from '../../../subscribe/duration.ts'
import type { ControlAction, ControlFacts } from '../../control-protocol.ts'
import type { InstanceRow, ServiceDetail } from '../../protocol.ts'
import { milliseconds } from '../show/figures.ts'
import { texts } from '../texts.ts'
import { liveOf } from './why-not.ts'

export interface Foreseen {
  /** Sentences. */
  readonly happens: readonly string[]
  readonly warnings: readonly string[]
}

const words = texts.control
/** Who takes on no more work first finishes what it has. */
const FINISHING: ReadonlySet<ControlAction> = new Set(['pause', 'drain', 'stop', 'restart'])
const ENDING: ReadonlySet<ControlAction> = new Set(['drain', 'stop', 'restart'])
const STAYING_DOWN: ReadonlySet<ControlAction> = new Set(['drain', 'stop'])

export function foreseen(
  action: ControlAction,
  instance: string | null,
  { instances, neededBy }: Pick<ServiceDetail, 'instances' | 'neededBy'>,
  facts: ControlFacts | undefined,
): Foreseen {
  const live = liveOf(instances).filter((row) => instance === null || row.instance === instance)
  const limit = longestLimit(live)
  const isUnsupervised = STAYING_DOWN.has(action) && live.some(({ control }) => !control?.supervised)
  return {
    happens: [
      words.happens(action, live.length, limit === undefined ? undefined : duration(1000 * limit)),
      ...(action === 'pause' && facts?.nameNeededFor.includes(instance) ? [words.nobodyWorks] : []),
      ...(isUnsupervised ? [words.unsupervised] : []),
      ...(FINISHING.has(action) ? [inHandSentence(live)] : []),
      ...(FINISHING.has(action) ? [neededBy.length > 0 ? words.affected(neededBy) : words.affectsNobody] : []),
      ...(facts ? [tookSentence(action, facts)] : []),
    ],
    warnings: ENDING.has(action) ? limitWarnings(live) : [],
  }
}

function longestLimit(live: readonly InstanceRow[]): number | undefined {
  const limits = live.flatMap(({ control }) => control?.drainLimitSeconds ?? [])
  return limits.length > 0 ? Math.max(...limits) : undefined
}

/** Where one of them does not say, nobody knows of all. */
function inHandSentence(live: readonly InstanceRow[]): string {
  const said = live.flatMap(({ control }) => control?.inHand ?? [])
  if (said.length === 0 || said.length < live.length) return words.inHandUnknown
  const count = said.reduce((sum, each) => sum + each.count, 0)
  return words.inHand(count, duration(1000 * Math.max(...said.map(({ oldestSeconds }) => oldestSeconds))))
}

function tookSentence(action: ControlAction, { took }: ControlFacts): string {
  const row = took[action]
  return row ? words.took(row.lastMs.map(milliseconds), milliseconds(row.medianMs), row.times) : words.tookUnknown
}

function limitWarnings(live: readonly InstanceRow[]): readonly string[] {
  const short = live.find(({ control }) => (control?.workP99Seconds ?? 0) > (control?.drainLimitSeconds ?? Infinity))?.control
  const late = live.find(({ control }) => (control?.inHand?.oldestSeconds ?? 0) > (control?.drainLimitSeconds ?? Infinity))?.control
  return [
    ...(short ? [words.shortLimit(milliseconds(1000 * short.workP99Seconds!), duration(1000 * short.drainLimitSeconds!))] : []),
    ...(late ? [words.longInHand(duration(1000 * late.inHand!.oldestSeconds), duration(1000 * late.drainLimitSeconds!))] : []),
  ]
}
