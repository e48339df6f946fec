/** What a selector is made of, and when two of them say the same. */
import type { CountsSelector, FallsSelector, Selector, TimeAboveSelector } from '../types.ts'

/** Of series, not of other selectors. */
export type DirectSelector = Exclude<Selector, TimeAboveSelector | FallsSelector | CountsSelector>

/** A selector, after those that it is made of. */
export function withParts(selector: Selector): readonly Selector[] {
  if (selector.kind === 'time_above') return [selector.level, ...(selector.unless ? [selector.unless] : []), selector]
  if (selector.kind === 'falls') return [selector.level, selector]
  return selector.kind === 'counts' ? [...selector.of.flatMap(withParts), selector] : [selector]
}

export function isMadeOfOthers(selector: Selector): selector is TimeAboveSelector | FallsSelector | CountsSelector {
  return selector.kind === 'time_above' || selector.kind === 'falls' || selector.kind === 'counts'
}

/** What two selectors that say the same have in common. */
export function keyOf(selector: Selector): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted)
    return typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, each]) => each !== undefined)
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, each]) => [name, sorted(each)]),
        )
      : value
  }
  return JSON.stringify(sorted(selector))
}
