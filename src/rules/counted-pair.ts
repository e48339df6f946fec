/** The two counts that a rule about a share, or about a throughput, goes by: what simulation and replay give it in place of a service. */
import type { EventsSelector, LevelSelector, Rule, TimeAboveSelector } from '../types.ts'
import type { RuleData } from './rule-data.ts'

export interface CountedPair {
  readonly all: EventsSelector
  /** `TimeAboveSelector`: the time in which work was owed. */
  readonly some: EventsSelector | TimeAboveSelector
  /** What is counted in `some`; `owed`: milliseconds. */
  readonly someAre: 'bad' | 'good' | 'owed'
}

/** `undefined` if it goes by something else. `reading`: of the rule as it was said. */
export function countedPair(
  { needs, limits }: Pick<Rule, 'needs' | 'limits'>,
  reading?: RuleData['when']['reading'],
): CountedPair | undefined {
  const counts = needs.find((selector) => selector.kind === 'counts')
  const [first, second, ...more] = needs
  // Plain shares ask for two windows of events, those that are meant first.
  const isPlainShare = first?.kind === 'events' && second?.kind === 'events' && more.length === 0
  const [all, some] = counts ? counts.of : isPlainShare ? [second, first] : []
  if (all?.kind !== 'events' || some === undefined) return undefined
  if (some.kind === 'time_above') return { all, some, someAre: 'owed' }
  // A success rate has its limit below as well, and counts those that failed.
  return { all, some, someAre: reading === 'ratio' && limits?.breach === 'below' ? 'good' : 'bad' }
}

/** Whether an events selector of the rule means those of `some`. It may count the same in other units: attempts beside batches. */
export function isOfSome(selector: EventsSelector, { all, some }: CountedPair): boolean {
  if (selector === some) return true
  return selector !== all && conditionsOf(selector) > conditionsOf(all)
}

/** Whether it is the level that says that work is owed; another one says nothing of the past. */
export function isOwed(selector: LevelSelector, { some }: CountedPair): boolean {
  return some.kind === 'time_above' && some.level === selector
}

function conditionsOf({ where }: EventsSelector): number {
  return where ? Object.keys(where).length : 0
}
