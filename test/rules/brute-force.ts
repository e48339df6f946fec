/**
 * What a rule must find of a history, worked out from the list of everything that was recorded without any rounding. Nothing of src/compute,
 * src/judge or src/rules is asked; what a reading means is taken from its documents.
 */
import type { LimitText, MetricRef, RuleData, SuccessRateReading } from '../../src/rules/rule-data.ts'
import type { OpenAlert } from '../../src/types.ts'
import type { Fraction } from './fraction.ts'
import { compare, fraction, minus, over, plus, times, toNumber, whole, ZERO } from './fraction.ts'
import type { Bounds } from './history-feeds.ts'
import type { History } from './random-history.ts'
import type { Asked, Seen } from './recorded.ts'
import { isWatched, Recorded, seconds, sumOf } from './recorded.ts'

interface Unknown {
  readonly kind: 'inconclusive'
  readonly reason: string
}

export type Expected =
  | Unknown
  | {
      readonly kind: 'ok' | 'breach'
      readonly severity?: 'WARNING' | 'CRITICAL'
      /** A number before it is rounded for people, or what is shown as it is. */
      readonly current: Fraction | string | null
      readonly threshold: number | string | Fraction
      readonly n?: number
      readonly failures?: number
      readonly windowSeconds?: number
    }

type Outcome = 'passed' | 'within' | 'unsure'
type Side = 'above' | 'below'

interface Measured {
  /** `undefined`: only known to be more than `moreThan`. */
  readonly value: Fraction | undefined
  readonly moreThan?: Fraction
  readonly n?: number
  /** Those of `n` that the value is the share of. */
  readonly count?: number
  /** Those that are bad, on whatever side the limit is. */
  readonly failures?: number
  readonly windowSeconds?: number
  readonly passes?: (limit: Fraction, side: Side) => Outcome
}

const inconclusive = (reason: string): Expected => ({ kind: 'inconclusive', reason })
const HUNDRED = whole(100)

export class BruteForce {
  readonly #tick: number
  readonly #recorded: Recorded
  readonly #bounds: Bounds

  constructor(history: History, bounds: Bounds) {
    this.#bounds = bounds
    this.#tick = history.tickSeconds
    this.#recorded = new Recorded(history)
  }

  /** Every value of the attribute that the rule is split by, as of its series until `now`; the empty one where they have none. */
  valuesOf(data: RuleData, now: number): ReadonlySet<string> {
    const refs = Object.values(data.when).filter((each): each is MetricRef => typeof each?.metric === 'string')
    return new Set(
      refs.flatMap((ref) =>
        this.#recorded.entries(ref, data, { now, open: undefined }).map(({ attributes }) => attributes[data.by!] ?? ''),
      ),
    )
  }

  verdict(data: RuleData, asked: Asked): Expected {
    const { when } = data
    if (when.reading === 'absent') return this.#absent(data, asked)
    if (when.reading === 'state') return this.#state(data, asked)
    if (when.reading === 'throughput') return this.#throughput(data, asked)
    if (when.reading === 'slow_calls') return this.#slowCalls(data, asked)
    if (when.reading === 'success_rate') return this.#successRate(data, when, asked)
    const measured = this.#measured(data, asked)
    return typeof measured === 'string' ? inconclusive(measured) : judged(data, measured, asked.open)
  }

  #measured(data: RuleData, asked: Asked): Measured | string {
    const { when } = data
    const tick = this.#tick
    if (when.reading === 'level') {
      const level = this.#recorded.level(
        when.of,
        data,
        asked,
        when.fold ?? (when.of.definition!.instrument === 'observable_gauge' ? 'max' : 'sum'),
      )
      if (!level) return 'no_data'
      return when.staleAfter !== undefined && asked.now - level.setAt > seconds(when.staleAfter) * 1000 ? 'stale' : { value: level.value }
    }
    if (when.reading === 'age') {
      const at = this.#recorded.lastAt(when.of, data, asked)
      return at === undefined ? 'no_data' : { value: [BigInt(asked.now - at), 1000n] }
    }
    if (when.reading === 'burn_rate') return this.#burnRate(data, asked)
    const windowSeconds = seconds(('over' in when && when.over) || 300)
    const covered = this.#recorded.coveredMs(windowSeconds, asked.now)
    if (!isWatched(covered, windowSeconds, tick)) return 'starting'
    switch (when.reading) {
      case 'rate': {
        const count = this.#recorded.count(when.of, data, asked, windowSeconds)
        return { value: over(times(count, whole(1000)), whole(covered)), n: toNumber(count), windowSeconds }
      }
      case 'increase': {
        const count = this.#recorded.count(when.of, data, asked, windowSeconds)
        const isWhole = covered * 10 >= 9 * windowSeconds * 1000
        const passes = (limit: Fraction, side: Side): Outcome => {
          if (side === 'above') return compare(count, limit) > 0 ? 'passed' : 'within'
          return compare(count, limit) >= 0 ? 'within' : isWhole ? 'passed' : 'unsure'
        }
        return { value: count, n: toNumber(count), windowSeconds, passes }
      }
      case 'ratio': {
        const n = toNumber(this.#recorded.count(when.in, data, asked, windowSeconds))
        if (n === 0) return 'no_data'
        const part = Math.min(n, toNumber(this.#recorded.count(when.of, data, asked, windowSeconds)))
        return { value: [BigInt(100 * part), BigInt(n)], n, count: part, windowSeconds }
      }
      case 'mean': {
        const values = this.#recorded.values(when.of, data, asked, windowSeconds)
        if (values.length === 0) return 'no_data'
        return { value: over(sumOf(values), whole(values.length)), n: values.length, windowSeconds }
      }
      case 'quantile':
        return quantileOf(
          this.#recorded.values(when.of, data, asked, windowSeconds),
          fraction(when.q),
          this.#bounds(when.of.metric),
          windowSeconds,
        )
      default:
        throw new Error(`Nobody knows the reading ${when.reading}.`)
    }
  }

  #burnRate(data: RuleData, asked: Asked): Measured | string {
    const { when } = data
    if (when.reading !== 'burn_rate') throw new Error('No burn rate.')
    const long = seconds(when.over ?? 3600)
    const short = seconds(when.and ?? long / 12)
    for (const window of [long, short]) {
      if (!isWatched(this.#recorded.coveredMs(window, asked.now), window, this.#tick)) return 'starting'
    }
    const [inLong, inShort] = [long, short].map((window) => {
      const n = toNumber(this.#recorded.count(when.in, data, asked, window))
      return { n, bad: Math.min(n, toNumber(this.#recorded.count(when.of, data, asked, window))) }
    }) as [{ n: number; bad: number }, { n: number; bad: number }]
    if (inLong.n === 0) return 'no_data'
    const budget = over(minus(HUNDRED, fraction(when.objective)), HUNDRED)
    const [a, b] = [inLong, inShort].map(({ n, bad }) => (n === 0 ? ZERO : over([BigInt(bad), BigInt(n)], budget))) as [Fraction, Fraction]
    const value = compare(a, b) < 0 ? a : b
    return { value, n: inLong.n, failures: inLong.bad, windowSeconds: long }
  }

  #absent(data: RuleData, asked: Asked): Expected {
    const { when } = data
    if (when.reading !== 'absent') throw new Error('No absence.')
    const windowSeconds = seconds(when.over ?? 300)
    const at = this.#recorded.lastAt(when.of, data, asked)
    const current = at === undefined ? 'never' : whole(Math.round((asked.now - at) / 1000))
    const found = { current, threshold: windowSeconds, windowSeconds }
    if (at !== undefined && asked.now - at <= windowSeconds * 1000) return { kind: 'ok', ...found }
    if (this.#recorded.coveredMs(windowSeconds, asked.now) * 10 < windowSeconds * 1000 * 9) return inconclusive('starting')
    return { kind: 'breach', severity: data.severity ?? 'WARNING', ...found }
  }

  #state(data: RuleData, asked: Asked): Expected {
    const { when } = data
    if (when.reading !== 'state') throw new Error('No state.')
    const latest = new Map<string, Seen>()
    for (const entry of this.#recorded.entries(when.of, data, asked)) latest.set(entry.attributes[when.attribute] ?? '', entry)
    const carriers = [...latest].filter(([, { value }]) => value === 1).toSorted(([, a], [, b]) => b.at - a.at)
    const current = carriers[0]?.[0]
    if (current === undefined || current === 'unknown') return inconclusive('no_data')
    const found = { current, threshold: data.isNot! }
    return current === data.isNot ? { kind: 'ok', ...found } : { kind: 'breach', severity: data.severity ?? 'CRITICAL', ...found }
  }

  #throughput(data: RuleData, asked: Asked): Expected {
    const { when } = data
    if (when.reading !== 'throughput') throw new Error('No throughput.')
    const { now } = asked
    const staleMs = when.staleAfter === undefined ? Infinity : seconds(when.staleAfter) * 1000
    const level = this.#recorded.level(when.owed, data, asked, 'sum')
    if (!level) return inconclusive('no_data')
    if (now - level.setAt > staleMs) return inconclusive('stale')
    let owed = 0
    let known = 0
    for (const interval of this.#recorded.intervals(3600, now)) {
      // As it was known at the beginning of the interval, if anything was.
      const before = this.#recorded.level(when.owed, data, { ...asked, now: interval.from }, 'sum')
      if (!before || interval.from - before.setAt > staleMs) continue
      known += interval.watchedMs
      if (compare(before.value, ZERO) > 0) owed += interval.watchedMs
    }
    const tick = this.#tick
    if (!isWatched(this.#recorded.coveredMs(3600, now), 3600, tick) || !isWatched(known, 3600, tick)) return inconclusive('starting')
    const n = toNumber(this.#recorded.count(when.of, data, asked, 3600))
    const expected = over(times(fraction(Number.parseFloat(String(data.below))), whole(owed)), whole(3_600_000))
    const found = { current: whole(n), threshold: expected, n, windowSeconds: 3600 }
    if (compare(whole(n), expected) >= 0) return { kind: 'ok', ...found }
    // Too little, of an hour that was not watched whole, says nothing.
    return known * 10 < 9 * 3_600_000 ? inconclusive('starting') : { kind: 'breach', severity: 'WARNING', ...found }
  }

  #slowCalls(data: RuleData, asked: Asked): Expected {
    const { when } = data
    if (when.reading !== 'slow_calls') throw new Error('No slow calls.')
    const sample = this.#sample(when.in, when.of, data, asked)
    if (typeof sample === 'string') return inconclusive(sample)
    const { n, failures } = sample
    const found = { current: [BigInt(100 * failures), BigInt(n)] as Fraction, threshold: 5, ...sample }
    return failures * 20 > n ? { kind: 'breach', severity: 'WARNING', ...found } : { kind: 'ok', ...found }
  }

  /** The share of units that did not fail; of an open alert each limit that it has passed is passed until two points beyond. */
  #successRate(data: RuleData, { units, failedUnits }: SuccessRateReading, asked: Asked): Expected {
    const sample = this.#sample(units, failedUnits, data, asked)
    if (typeof sample === 'string') return inconclusive(sample)
    const { n, failures } = sample
    const { open } = asked
    const isOpen = open !== undefined && ['firing', 'recovering', 'unknown'].includes(open.state)
    const current: Fraction = [BigInt(100 * (n - failures)), BigInt(n)]
    const lines = [
      { severity: 'CRITICAL', threshold: Number.parseFloat(String(data.critical)) },
      { severity: 'WARNING', threshold: Number.parseFloat(String(data.below)) },
    ] as const
    for (const { severity, threshold } of lines) {
      const isHeld = isOpen && (open.severity === 'CRITICAL' || severity === 'WARNING')
      for (const limit of isHeld ? [threshold, threshold + 2] : [threshold]) {
        if (compare(current, whole(limit)) < 0) return { kind: 'breach', severity, current, threshold: limit, ...sample }
      }
    }
    return { kind: 'ok', current, threshold: lines[1].threshold, ...sample }
  }

  /** Of the last five minutes, as every plain rule about a share sees them; judged once the last minute, or the last ticks, were watched. */
  #sample(
    all: MetricRef,
    bad: MetricRef,
    data: RuleData,
    asked: Asked,
  ): { readonly n: number; readonly failures: number; readonly windowSeconds: number } | 'starting' | 'no_data' {
    const recentSeconds = Math.max(60, 6 * this.#tick)
    const needed = Math.max(6000, 3000 * this.#tick)
    if (this.#recorded.coveredMs(recentSeconds, asked.now) < needed) return 'starting'
    const n = toNumber(this.#recorded.count(all, data, asked, 300))
    if (n === 0) return 'no_data'
    return { n, failures: Math.min(n, toNumber(this.#recorded.count(bad, data, asked, 300))), windowSeconds: 300 }
  }
}

function plainly(value: Fraction): (limit: Fraction, side: Side) => Outcome {
  return (limit, side) => ((side === 'above' ? compare(value, limit) > 0 : compare(value, limit) < 0) ? 'passed' : 'within')
}

function quantileOf(values: readonly Fraction[], q: Fraction, bounds: readonly number[], windowSeconds: number): Measured | string {
  const n = values.length
  if (n === 0) return 'no_data'
  const rest = minus(whole(1), q)
  // The highest, or lowest, of fewer would be the quantile.
  if (compare(times(whole(n), rest), whole(1)) < 0 || compare(times(whole(n), q), whole(1)) < 0) return 'low_sample'
  const rank = times(q, whole(n))
  const upTo = (bound: Fraction) => whole(values.filter((value) => compare(value, bound) <= 0).length)
  const edges = bounds.map(fraction)
  const index = edges.findIndex((bound) => compare(upTo(bound), rank) >= 0)
  if (index < 0) {
    const moreThan = edges.at(-1)!
    const passes = (limit: Fraction, side: Side): Outcome =>
      compare(moreThan, limit) < 0 ? 'unsure' : side === 'above' ? 'passed' : 'within'
    return { value: undefined, moreThan, n, windowSeconds, passes }
  }
  const upper = edges[index]!
  if (compare(upper, ZERO) <= 0) return { value: upper, n, windowSeconds, passes: plainly(upper) }
  const lower = edges[index - 1] ?? ZERO
  const below = index === 0 ? ZERO : upTo(lower)
  const within = over(minus(rank, below), minus(upTo(upper), below))
  const value = plus(lower, times(minus(upper, lower), within))
  // In a bucket wider than a quarter of its upper bound nobody knows where.
  const isWide = compare(times(minus(upper, lower), whole(4)), upper) > 0
  const isInside = (limit: Fraction) => compare(limit, lower) > 0 && compare(limit, upper) < 0
  const passes = (limit: Fraction, side: Side): Outcome => (isWide && isInside(limit) ? 'unsure' : plainly(value)(limit, side))
  return { value, n, windowSeconds, passes }
}

function judged(data: RuleData, measured: Measured, open: OpenAlert | undefined): Expected {
  const side = data.above === undefined ? 'below' : 'above'
  const first = (data.above ?? data.below)!
  const unitOfFirst = /[^\d\s.e-]\S*$/.exec(String(first))?.[0] ?? ''
  const reading = unitOfReading(data)
  const lineOf = (given: LimitText) => {
    const [, number, own = ''] = /^\s*(\S+)\s*(.*)$/.exec(String(given))!
    const factor = factorOf(own === '' ? unitOfFirst : own, reading)
    return { shown: Number(number), limit: times(fraction(number!), factor), factor }
  }
  const passes = ({ limit }: { limit: Fraction }): Outcome => {
    return (measured.passes ?? plainly(measured.value!))(limit, side)
  }
  const found = ({ shown, factor }: ReturnType<typeof lineOf>) => {
    const { n, count, windowSeconds, value, moreThan } = measured
    // What there should be more of fails by what is not there.
    const failures = count === undefined || side === 'above' ? (measured.failures ?? count) : n! - count
    const current = value ? over(value, factor) : `more than ${rounded(toNumber(over(moreThan!, factor)))}`
    return { current, threshold: shown, n, failures, windowSeconds } as { current: Fraction | string; threshold: number }
  }
  const warning = lineOf(first)
  const critical = data.critical === undefined ? undefined : lineOf(data.critical)
  if (critical && passes(critical) === 'passed') return { kind: 'breach', severity: 'CRITICAL', ...found(critical) }
  if (passes(warning) === 'passed') return { kind: 'breach', severity: 'WARNING', ...found(warning) }
  const isFiring = open?.state === 'firing' || open?.state === 'unknown'
  if (data.clear !== undefined && isFiring) {
    const clear = lineOf(data.clear)
    if (passes(clear) === 'passed') return { kind: 'breach', severity: 'WARNING', ...found(clear) }
    if (passes(clear) === 'unsure') return inconclusive('low_sample')
  }
  const isUnsure = passes(warning) === 'unsure' || (critical !== undefined && passes(critical) === 'unsure')
  return isUnsure ? inconclusive('low_sample') : { kind: 'ok', ...found(warning) }
}

function unitOfReading({ when }: RuleData): string {
  switch (when.reading) {
    case 'rate':
      return '/s'
    case 'ratio':
      return '%'
    case 'age':
      return 's'
    case 'mean':
    case 'quantile':
    case 'level':
    case 'increase':
      return when.of.definition!.unit
    default:
      return ''
  }
}

const SIZES: Readonly<Record<string, Fraction>> = {
  ms: [1n, 1000n],
  min: [60n, 1n],
  h: [3600n, 1n],
  kBy: [1000n, 1n],
  MBy: [1_000_000n, 1n],
  GBy: [1_000_000_000n, 1n],
  KiBy: [1024n, 1n],
  MiBy: [1_048_576n, 1n],
  '/min': [1n, 60n],
  '/h': [1n, 3600n],
  '/d': [1n, 86_400n],
}

function factorOf(unit: string, reading: string): Fraction {
  if (unit === '%' && reading === '1') return [1n, 100n]
  if (unit === '1' && reading === '%') return HUNDRED
  return SIZES[unit] ?? [1n, 1n]
}

/** As people are shown it: one decimal, and four digits of what is small. */
export function rounded(value: number): number {
  return Math.abs(value) >= 10 || value === 0 ? Math.round(value * 10) / 10 : Number(value.toPrecision(4))
}
