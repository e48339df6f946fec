/**
 * Sixty rules, each on 1,000 random histories, against a brute-force computation from the list of what was recorded (brute-force.ts). Each
 * history is judged twice: as the instruments of the real SDK count it, and as points of delta or cumulative temporality with restarts say it.
 */
import { describe, expect, test } from 'vitest'

import { Windows } from '../../src/compute/windows.ts'
import { compileRule } from '../../src/rules/compile-rule.ts'
import { wantedOf } from '../../src/rules/service-kind.ts'
import type { RuleData } from '../../src/rules/rule-data.ts'
import type { OpenAlert, Readings, Rule, Sample, Verdict } from '../../src/types.ts'
import type { Expected } from './brute-force.ts'
import { BruteForce, rounded } from './brute-force.ts'
import type { Fraction } from './fraction.ts'
import { toNumber } from './fraction.ts'
import { boundsByHand, boundsOfSdk, feedByHand, feedThroughSdk } from './history-feeds.ts'
import type { Collection, History } from './random-history.ts'
import { Random, randomHistory } from './random-history.ts'
import { KIND_RULES, SIXTY_RULES } from './sixty-rules.ts'

const HISTORIES = 1000
const INSTANTS = 4
const ALL = [...SIXTY_RULES, ...KIND_RULES].map(({ data }) => data)

interface Compiled {
  readonly data: RuleData
  readonly rule: Rule
}

const compiledFor = new Map(
  [1, 10, 60].map((tickSeconds) => [
    tickSeconds,
    ALL.map((data): Compiled => ({ data, rule: compileRule(data, { metrics: new Map(), tickSeconds, showsFigure: true }) })),
  ]),
)

const OPEN: readonly (OpenAlert | undefined)[] = [
  undefined,
  undefined,
  { state: 'firing', severity: 'WARNING' },
  { state: 'firing', severity: 'CRITICAL' },
  { state: 'unknown', severity: 'WARNING' },
  { state: 'pending', severity: 'WARNING' },
  { state: 'recovering', severity: 'WARNING' },
  { state: 'resolved', severity: 'WARNING', sinceClearSeconds: 60 },
]

/** How often each rule found what, so that a test whose histories prove nothing is found out. */
class Tally {
  readonly #found = new Map<string, Set<string>>()

  add(rule: string, { kind }: Verdict): void {
    const kinds = this.#found.get(rule) ?? new Set()
    this.#found.set(rule, kinds.add(kind))
  }

  /** By kind of verdict: the rules that never gave it. */
  get neverFound(): Readonly<Record<Verdict['kind'], readonly string[]>> {
    const without = (kind: Verdict['kind']) => ALL.map(({ name }) => name).filter((name) => !this.#found.get(name)?.has(kind))
    return { breach: without('breach'), ok: without('ok'), inconclusive: without('inconclusive') }
  }
}

class Comparison {
  readonly #history: History
  readonly #how: string
  readonly #oracle: BruteForce
  readonly #random: Random
  readonly #compiled: readonly Compiled[]
  readonly #windows: Windows
  readonly #instants: ReadonlySet<number>
  readonly #tally: Tally

  constructor(history: History, how: string, tally: Tally) {
    this.#history = history
    this.#how = how
    this.#tally = tally
    this.#oracle = new BruteForce(history, how === 'of the SDK' ? boundsOfSdk : boundsByHand)
    this.#random = new Random(history.seed + 1_000_000)
    this.#compiled = compiledFor.get(history.tickSeconds)!
    const rules = this.#compiled.map(({ rule }) => rule)
    this.#windows = new Windows(wantedOf({ rules, selectors: [] }), history.from, history.tickSeconds)
    const last = history.collections.length - 1
    this.#instants = new Set([last, ...Array.from({ length: INSTANTS - 1 }, () => this.#random.whole(0, last))])
  }

  take(samples: readonly Sample[], collection: Collection): void {
    const index = this.#history.collections.indexOf(collection)
    this.#windows.ingest(samples, collection.at, collection.running)
    if (!this.#instants.has(index)) return
    // Now and then between two collections.
    const next = this.#history.collections[index + 1]?.at ?? collection.at + 60_000
    const now = this.#random.chance(0.5) ? collection.at : this.#random.whole(collection.at, next - 1)
    const readings = this.#windows.readings(now)
    for (const { data, rule } of this.#compiled) {
      const open = this.#random.of(OPEN)
      if (data.by === undefined) this.#compare(data, rule.judge(readings, open), this.#oracle.verdict(data, { now, open }), now)
      else this.#compareSplit({ data, rule }, data.by, readings, open, now)
    }
  }

  #compareSplit({ data, rule }: Compiled, by: string, readings: Readings, open: OpenAlert | undefined, now: number): void {
    const values = readings.groups(by, rule.needs)
    const expected = this.#oracle.valuesOf(data, now)
    if (expected.size !== values.length || !values.every((value) => expected.has(value))) {
      throw new Error(`${this.#where(data, now)}: split into ${values.join()} instead of ${[...expected].join()}`)
    }
    for (const value of values) {
      const verdict = rule.judge(readings.within(by, value), open, value || undefined)
      this.#compare(data, verdict, this.#oracle.verdict(data, { now, open, of: [by, value] }), now)
    }
  }

  #compare(data: RuleData, verdict: Verdict, expected: Expected, now: number): void {
    this.#tally.add(data.name, verdict)
    const difference = differenceOf(verdict, expected)
    if (difference === undefined) return
    const both = JSON.stringify({ verdict, expected }, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2)
    throw new Error(`${this.#where(data, now)}: ${difference}\n${both}`)
  }

  #where({ name }: RuleData, now: number): string {
    return `${name}, history ${this.#history.seed} ${this.#how}, at ${now}`
  }
}

/**
 * `undefined`: none. A number is compared as it was before it was rounded: within a part in a thousand million. It has more digits where it
 * would seem to be on the other side of its limit.
 */
function differenceOf(verdict: Verdict, expected: Expected): string | undefined {
  if (verdict.kind === 'inconclusive') {
    return expected.kind === 'inconclusive' && verdict.reason === expected.reason ? undefined : 'another kind or reason'
  }
  if (expected.kind !== verdict.kind) return 'another kind of verdict'
  if (verdict.kind === 'breach' && verdict.severity !== expected.severity) return 'another severity'
  const { current, threshold, n, failures, window_seconds } = verdict.value
  if (n !== expected.n || failures !== expected.failures || window_seconds !== expected.windowSeconds) return 'other evidence'
  if (!isShown(threshold, expected.threshold, current)) return `another threshold than ${told(expected.threshold)}`
  return isShown(current, expected.current, threshold) ? undefined : `another value than ${told(expected.current)}`
}

type Shown = number | string | null

/** Whether an exact figure is shown in as many digits as usual, or in as many as tell it apart from the one beside it. */
function isShown(shown: Shown, figure: Shown | Fraction, beside: Shown): boolean {
  if (!isFraction(figure)) return shown === figure
  const exact = toNumber(figure)
  const usual = [rounded(exact * (1 - 1e-9)), rounded(exact * (1 + 1e-9))]
  if (usual.some((each) => shown === each)) return true
  if (typeof shown !== 'number' || typeof beside !== 'number') return false
  const side = (each: number) => Math.sign(each - beside)
  return side(shown) === side(exact) && side(usual[0]!) !== side(exact) && Math.abs(shown - exact) <= Math.abs(usual[0]! - exact)
}

function isFraction(figure: Shown | Fraction): figure is Fraction {
  return Array.isArray(figure)
}

function told(figure: Shown | Fraction): string {
  return isFraction(figure) ? String(toNumber(figure)) : String(figure)
}

/** Split by a level or by what was last seen, each value is there from its first reading on, and never without one. */
const NEVER_FOUND = { breach: [], ok: [], inconclusive: ['backlog_of_each', 'connections_of_each', 'old_backlog'] }

describe('sixty rules over the instruments of the SDK find what a brute-force computation finds', () => {
  test('there are sixty, of every reading', () => {
    expect(new Set(SIXTY_RULES.map(({ data }) => data.name)).size).toBe(60)
    expect(new Set(SIXTY_RULES.map(({ data }) => data.when.reading))).toEqual(
      new Set(['rate', 'increase', 'ratio', 'burn_rate', 'quantile', 'mean', 'level', 'age', 'absent', 'state']),
    )
  })

  test('on 1,000 histories, through a MeterProvider and a CollectingReader', { timeout: 240_000 }, async () => {
    const tally = new Tally()
    for (let seed = 0; seed < HISTORIES; seed++) {
      const history = randomHistory(seed)
      const comparison = new Comparison(history, 'of the SDK', tally)
      // One after the other: they share one processor.
      // oxlint-disable-next-line no-await-in-loop
      await feedThroughSdk(history, (samples, collection) => comparison.take(samples, collection))
    }
    expect(tally.neverFound).toEqual(NEVER_FOUND)
  })

  test('on 1,000 histories, as deltas or as cumulative points of a source that restarts', { timeout: 240_000 }, () => {
    const tally = new Tally()
    for (let seed = 0; seed < HISTORIES; seed++) {
      const history = randomHistory(seed)
      const how = seed % 2 === 0 ? 'delta' : 'cumulative'
      const comparison = new Comparison(history, how, tally)
      feedByHand(history, how, (samples, collection) => comparison.take(samples, collection))
    }
    expect(tally.neverFound).toEqual(NEVER_FOUND)
  })
})
