/** What is kept of the series of one selector, from collection to collection. */
import type {
  DistributionSelector,
  EventsSelector,
  HistogramValue,
  LastReading,
  LastSeenSelector,
  LevelSelector,
  Sample,
  Selector,
  StateSelector,
  TimeAboveSelector,
} from '../types.ts'
import { Ring } from './ring.ts'

interface Kept<S extends Selector> {
  readonly kind: S['kind']
  readonly selector: S
  /** Whether any series of it was ever there. */
  seen: boolean
}

interface Events extends Kept<EventsSelector> {
  readonly kind: 'events'
  readonly ring: Ring
  total: number
  /** What the ring was given last. It needs to be told of changes only, for time passes in it by itself. */
  pushed: number
}

interface Distribution extends Kept<DistributionSelector> {
  readonly kind: 'distribution'
  bounds: readonly number[]
  /** Of each bucket, and last the sum of the values. */
  totals: number[]
  /** What the rings were given last. */
  pushed: number[]
  /** Of what was ever counted: most buckets of a fine histogram stay empty. */
  readonly rings: (Ring | undefined)[]
}

interface Level extends Kept<LevelSelector> {
  readonly kind: 'level'
  value: number
  setAt: number | undefined
}

interface State extends Kept<StateSelector> {
  readonly kind: 'state'
  value: string | undefined
  setAt: number
}

interface TimeAbove extends Kept<TimeAboveSelector> {
  readonly kind: 'time_above'
  readonly level: Level
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

export type Keeper = Events | Distribution | Level | State | TimeAbove | LastSeen
export type KeeperOf<K extends Selector['kind']> = Extract<Keeper, { readonly kind: K }>

/** `level`: of a time above it. */
export function createKeeper(selector: Selector, now: number, level?: Level): Keeper {
  switch (selector.kind) {
    case 'events':
      return { kind: 'events', selector, seen: false, ring: new Ring(1, now), total: 0, pushed: 0 }
    case 'distribution':
      return { kind: 'distribution', selector, seen: false, bounds: [], totals: [], pushed: [], rings: [] }
    case 'level':
      return { kind: 'level', selector, seen: false, value: 0, setAt: undefined }
    case 'state':
      return { kind: 'state', selector, seen: false, value: undefined, setAt: 0 }
    case 'time_above':
      return { kind: 'time_above', selector, seen: false, level: level!, ring: new Ring(2, now), totals: [0, 0], wasAbove: undefined }
    case 'last_seen':
      return { kind: 'last_seen', selector, seen: false, counted: 0, total: 0, at: undefined }
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

/** `covered`: milliseconds since the last collection in which something could have been seen. */
export function endCollection(keeper: Keeper, now: number, covered: number): void {
  if (keeper.kind === 'events') {
    if (keeper.total === keeper.pushed) return
    keeper.ring.push([keeper.total], now)
    keeper.pushed = keeper.total
  } else if (keeper.kind === 'distribution') {
    for (let place = 0; place < keeper.totals.length; place++) {
      const total = keeper.totals[place]!
      if (total === keeper.pushed[place]) continue
      const ring = (keeper.rings[place] ??= new Ring(1, now))
      ring.push([total], now)
      keeper.pushed[place] = total
    }
  } else if (keeper.kind === 'last_seen') {
    if (keeper.total > keeper.counted) keeper.at = now
    keeper.counted = keeper.total
  } else if (keeper.kind === 'time_above') {
    if (keeper.wasAbove !== undefined) {
      keeper.totals[1] += covered
      if (keeper.wasAbove) keeper.totals[0] += covered
    }
    keeper.ring.push(keeper.totals, now)
    const level = levelOf(keeper.level, now)
    keeper.wasAbove = level && !level.stale ? level.value > keeper.selector.above : undefined
  }
}

export function levelOf({ value, setAt, selector }: Level, now: number): LastReading<number> | undefined {
  return setAt === undefined ? undefined : lastReading(value, setAt, selector.staleAfterSeconds, now)
}

export function lastReading<T>(value: T, setAt: number, staleAfterSeconds: number | undefined, now: number): LastReading<T> {
  const ageSeconds = Math.max(0, now - setAt) / 1000
  return { value, ageSeconds, stale: staleAfterSeconds !== undefined && ageSeconds > staleAfterSeconds }
}

function addLevel(keeper: Level, value: number, setAt: number): void {
  const { fold = 'sum' } = keeper.selector
  if (fold === 'sum' || keeper.setAt === undefined) keeper.value += value
  else keeper.value = fold === 'max' ? Math.max(keeper.value, value) : Math.min(keeper.value, value)
  // It is as old as its oldest part.
  keeper.setAt = Math.min(keeper.setAt ?? Infinity, setAt)
}

function addHistogram(keeper: Distribution, value: HistogramValue): void {
  if (keeper.totals.length === 0) {
    keeper.bounds = value.bounds
    keeper.totals = new Array<number>(value.bounds.length + 2).fill(0)
    keeper.pushed = new Array<number>(value.bounds.length + 2).fill(0)
  }
  // Another series of the same metric with other bounds cannot be added up; the first one's bounds stay.
  if (value.bounds.length !== keeper.bounds.length) return
  for (let bucket = 0; bucket < value.counts.length; bucket++) keeper.totals[bucket]! += value.counts[bucket]!
  keeper.totals[keeper.totals.length - 1]! += value.sum
}
