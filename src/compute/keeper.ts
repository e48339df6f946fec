/** What is kept of the series of one selector, from collection to collection. */
import type {
  CountsSelector,
  DistributionSelector,
  EventsSelector,
  HistogramValue,
  LastSeenSelector,
  Sample,
  Selector,
  StateSelector,
  TimeAboveSelector,
} from '../types.ts'
import { createFalls, lookForFall, type Falls } from './falls.ts'
import type { Kept } from './kept.ts'
import { addLevel, levelOf, type Level } from './level.ts'
import { Ring } from './ring.ts'
import { SparseRing } from './sparse-ring.ts'
import { WindowStart, WindowStarts } from './window-start.ts'

interface Events extends Kept<EventsSelector> {
  readonly kind: 'events'
  readonly ring: Ring
  total: number
  /** What of the total is in no window, for nobody watched when it happened. */
  unwatched: number
  /** What the ring was given last. It needs to be told of changes only, for time passes in it by itself. */
  pushed: number
  readonly start: WindowStart
}

interface Distribution extends Kept<DistributionSelector> {
  readonly kind: 'distribution'
  bounds: readonly number[]
  /** Of each bucket, and last the sum of the values. */
  totals: number[]
  /** What of the totals is in no window, for nobody watched when it happened. */
  unwatched: number[]
  /** What the ring was given last. */
  pushed: number[]
  readonly ring: SparseRing
  readonly starts: WindowStarts
}

interface State extends Kept<StateSelector> {
  readonly kind: 'state'
  value: string | undefined
  setAt: number
}

interface TimeAbove extends Kept<TimeAboveSelector> {
  readonly kind: 'time_above'
  readonly level: Level
  readonly unless: Level | undefined
  readonly ring: Ring
  readonly totals: [above: number, known: number]
  wasAbove: boolean | undefined
}

interface LastSeen extends Kept<LastSeenSelector> {
  readonly kind: 'last_seen'
  /** What was counted by the last collection. */
  counted: number
  total: number
  at: number | undefined
}

interface Counts extends Kept<CountsSelector> {
  readonly kind: 'counts'
  readonly of: readonly (Events | TimeAbove)[]
  readonly ring: Ring
  /** What an earlier process counted of each, and how often that was told. */
  readonly recalled: number[]
  recalls: number
  /** What the ring was given last, with what was recalled since. */
  readonly totals: Float64Array
  /** Since when something is known. */
  since: number
}

export type Keeper = Events | Distribution | Level | State | TimeAbove | Falls | LastSeen | Counts
export type KeeperOf<K extends Selector['kind']> = Extract<Keeper, { readonly kind: K }>

/** How far back counts are known. Milliseconds. */
const DAY_MS = 86_400_000

/** `partOf`: the keeper of a selector that it is made of, which is there before it. */
export function createKeeper(selector: Selector, now: number, partOf: (selector: Selector) => Keeper): Keeper {
  switch (selector.kind) {
    case 'events':
      return { kind: 'events', selector, seen: false, ring: new Ring(1, now), total: 0, unwatched: 0, pushed: 0, start: new WindowStart() }
    case 'distribution':
      return {
        kind: 'distribution',
        selector,
        seen: false,
        bounds: [],
        totals: [],
        unwatched: [],
        pushed: [],
        ring: new SparseRing(now),
        starts: new WindowStarts(),
      }
    case 'level':
      return { kind: 'level', selector, seen: false, value: 0, setAt: undefined }
    case 'state':
      return { kind: 'state', selector, seen: false, value: undefined, setAt: 0 }
    case 'time_above':
      return {
        kind: 'time_above',
        selector,
        seen: false,
        level: partOf(selector.level) as Level,
        unless: selector.unless && (partOf(selector.unless) as Level),
        ring: new Ring(2, now),
        totals: [0, 0],
        wasAbove: undefined,
      }
    case 'falls':
      return createFalls(selector, partOf(selector.level) as Level, now)
    case 'last_seen':
      return { kind: 'last_seen', selector, seen: false, counted: 0, total: 0, at: undefined }
    case 'counts': {
      const of = selector.of.map((part) => partOf(part) as Events | TimeAbove)
      const recalled = of.map(() => 0)
      const totals = new Float64Array(of.length)
      return { kind: 'counts', selector, seen: false, of, recalled, recalls: 0, totals, ring: new Ring(of.length, now, DAY_MS), since: now }
    }
  }
}

export function beginCollection(keeper: Keeper): void {
  if (keeper.kind === 'events' || keeper.kind === 'last_seen') keeper.total = 0
  else if (keeper.kind === 'distribution') keeper.totals.fill(0)
  else if (keeper.kind === 'level') {
    keeper.value = 0
    keeper.setAt = undefined
  } else if (keeper.kind === 'state') keeper.value = undefined
}

export function addSample(keeper: Keeper, sample: Sample): void {
  if (sample.kind === 'histogram') {
    if (keeper.kind === 'events' || keeper.kind === 'last_seen') keeper.total += sample.value.count
    else if (keeper.kind === 'distribution') addHistogram(keeper, sample.value)
  } else if (sample.kind === 'sum') {
    if (keeper.kind === 'events' || keeper.kind === 'last_seen') keeper.total += sample.value
  } else if (keeper.kind === 'level') addLevel(keeper, sample.value, sample.setAt)
  else if (keeper.kind === 'last_seen') keeper.at = Math.max(keeper.at ?? -Infinity, sample.setAt)
  else if (keeper.kind === 'state' && sample.value > 0.5 && (keeper.value === undefined || sample.setAt >= keeper.setAt)) {
    // The newest 1 counts: a callback that observes the present state alone never says that the one before is over.
    keeper.value = sample.series.attributes[keeper.selector.attribute]
    keeper.setAt = sample.setAt
  }
}

export interface Collected {
  /** Milliseconds on the monotonic clock. */
  readonly now: number
  /** Milliseconds since the last collection that were watched, and in which the service takes on work. */
  readonly owed: number
  /** Whether the time since the last collection counts. */
  readonly isWatched: boolean
}

export function endCollection(keeper: Keeper, { now, owed, isWatched }: Collected): void {
  if (keeper.kind === 'events') {
    if (!isWatched) keeper.unwatched = keeper.total - keeper.pushed
    const total = keeper.total - keeper.unwatched
    if (total === keeper.pushed) return
    keeper.ring.push([total], now)
    keeper.pushed = total
  } else if (keeper.kind === 'distribution') {
    const { totals, unwatched, pushed } = keeper
    let isNew = false
    for (let place = 0; place < totals.length; place++) {
      if (!isWatched) unwatched[place] = totals[place]! - pushed[place]!
      const total = totals[place]! - unwatched[place]!
      if (total === pushed[place]) continue
      pushed[place] = total
      isNew = true
    }
    if (isNew) keeper.ring.push(pushed, now)
  } else if (keeper.kind === 'last_seen') {
    if (keeper.total > keeper.counted) keeper.at = now
    keeper.counted = keeper.total
  } else if (keeper.kind === 'time_above') {
    if (keeper.wasAbove !== undefined) {
      keeper.totals[1] += owed
      if (keeper.wasAbove) keeper.totals[0] += owed
    }
    keeper.ring.push(keeper.totals, now)
    const level = levelOf(keeper.level, now)
    const isNone = keeper.unless !== undefined && levelOf(keeper.unless, now)?.value === 0
    keeper.wasAbove = level && !level.stale ? level.value > keeper.selector.above && !isNone : undefined
  } else if (keeper.kind === 'falls') {
    lookForFall(keeper, now, isWatched)
  } else if (keeper.kind === 'counts') pushCounts(keeper, now)
}

function pushCounts(keeper: Counts, now: number): void {
  const { of, recalled, totals, ring } = keeper
  let isNew = false
  for (let place = 0; place < of.length; place++) {
    const total = countedOf(of[place]!) + recalled[place]!
    if (total === totals[place]) continue
    totals[place] = total
    isNew = true
  }
  if (isNew) ring.push(totals, now)
}

/** What this process counted of each part since it began. */
export function countedBy({ of }: Counts): readonly number[] {
  return of.map(countedOf)
}

function countedOf(part: Events | TimeAbove): number {
  return part.kind === 'events' ? part.pushed : part.totals[0]
}

/** Takes what earlier processes counted: amounts of each part, and how long before `now`. */
export function recallCounts(keeper: Counts, blocks: readonly CountedBlock[], now: number): void {
  const known = blocks.filter(({ agoMs, amounts }) => agoMs >= 0 && agoMs < DAY_MS && amounts.length === keeper.recalled.length)
  keeper.ring.recall(known, now)
  keeper.recalls++
  for (const { agoMs, amounts } of known) {
    for (const [place, amount] of amounts.entries()) {
      keeper.recalled[place]! += amount
      keeper.totals[place]! += amount
    }
    keeper.since = Math.min(keeper.since, now - agoMs)
  }
}

/** What was counted in one stretch of time, as it is handed on from one process to the next. */
export interface CountedBlock {
  /** How long ago it began. Milliseconds. */
  readonly agoMs: number
  readonly amounts: readonly number[]
}

function addHistogram(keeper: Distribution, value: HistogramValue): void {
  if (keeper.totals.length === 0) {
    keeper.bounds = value.bounds
    keeper.totals = new Array<number>(value.bounds.length + 2).fill(0)
    keeper.unwatched = new Array<number>(value.bounds.length + 2).fill(0)
    keeper.pushed = new Array<number>(value.bounds.length + 2).fill(0)
  }
  // Another series of the same metric with other bounds cannot be added up; the first one's bounds stay.
  if (value.bounds.length !== keeper.bounds.length) return
  for (let bucket = 0; bucket < value.counts.length; bucket++) keeper.totals[bucket]! += value.counts[bucket]!
  keeper.totals[keeper.totals.length - 1]! += value.sum
}
