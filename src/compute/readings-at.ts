/** What was in windows as of one instant, of all series or of those with one value of an attribute. */
import type {
  CountsReading,
  CountsSelector,
  DistributionReading,
  DistributionSelector,
  EventsReading,
  EventsSelector,
  FallsSelector,
  LastReading,
  LastSeenSelector,
  LevelSelector,
  Quantile,
  Readings,
  Selector,
  StateSelector,
  TimeAboveSelector,
} from '../types.ts'
import { CountsAt } from './counts-at.ts'
import type { Group } from './group.ts'
import type { KeeperOf } from './keeper.ts'
import { levelOf, lastReading } from './level.ts'
import { quantile } from './quantile.ts'

const NOTHING_COUNTED: CountsReading = { grew: () => 0, reachSeconds: 0 }

/** Who has what is kept. */
export interface Keeping {
  /** Throws if nobody asked to keep it. `undefined` if it is kept, but not of this group. */
  keeper<K extends Selector['kind']>(group: Group | undefined, selector: Extract<Selector, { kind: K }>): KeeperOf<K> | undefined
  group(by: string, value: string): Group | undefined
  groups(by: string, selectors: readonly Selector[]): readonly string[]
  coveredSeconds(windowSeconds: number, now: number): number
}

/** One object of a class, not of closures: it is made for every change of a state, on the way to its alert. */
export class ReadingsAt implements Readings {
  readonly #keeping: Keeping
  readonly #now: number
  /** `undefined`: nothing of it was ever seen. */
  readonly #group: Group | undefined
  /** The last one that was asked for: a rule about a quantile asks how many values there are as well. */
  #distribution: DistributionReading | undefined
  #distributionOf: DistributionSelector | undefined

  constructor(keeping: Keeping, now: number, group: Group | undefined) {
    this.#keeping = keeping
    this.#now = now
    this.#group = group
  }

  events(selector: EventsSelector, windowSeconds: number): EventsReading {
    const keeper = this.#keeping.keeper(this.#group, selector)
    const count = keeper ? keeper.pushed - keeper.start.of(keeper.ring, windowSeconds, this.#now) : 0
    // Of what was counted as no number (NaN, Infinity) no part of the window is known.
    return Number.isFinite(count)
      ? { count, windowSeconds, coveredSeconds: this.coveredSeconds(windowSeconds) }
      : { count: 0, windowSeconds, coveredSeconds: 0 }
  }

  distribution(selector: DistributionSelector, windowSeconds: number): DistributionReading {
    const last = this.#distribution
    if (last && last.windowSeconds === windowSeconds && this.#distributionOf === selector) return last
    this.#distributionOf = selector
    return (this.#distribution = this.#distributionIn(this.#keeping.keeper(this.#group, selector), windowSeconds))
  }

  #distributionIn(keeper: KeeperOf<'distribution'> | undefined, windowSeconds: number): DistributionReading {
    const coveredSeconds = this.coveredSeconds(windowSeconds)
    if (!keeper || keeper.totals.length === 0) return { count: 0, sum: 0, bounds: [], counts: [], windowSeconds, coveredSeconds }
    const { ring, bounds, pushed } = keeper
    const starts = keeper.starts.of(ring, pushed.length, windowSeconds, this.#now)
    const counts: number[] = []
    let count = 0
    for (let bucket = 0; bucket <= bounds.length; bucket++) {
      const n = pushed[bucket]! - starts[bucket]!
      counts.push(n)
      count += n
    }
    const sum = pushed[bounds.length + 1]! - starts[bounds.length + 1]!
    if (!Number.isFinite(count) || !Number.isFinite(sum))
      return { count: 0, sum: 0, bounds: [], counts: [], windowSeconds, coveredSeconds: 0 }
    return { count, sum, bounds, counts, windowSeconds, coveredSeconds }
  }

  quantile(selector: DistributionSelector, q: number, windowSeconds: number): Quantile | undefined {
    const { bounds, counts } = this.distribution(selector, windowSeconds)
    return quantile(q, bounds, counts)
  }

  level(selector: LevelSelector): LastReading<number> | undefined {
    const keeper = this.#keeping.keeper(this.#group, selector)
    return keeper && levelOf(keeper, this.#now)
  }

  state(selector: StateSelector): LastReading<string> | undefined {
    const keeper = this.#keeping.keeper(this.#group, selector)
    return keeper?.value === undefined ? undefined : lastReading(keeper.value, keeper.setAt, selector.staleAfterSeconds, this.#now)
  }

  timeAbove(selector: TimeAboveSelector, windowSeconds: number): { readonly seconds: number; readonly coveredSeconds: number } {
    const ring = this.#keeping.keeper(this.#group, selector)?.ring
    if (!ring) return { seconds: 0, coveredSeconds: 0 }
    return { seconds: ring.growth(0, windowSeconds, this.#now) / 1000, coveredSeconds: ring.growth(1, windowSeconds, this.#now) / 1000 }
  }

  falls(selector: FallsSelector, windowSeconds: number): { readonly times: number; readonly amount: number } {
    const ring = this.#keeping.keeper(this.#group, selector)?.ring
    if (!ring) return { times: 0, amount: 0 }
    return { times: ring.growth(0, windowSeconds, this.#now), amount: ring.growth(1, windowSeconds, this.#now) }
  }

  lastSeenSeconds(selector: LastSeenSelector): number | undefined {
    const at = this.#keeping.keeper(this.#group, selector)?.at
    return at === undefined ? undefined : Math.max(0, this.#now - at) / 1000
  }

  counts(selector: CountsSelector): CountsReading {
    let counts = this.#group?.counts.get(selector)
    if (!counts) {
      const keeper = this.#keeping.keeper(this.#group, selector)
      if (!keeper) return NOTHING_COUNTED
      counts = new CountsAt(keeper)
      this.#group!.counts.set(selector, counts)
    }
    return counts.asOf(this.#now)
  }

  coveredSeconds(windowSeconds: number): number {
    return this.#keeping.coveredSeconds(windowSeconds, this.#now)
  }

  groups(by: string, selectors: readonly Selector[]): readonly string[] {
    return this.#keeping.groups(by, selectors)
  }

  within(by: string, value: string): Readings {
    return new ReadingsAt(this.#keeping, this.#now, this.#keeping.group(by, value))
  }
}
