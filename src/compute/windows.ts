/**
 * Keeps of the samples what a profile selects, and answers what was in a window. A selector has one ring whatever the
 * number of series it adds up; series that no selector names cost one look-up per collection.
 */
import type {
  Attributes,
  DistributionReading,
  EventsReading,
  HistogramValue,
  LastReading,
  Quantile,
  Readings,
  Sample,
  Selector,
  Series,
} from '../types.ts'
import { quantile } from './quantile.ts'
import { Ring } from './ring.ts'

/** Two collections further apart than this, and than three ticks, have a suspended or blocked process between them. Milliseconds. */
const LEAST_GAP_MS = 30_000

type Kept<K extends Selector['kind']> = { readonly selector: Extract<Selector, { kind: K }> }

interface Events extends Kept<'events'> {
  readonly ring: Ring
  total: number
}

interface Distribution extends Kept<'distribution'> {
  ring: Ring | undefined
  bounds: readonly number[]
  totals: number[]
}

interface Level extends Kept<'level'> {
  value: number
  setAt: number | undefined
}

interface State extends Kept<'state'> {
  value: string | undefined
  setAt: number
}

interface TimeAbove extends Kept<'time_above'> {
  readonly ring: Ring
  readonly totals: [above: number, known: number]
  wasAbove: boolean | undefined
}

type Keeper = Events | Distribution | Level | State | TimeAbove

export class Windows {
  readonly #keepers = new Map<string, Keeper>()
  readonly #listeners = new Map<Series, readonly Keeper[]>()
  readonly #covered: Ring
  readonly #longestGapMs: number
  #coveredMs = 0
  #lastAt: number

  /** `now`: milliseconds on the monotonic clock. Throws if a `time_above` names a level that is not selected. */
  constructor(selectors: Readonly<Record<string, Selector>>, now: number, tickSeconds: number = 1) {
    this.#lastAt = now
    this.#longestGapMs = Math.max(LEAST_GAP_MS, 3000 * tickSeconds)
    this.#covered = new Ring(1, now)
    for (const [name, selector] of Object.entries(selectors)) {
      if (selector.kind === 'time_above' && selectors[selector.level]?.kind !== 'level') {
        throw new Error(`Selector "${name}" needs a level selector named "${selector.level}": add it to the profile.`)
      }
      this.#keepers.set(name, keeperFor(selector, now))
    }
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

    for (const keeper of this.#keepers.values()) beginCollection(keeper)
    for (const sample of samples) for (const keeper of this.#listenersOf(sample.series)) addSample(keeper, sample)
    for (const keeper of this.#keepers.values()) this.#endCollection(keeper, now, covered)
  }

  /**
   * Takes samples of state metrics between two collections, so that a change can be judged at once and alone. Rings and
   * levels wait for the next collection.
   */
  observeStates(samples: readonly Sample[]): void {
    for (const sample of samples) {
      for (const keeper of this.#listenersOf(sample.series)) if (isKind(keeper, 'state')) addSample(keeper, sample)
    }
  }

  /** The readings as of `now`, which must not be before the last collection. */
  readings(now: number): Readings {
    return new ReadingsAt(this, now)
  }

  /** Of the kind that is asked for. Throws if the profile has none of that name. */
  keeper<K extends Selector['kind']>(name: string, kind: K): Extract<Keeper, Kept<K>> {
    const keeper = this.#keepers.get(name)
    if (!keeper || !isKind(keeper, kind)) throw new Error(`The profile has no ${kind} selector named "${name}".`)
    return keeper
  }

  coveredSeconds(windowSeconds: number, now: number): number {
    return this.#covered.growth(0, windowSeconds, now) / 1000
  }

  #endCollection(keeper: Keeper, now: number, covered: number): void {
    if (isKind(keeper, 'events')) keeper.ring.push([keeper.total], now)
    else if (isKind(keeper, 'distribution') && keeper.totals.length > 0) {
      keeper.ring ??= new Ring(keeper.totals.length, now)
      keeper.ring.push(keeper.totals, now)
    } else if (isKind(keeper, 'time_above')) {
      if (keeper.wasAbove !== undefined) {
        keeper.totals[1] += covered
        if (keeper.wasAbove) keeper.totals[0] += covered
      }
      keeper.ring.push(keeper.totals, now)
      const level = levelOf(this.keeper(keeper.selector.level, 'level'), now)
      keeper.wasAbove = level && !level.stale ? level.value > keeper.selector.above : undefined
    }
  }

  #listenersOf(series: Series): readonly Keeper[] {
    let listeners = this.#listeners.get(series)
    if (!listeners) {
      listeners = [...this.#keepers.values()].filter((keeper) => selects(keeper.selector, series))
      this.#listeners.set(series, listeners)
    }
    return listeners
  }
}

/** One object of a class, not of closures: it is made for every change of a state, on the way to its alert. */
class ReadingsAt implements Readings {
  readonly #windows: Windows
  readonly #now: number

  constructor(windows: Windows, now: number) {
    this.#windows = windows
    this.#now = now
  }

  events(name: string, windowSeconds: number): EventsReading {
    const { ring } = this.#windows.keeper(name, 'events')
    return { count: ring.growth(0, windowSeconds, this.#now), ...this.#window(windowSeconds) }
  }

  distribution(name: string, windowSeconds: number): DistributionReading {
    const { ring, bounds } = this.#windows.keeper(name, 'distribution')
    const window = this.#window(windowSeconds)
    if (!ring) return { count: 0, sum: 0, bounds, counts: [], ...window }
    const growth = (place: number) => ring.growth(place, windowSeconds, this.#now)
    const counts = Array.from({ length: bounds.length + 1 }, (_, bucket) => growth(bucket))
    const count = counts.reduce((sum, n) => sum + n, 0)
    return { count, sum: growth(bounds.length + 1), bounds, counts, ...window }
  }

  quantile(name: string, q: number, windowSeconds: number): Quantile | undefined {
    const { bounds, counts } = this.distribution(name, windowSeconds)
    return quantile(q, bounds, counts)
  }

  level(name: string): LastReading<number> | undefined {
    return levelOf(this.#windows.keeper(name, 'level'), this.#now)
  }

  state(name: string): LastReading<string> | undefined {
    const { value, setAt, selector } = this.#windows.keeper(name, 'state')
    return value === undefined ? undefined : lastReading(value, setAt, selector.staleAfterSeconds, this.#now)
  }

  timeAbove(name: string, windowSeconds: number): { readonly seconds: number; readonly coveredSeconds: number } {
    const { ring } = this.#windows.keeper(name, 'time_above')
    return { seconds: ring.growth(0, windowSeconds, this.#now) / 1000, coveredSeconds: ring.growth(1, windowSeconds, this.#now) / 1000 }
  }

  #window(windowSeconds: number): { windowSeconds: number; coveredSeconds: number } {
    return { windowSeconds, coveredSeconds: this.#windows.coveredSeconds(windowSeconds, this.#now) }
  }
}

function levelOf({ value, setAt, selector }: Level, now: number): LastReading<number> | undefined {
  return setAt === undefined ? undefined : lastReading(value, setAt, selector.staleAfterSeconds, now)
}

function keeperFor(selector: Selector, now: number): Keeper {
  switch (selector.kind) {
    case 'events':
      return { selector, ring: new Ring(1, now), total: 0 }
    case 'distribution':
      // Its ring is made with the first sample, which says how many buckets there are.
      return { selector, ring: undefined, bounds: [], totals: [] }
    case 'level':
      return { selector, value: 0, setAt: undefined }
    case 'state':
      return { selector, value: undefined, setAt: 0 }
    case 'time_above':
      return { selector, ring: new Ring(2, now), totals: [0, 0], wasAbove: undefined }
  }
}

function isKind<K extends Selector['kind']>(keeper: Keeper, kind: K): keeper is Extract<Keeper, Kept<K>> {
  return keeper.selector.kind === kind
}

function selects(selector: Selector, series: Series): boolean {
  if (selector.kind === 'time_above' || selector.metric !== series.metric) return false
  return selector.kind === 'state' || matches(series.attributes, selector.where)
}

function matches(attributes: Attributes, where: Attributes | undefined): boolean {
  return where === undefined || Object.entries(where).every(([name, value]) => attributes[name] === value)
}

function beginCollection(keeper: Keeper): void {
  if (isKind(keeper, 'events')) keeper.total = 0
  else if (isKind(keeper, 'distribution')) keeper.totals.fill(0)
  else if (isKind(keeper, 'level')) {
    keeper.value = 0
    keeper.setAt = undefined
  }
}

function addSample(keeper: Keeper, sample: Sample): void {
  if (sample.kind === 'histogram') {
    if (isKind(keeper, 'events')) keeper.total += sample.value.count
    else if (isKind(keeper, 'distribution')) addHistogram(keeper, sample.value)
  } else if (sample.kind === 'sum') {
    if (isKind(keeper, 'events')) keeper.total += sample.value
  } else if (isKind(keeper, 'level')) {
    keeper.value += sample.value
    // The sum is as old as its oldest part.
    keeper.setAt = Math.min(keeper.setAt ?? Infinity, sample.setAt)
  } else if (isKind(keeper, 'state') && sample.value > 0.5) {
    keeper.value = sample.series.attributes[keeper.selector.attribute]
    keeper.setAt = sample.setAt
  }
}

function addHistogram(keeper: Distribution, value: HistogramValue): void {
  if (keeper.totals.length === 0) {
    keeper.bounds = value.bounds
    keeper.totals = new Array<number>(value.bounds.length + 2).fill(0)
  }
  // Another series of the same metric with other bounds cannot be added up; the first one's bounds stay.
  if (value.bounds.length !== keeper.bounds.length) return
  for (let bucket = 0; bucket < value.counts.length; bucket++) keeper.totals[bucket]! += value.counts[bucket]!
  keeper.totals[keeper.totals.length - 1]! += value.sum
}

function lastReading<T>(value: T, setAt: number, staleAfterSeconds: number | undefined, now: number): LastReading<T> {
  const ageSeconds = Math.max(0, now - setAt) / 1000
  return { value, ageSeconds, stale: staleAfterSeconds !== undefined && ageSeconds > staleAfterSeconds }
}
