import type { Series } from '../types.ts'
import type { Keeper } from './keeper.ts'

/**
 * Who keeps something of a series: found out once for each. A collection gives mostly the series of the one before, in the same order, so
 * that they are found by their place, without a look-up for each.
 */
export class Listeners {
  readonly #find: (series: Series, now: number) => readonly Keeper[]
  readonly #found = new Map<Series, readonly Keeper[]>()
  /** The series of the last collection, and at the same places who keeps something of them. */
  readonly #series: Series[] = []
  readonly #keepers: (readonly Keeper[])[] = []

  /** `find`: asked for every series that was not there before. `now` in milliseconds on the monotonic clock. */
  constructor(find: (series: Series, now: number) => readonly Keeper[]) {
    this.#find = find
  }

  /** `place`: that of the series in its collection. Places are asked for in order, from 0. */
  at(place: number, series: Series, now: number): readonly Keeper[] {
    if (this.#series[place] === series) return this.#keepers[place]!
    this.#series[place] = series
    return (this.#keepers[place] = this.of(series, now))
  }

  of(series: Series, now: number): readonly Keeper[] {
    const known = this.#found.get(series)
    if (known) return known
    const keepers = this.#find(series, now)
    this.#found.set(series, keepers)
    return keepers
  }
}
