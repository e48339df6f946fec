/**
 * Keeps of the samples what rules and figures select, and answers what was in a window. A selector has one ring whatever the number of
 * series it adds up, and with `by` one more for each value of that attribute; series that nobody selects cost one look-up per collection.
 */
import type {
  DistributionReading,
  DistributionSelector,
  EventsReading,
  EventsSelector,
  LastReading,
  LastSeenSelector,
  LevelSelector,
  Quantile,
  Readings,
  Sample,
  Selector,
  Series,
  StateSelector,
  TimeAboveSelector,
  Wanted,
} from '../types.ts'
import type { Keeper, KeeperOf } from './keeper.ts'
import { addSample, beginCollection, createKeeper, endCollection, levelOf, lastReading } from './keeper.ts'
import { matches } from './matches.ts'
import { quantile } from './quantile.ts'
import { Ring } from './ring.ts'

/** Two collections further apart than this, and than three ticks, have a suspended or blocked process between them. Milliseconds. */
const LEAST_GAP_MS = 30_000

/** Values of an attribute that are told apart; those of further series are one, called `_OTHER`. */
const MOST_GROUPS = 50
const OTHER = '_OTHER'

/** What is kept of the series that have one value of an attribute, or of all. */
class Group {
  readonly keepers = new Map<string, Keeper>()
  /** The same by the objects that asked for them. */
  readonly asked = new Map<Selector, Keeper | undefined>()
}

export class Windows {
  readonly #longestGapMs: number
  readonly #selectors: readonly Wanted[]
  readonly #all = new Group()
  /** By attribute, then by its value. */
  readonly #groups = new Map<string, Map<string, Group>>()
  /** Of each selector, by the object and so by whoever holds it. */
  readonly #keys = new Map<Selector, string>()
  readonly #listeners = new Map<Series, readonly Keeper[]>()
  #keepers: readonly Keeper[] = []
  readonly #covered: Ring
  #coveredMs = 0
  #lastAt: number
  /** Attributes that had more values than are told apart. */
  readonly overflowing = new Set<string>()

  /** `now`: milliseconds on the monotonic clock. */
  constructor(wanted: readonly Wanted[], now: number, tickSeconds: number = 1) {
    this.#lastAt = now
    this.#longestGapMs = Math.max(LEAST_GAP_MS, 3000 * tickSeconds)
    this.#covered = new Ring(1, now)
    // What a time above a level is measured by is kept as well, and before it.
    this.#selectors = wanted.flatMap((each) =>
      each.selector.kind === 'time_above' ? [{ ...each, selector: each.selector.level }, each] : [each],
    )
    for (const { selector, by } of this.#selectors) {
      this.#keys.set(selector, keyOf(selector))
      this.#keep(this.#all, selector, now)
      if (by !== undefined && !this.#groups.has(by)) this.#groups.set(by, new Map())
    }
    this.#listKeepers()
  }

  /**
   * Takes the samples of one collection. `running` is false while the service is paused: that time is not covered,
   * nor is a gap too long to have been watched.
   */
  ingest(samples: readonly Sample[], now: number, running: boolean): void {
    const elapsed = now - this.#lastAt
    const covered = running && elapsed <= this.#longestGapMs ? elapsed : 0
    this.#lastAt = now
    this.#coveredMs += covered
    this.#covered.push([this.#coveredMs], now)

    for (const keeper of this.#keepers) beginCollection(keeper)
    for (const sample of samples) for (const keeper of this.#listenersOf(sample.series, now)) addSample(keeper, sample)
    for (const keeper of this.#keepers) endCollection(keeper, now, covered)
  }

  /**
   * Takes samples of state metrics between two collections, so that a change can be judged at once and alone. Rings and
   * levels wait for the next collection.
   */
  observeStates(samples: readonly Sample[], now: number): void {
    for (const sample of samples) {
      for (const keeper of this.#listenersOf(sample.series, now)) if (keeper.kind === 'state') addSample(keeper, sample)
    }
  }

  /** The readings as of `now`, which must not be before the last collection. */
  readings(now: number): Readings {
    return new ReadingsAt(this, now, this.#all)
  }

  /** Throws if nobody asked to keep it. `undefined` if it is kept, but not of this group. */
  keeper<K extends Selector['kind']>(group: Group | undefined, selector: Extract<Selector, { kind: K }>): KeeperOf<K> | undefined {
    const known = group?.asked.get(selector)
    if (known) return known as KeeperOf<K>
    let key = this.#keys.get(selector)
    if (key === undefined) {
      // Said in other words, or by an object of its own.
      key = keyOf(selector)
      if (!this.#all.keepers.has(key)) throw new Error(`A rule or figure reads ${key}, which it does not name in what it needs.`)
      this.#keys.set(selector, key)
    }
    const keeper = group?.keepers.get(key)
    group?.asked.set(selector, keeper)
    return keeper as KeeperOf<K> | undefined
  }

  group(by: string, value: string): Group | undefined {
    return this.#groups.get(by)?.get(value)
  }

  groups(by: string, selectors: readonly Selector[]): readonly string[] {
    const keys = selectors.map((selector) => this.#keys.get(selector) ?? keyOf(selector))
    const groups = [...(this.#groups.get(by) ?? [])]
    return groups.filter(([, { keepers }]) => keys.some((key) => keepers.get(key)?.seen)).map(([value]) => value)
  }

  coveredSeconds(windowSeconds: number, now: number): number {
    return this.#covered.growth(0, windowSeconds, now) / 1000
  }

  /** Who keeps something of a series is found out once; a value of an attribute that was not there before begins a group. */
  #listenersOf(series: Series, now: number): readonly Keeper[] {
    return this.#listeners.get(series) ?? this.#listen(series, now)
  }

  #listen(series: Series, now: number): readonly Keeper[] {
    const listeners: Keeper[] = []
    let began = false
    for (const { selector, by } of this.#selectors) {
      if (selector.kind === 'time_above' || !matches(selector, series)) continue
      if (by === undefined) continue
      const [group, isNew] = this.#groupOf(by, series.attributes[by] ?? '', now)
      began ||= isNew
      listeners.push(group.keepers.get(this.#keys.get(selector)!)!)
    }
    for (const keeper of this.#all.keepers.values()) {
      if (keeper.selector.kind !== 'time_above' && matches(keeper.selector, series)) listeners.push(keeper)
    }
    for (const keeper of listeners) keeper.seen = true
    const each = [...new Set(listeners)]
    this.#listeners.set(series, each)
    if (began) this.#listKeepers()
    return each
  }

  #groupOf(by: string, value: string, now: number): readonly [group: Group, isNew: boolean] {
    const groups = this.#groups.get(by)!
    const known = groups.get(value)
    if (known) return [known, false]
    if (groups.size >= MOST_GROUPS && value !== OTHER) {
      this.overflowing.add(by)
      return this.#groupOf(by, OTHER, now)
    }
    const group = new Group()
    for (const each of this.#selectors) if (each.by === by) this.#keep(group, each.selector, now)
    groups.set(value, group)
    return [group, true]
  }

  #keep(group: Group, selector: Selector, now: number): void {
    const key = this.#keys.get(selector) ?? keyOf(selector)
    if (group.keepers.has(key)) return
    const level = selector.kind === 'time_above' ? (group.keepers.get(keyOf(selector.level)) as KeeperOf<'level'>) : undefined
    group.keepers.set(key, createKeeper(selector, now, level))
  }

  #listKeepers(): void {
    const groups = [this.#all, ...[...this.#groups.values()].flatMap((each) => [...each.values()])]
    this.#keepers = groups.flatMap(({ keepers }) => [...keepers.values()])
  }
}

/** What two selectors that say the same have in common. */
function keyOf(selector: Selector): string {
  const sorted = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, each]) => each !== undefined)
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, each]) => [name, sorted(each)]),
        )
      : value
  return JSON.stringify(sorted(selector))
}

/** One object of a class, not of closures: it is made for every change of a state, on the way to its alert. */
class ReadingsAt implements Readings {
  readonly #windows: Windows
  readonly #now: number
  /** `undefined`: nothing of it was ever seen. */
  readonly #group: Group | undefined

  constructor(windows: Windows, now: number, group: Group | undefined) {
    this.#windows = windows
    this.#now = now
    this.#group = group
  }

  events(selector: EventsSelector, windowSeconds: number): EventsReading {
    const keeper = this.#windows.keeper(this.#group, selector)
    return { count: keeper?.ring.growth(0, windowSeconds, this.#now) ?? 0, ...this.#window(windowSeconds) }
  }

  distribution(selector: DistributionSelector, windowSeconds: number): DistributionReading {
    const keeper = this.#windows.keeper(this.#group, selector)
    const window = this.#window(windowSeconds)
    if (!keeper || keeper.totals.length === 0) return { count: 0, sum: 0, bounds: [], counts: [], ...window }
    const { rings, bounds } = keeper
    const growth = (place: number) => rings[place]?.growth(0, windowSeconds, this.#now) ?? 0
    const counts = Array.from({ length: bounds.length + 1 }, (_, bucket) => growth(bucket))
    const count = counts.reduce((sum, n) => sum + n, 0)
    return { count, sum: growth(bounds.length + 1), bounds, counts, ...window }
  }

  quantile(selector: DistributionSelector, q: number, windowSeconds: number): Quantile | undefined {
    const { bounds, counts } = this.distribution(selector, windowSeconds)
    return quantile(q, bounds, counts)
  }

  level(selector: LevelSelector): LastReading<number> | undefined {
    const keeper = this.#windows.keeper(this.#group, selector)
    return keeper && levelOf(keeper, this.#now)
  }

  state(selector: StateSelector): LastReading<string> | undefined {
    const keeper = this.#windows.keeper(this.#group, selector)
    return keeper?.value === undefined ? undefined : lastReading(keeper.value, keeper.setAt, selector.staleAfterSeconds, this.#now)
  }

  timeAbove(selector: TimeAboveSelector, windowSeconds: number): { readonly seconds: number; readonly coveredSeconds: number } {
    const ring = this.#windows.keeper(this.#group, selector)?.ring
    if (!ring) return { seconds: 0, coveredSeconds: 0 }
    return { seconds: ring.growth(0, windowSeconds, this.#now) / 1000, coveredSeconds: ring.growth(1, windowSeconds, this.#now) / 1000 }
  }

  lastSeenSeconds(selector: LastSeenSelector): number | undefined {
    const at = this.#windows.keeper(this.#group, selector)?.at
    return at === undefined ? undefined : Math.max(0, this.#now - at) / 1000
  }

  coveredSeconds(windowSeconds: number): number {
    return this.#windows.coveredSeconds(windowSeconds, this.#now)
  }

  groups(by: string, selectors: readonly Selector[]): readonly string[] {
    return this.#windows.groups(by, selectors)
  }

  within(by: string, value: string): Readings {
    return new ReadingsAt(this.#windows, this.#now, this.#windows.group(by, value))
  }

  #window(windowSeconds: number): { windowSeconds: number; coveredSeconds: number } {
    return { windowSeconds, coveredSeconds: this.#windows.coveredSeconds(windowSeconds, this.#now) }
  }
}
