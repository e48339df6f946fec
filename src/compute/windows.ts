/**
 * Keeps of the samples what rules and figures select, and answers what was in a window. A selector has one ring whatever the number of
 * series it adds up, and with `by` one more for each value of that attribute; series that nobody selects cost next to nothing.
 */
import type { CountsSelector, Readings, Sample, Selector, Series, Wanted } from '../types.ts'
import { Group } from './group.ts'
import type { CountedBlock, Keeper, KeeperOf } from './keeper.ts'
import { addSample, beginCollection, createKeeper, endCollection, countedBy, recallCounts } from './keeper.ts'
import { Listeners } from './listeners.ts'
import { matches } from './matches.ts'
import type { Keeping } from './readings-at.ts'
import { ReadingsAt } from './readings-at.ts'
import { Ring } from './ring.ts'
import type { DirectSelector } from './selector-key.ts'
import { isMadeOfOthers, keyOf, withParts } from './selector-key.ts'

/** Two collections further apart than this, and than three ticks, have a suspended or blocked process between them. Milliseconds. */
const LEAST_GAP_MS = 30_000

/** Values of an attribute that are told apart; those of further series are one, called `_OTHER`. */
const MOST_GROUPS = 50
const OTHER = '_OTHER'

/** What is kept of one metric. */
interface Selected {
  /** Of all its series. */
  readonly ofAll: { readonly selector: DirectSelector; readonly keeper: Keeper }[]
  /** What is kept for each value of an attribute besides. */
  readonly byValue: { readonly selector: DirectSelector; readonly by: string }[]
}

export class Windows implements Keeping {
  readonly #longestGapMs: number
  readonly #selectors: readonly Wanted[]
  readonly #all = new Group()
  /** By attribute, then by its value. */
  readonly #groups = new Map<string, Map<string, Group>>()
  /** Of each selector, by the object and so by whoever holds it. */
  readonly #keys = new Map<Selector, string>()
  /** By the name of the metric. */
  readonly #selected = new Map<string, Selected>()
  readonly #listeners = new Listeners((series, now) => this.#listen(series, now))
  #keepers: readonly Keeper[] = []
  /** Values that were seen, for whoever asks for them at each evaluation, and after how many series that was. */
  readonly #seen = new WeakMap<readonly Selector[], { readonly by: string; readonly series: number; readonly values: readonly string[] }>()
  #seriesSeen = 0
  readonly #covered: Ring
  #coveredMs = 0
  /** Of each window that was asked for as of `#coveredAt`: every rule asks, and most for the same few. */
  readonly #coveredIn = new Map<number, number>()
  #coveredAt = NaN
  #lastAt: number
  /** Attributes that had more values than are told apart. */
  readonly overflowing = new Set<string>()

  /** `now`: milliseconds on the monotonic clock. */
  constructor(wanted: readonly Wanted[], now: number, tickSeconds: number = 1) {
    this.#lastAt = now
    this.#longestGapMs = Math.max(LEAST_GAP_MS, 3000 * tickSeconds)
    this.#covered = new Ring(1, now)
    // What a selector is made of is kept as well, and before it.
    this.#selectors = wanted.flatMap((each) => withParts(each.selector).map((selector) => ({ ...each, selector })))
    for (const { selector, by } of this.#selectors) {
      this.#keys.set(selector, keyOf(selector))
      this.#keep(this.#all, selector, now)
      if (by === undefined) continue
      if (!this.#groups.has(by)) this.#groups.set(by, new Map())
      if (!isMadeOfOthers(selector)) this.#selectedOf(selector.metric).byValue.push({ selector, by })
    }
    for (const keeper of this.#all.keepers.values()) {
      const { selector } = keeper
      if (!isMadeOfOthers(selector)) this.#selectedOf(selector.metric).ofAll.push({ selector, keeper })
    }
    this.#listKeepers()
  }

  /**
   * Takes the samples of one collection. `running` is false while the service is paused: that time is not covered,
   * nor is a gap too long to have been watched. What happened in time that is not covered is in no window either. `owesWork` is
   * false while it takes on no new work though what it does is watched: that time is none in which a level asked for work.
   */
  ingest(samples: readonly Sample[], now: number, running: boolean, owesWork: boolean = running): void {
    const elapsed = now - this.#lastAt
    const isWatched = running && elapsed <= this.#longestGapMs
    const covered = isWatched ? elapsed : 0
    this.#lastAt = now
    this.#coveredMs += covered
    this.#covered.push([this.#coveredMs], now)
    this.#coveredAt = NaN

    for (const keeper of this.#keepers) beginCollection(keeper)
    for (let place = 0; place < samples.length; place++) {
      const sample = samples[place]!
      const listeners = this.#listeners.at(place, sample.series, now)
      for (let i = 0; i < listeners.length; i++) addSample(listeners[i]!, sample)
    }
    for (const keeper of this.#keepers) endCollection(keeper, { now, owed: owesWork ? covered : 0, isWatched })
  }

  /**
   * Takes samples of state metrics between two collections, so that a change can be judged at once and alone. Rings and
   * levels wait for the next collection.
   */
  observeStates(samples: readonly Sample[], now: number): void {
    for (const sample of samples) {
      for (const keeper of this.#listeners.of(sample.series, now)) if (keeper.kind === 'state') addSample(keeper, sample)
    }
  }

  /** Takes into the counts of `selector` what earlier processes counted; of one value of the attribute `by`, if it is kept by that. */
  recall(
    selector: CountsSelector,
    blocks: readonly CountedBlock[],
    now: number,
    of?: { readonly by: string; readonly value: string },
  ): void {
    if (of && !this.#groups.has(of.by)) return
    const [group, isNew] = of ? this.#groupOf(of.by, of.value, now) : [this.#all, false]
    if (isNew) this.#listKeepers()
    const keeper = this.keeper(group, selector)
    if (keeper) recallCounts(keeper, blocks, now)
  }

  /** What this process has counted of `selector`, without what it was told of earlier ones. */
  counted(selector: CountsSelector, of?: { readonly by: string; readonly value: string }): readonly number[] {
    const keeper = this.keeper(of ? this.group(of.by, of.value) : this.#all, selector)
    return keeper ? countedBy(keeper) : selector.of.map(() => 0)
  }

  /** The readings as of `now`, which must not be before the last collection. */
  readings(now: number): Readings {
    return new ReadingsAt(this, now, this.#all)
  }

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
    const known = this.#seen.get(selectors)
    if (known?.by === by && known.series === this.#seriesSeen) return known.values
    const values = this.#seenValues(by, selectors)
    this.#seen.set(selectors, { by, series: this.#seriesSeen, values })
    return values
  }

  #seenValues(by: string, selectors: readonly Selector[]): readonly string[] {
    const keys = selectors.map((selector) => this.#keys.get(selector) ?? keyOf(selector))
    const groups = [...(this.#groups.get(by) ?? [])]
    return groups.filter(([, { keepers }]) => keys.some((key) => keepers.get(key)?.seen)).map(([value]) => value)
  }

  coveredSeconds(windowSeconds: number, now: number): number {
    if (now !== this.#coveredAt) {
      this.#coveredIn.clear()
      this.#coveredAt = now
    }
    const known = this.#coveredIn.get(windowSeconds)
    if (known !== undefined) return known
    const seconds = this.#covered.growth(0, windowSeconds, now) / 1000
    this.#coveredIn.set(windowSeconds, seconds)
    return seconds
  }

  /** Who keeps something of a series. A value of an attribute that was not there before begins a group. */
  #listen(series: Series, now: number): readonly Keeper[] {
    const selected = this.#selected.get(series.metric)
    if (!selected) return []
    const listeners = new Set<Keeper>()
    let began = false
    for (const { selector, by } of selected.byValue) {
      if (!matches(selector, series)) continue
      const [group, isNew] = this.#groupOf(by, series.attributes[by] ?? '', now)
      began ||= isNew
      listeners.add(group.keepers.get(this.#keys.get(selector)!)!)
    }
    for (const { selector, keeper } of selected.ofAll) if (matches(selector, series)) listeners.add(keeper)
    for (const keeper of listeners) keeper.seen = true
    this.#seriesSeen++
    if (began) this.#listKeepers()
    return [...listeners]
  }

  #selectedOf(metric: string): Selected {
    const known = this.#selected.get(metric)
    if (known) return known
    const selected = { ofAll: [], byValue: [] }
    this.#selected.set(metric, selected)
    return selected
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
    group.keepers.set(
      key,
      createKeeper(selector, now, (part) => group.keepers.get(keyOf(part))!),
    )
  }

  #listKeepers(): void {
    const groups = [this.#all, ...[...this.#groups.values()].flatMap((each) => [...each.values()])]
    this.#keepers = groups.flatMap(({ keepers }) => [...keepers.values()])
  }
}
