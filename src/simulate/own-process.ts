/** How often rules would have paged for a process that somebody describes, and how soon they would tell of a total outage of it. */
import { countedPair, type CountedPair } from '../rules/counted-pair.ts'
import type { SaidRule } from '../rules/said-rules.ts'
import { untilTold, type UntilTold } from './fault.ts'
import { restartsOf } from './measure.ts'
import { bursts, independent, processOf, type BadShareOf, type Work } from './process.ts'
import { randomOf, seedOf } from './random.ts'
import { simulate } from './simulated-service.ts'

export interface OwnProcess {
  /** An hour. */
  readonly rate: number
  /** Share that is good, 0 to 1. */
  readonly good: number
  /** Bad ones come in bursts of so many seconds on average; left out: one by one, by chance. */
  readonly burstSeconds?: number
  /** Share of bad ones in a burst. Default all. */
  readonly within?: number
  /** In one piece, which is good or bad as a whole. Default 1. */
  readonly batch?: number
  /** At equal distances. Default by chance. */
  readonly isRegular?: boolean
}

export interface Simulated {
  readonly rule: string
  /** What the process is to this rule: "3 % of the calls are slow". */
  readonly means: string
  /** In 30 days, on average. */
  readonly pages: number
  readonly critical: number
  /** Those of `pages` that came in bursts so long (5 min and more) that they are total outages. */
  readonly inOutages: number
  /** What the first page said. */
  readonly example: string | undefined
  /** Of one in which nothing is done any more, or all of it is bad. */
  readonly outage: UntilTold & { readonly is: 'nothing done' | 'all bad' }
}

export interface NotSimulated {
  readonly rule: string
  readonly why: string
}

export interface Length {
  readonly seeds: number
  readonly days: number
}

const DAY = 86_400
const DAYS_OF_A_MONTH = 30
/** Seconds. */
const OUTAGE = 300
/** A page belongs to an outage that is over no longer than this. Seconds. */
const AFTER_OUTAGE = 180

/** Throws one sentence if there is no such process. */
export function checkProcess({ rate, good, burstSeconds, within, batch = 1 }: OwnProcess): void {
  if (!(rate > 0 && rate <= 1e5)) throw new Error(`The rate is ${rate}, expected more than 0 and at most 100000 an hour.`)
  if (!(good >= 0 && good <= 1)) throw new Error(`The success is ${100 * good} %, expected 0 to 100.`)
  if (!(Number.isInteger(batch) && batch >= 1)) throw new Error(`The batch is ${batch}, expected a whole number from 1 on.`)
  if (within !== undefined && burstSeconds === undefined) {
    throw new Error('It is said how much fails within a burst, but not how long bursts are: add --burst 30s.')
  }
  if (within !== undefined && !(within > 0 && within <= 1)) {
    throw new Error(`Within bursts ${100 * within} % fail, expected more than 0 and at most 100.`)
  }
  if (burstSeconds !== undefined && !(burstSeconds >= 1)) throw new Error(`Bursts are ${burstSeconds} s long, expected at least 1 s.`)
  if (burstSeconds !== undefined && 1 - good >= (within ?? 1)) {
    throw new Error(
      `${percent(1 - good)} fail over all time, and ${percent(within ?? 1)} within bursts: there must be time between bursts, so expected less over all.`,
    )
  }
}

/** The ones that can be, and why not the others. */
export function simulateRules(
  said: readonly SaidRule[],
  own: OwnProcess,
  length: Length,
): { readonly simulated: readonly Simulated[]; readonly not: readonly NotSimulated[] } {
  const pairs = said.map((each) => [each, countedPair(each.rule, each.data.when.reading)] as const)
  return {
    simulated: pairs.flatMap(([each, pair]) => (pair ? [simulated(each, pair, own, length)] : [])),
    not: pairs.flatMap(([{ data }, pair]) => (pair ? [] : [{ rule: data.name, why: whyNot(data.when.reading) }])),
  }
}

function simulated({ data, rule }: SaidRule, pair: CountedPair, own: OwnProcess, { seeds, days }: Length): Simulated {
  const { reading } = data.when
  const work = workFor(reading, own)
  const bad = badOf(own, () => {})
  let pages = 0
  let critical = 0
  let inOutages = 0
  let example: string | undefined
  const each = Array.from({ length: seeds }, (_, i) => i + 1)
  for (const seed of each) {
    const outages: (readonly [from: number, to: number])[] = []
    const random = randomOf(seedOf(seed, own.rate))
    const process = processOf(
      work,
      badOf(own, (...outage) => void outages.push(outage)),
    )(random)
    const told = simulate({ rule, pair, process, length: days * DAY, random, ...restartsOf(seed) })
    inOutages += told.filter(({ at }) => outages.some(([from, to]) => at >= from && at <= to + AFTER_OUTAGE)).length
    pages += told.length
    critical += told.filter(({ severity }) => severity === 'CRITICAL').length
    example ??= told[0]?.message
  }
  const inAMonth = (count: number) => (count * DAYS_OF_A_MONTH) / days / seeds
  const isOwed = pair.someAre === 'owed'
  const until = untilTold(rule, pair, { work, before: bad, ...(!isOwed && { after: 1 }) }, each)
  return {
    rule: rule.name,
    means: meaning(reading, own, pair),
    ...{ pages: inAMonth(pages), critical: inAMonth(critical), inOutages: inAMonth(inOutages) },
    example,
    outage: { is: isOwed ? 'nothing done' : 'all bad', ...until },
  }
}

/** A batch is one call and one piece of evidence to those rules that count such. */
function workFor(reading: string, { rate, batch = 1, isRegular = false }: OwnProcess): Work {
  const isOfPieces = reading === 'success_rate' || reading === 'slow_calls'
  return { rate: isOfPieces ? rate / batch : rate, batch: isOfPieces ? 1 : batch, arrivals: isRegular ? 'regular' : 'chance' }
}

/** `told` of each burst that is an outage. */
function badOf({ good, burstSeconds, within = 1 }: OwnProcess, told: (from: number, to: number) => void): BadShareOf {
  const share = 1 - good
  if (burstSeconds === undefined || share === 0) return independent(share)
  return bursts({ share, seconds: burstSeconds, within }, (from, to) => {
    if (within === 1 && to - from >= OUTAGE) told(from, to)
  })
}

function meaning(reading: string, { good, rate }: OwnProcess, pair: CountedPair): string {
  if (pair.someAre === 'owed') return `${rate} are done an hour, while work is always owed`
  if (reading === 'slow_calls') return `${percent(1 - good)} of the calls are slow`
  if (reading === 'success_rate') return `${percent(1 - good)} fail`
  return pair.someAre === 'good' ? `${percent(good)} are what it counts` : `${percent(1 - good)} are what it counts`
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(6))} %`
}

function whyNot(reading: string): string {
  return `it goes by ${WHAT[reading] ?? 'other things'}, and not by how many of some work are good or bad`
}

const WHAT: Readonly<Record<string, string>> = {
  level: 'a level',
  state: 'a state',
  quantile: 'durations',
  mean: 'a mean',
  age: 'an age',
  absent: 'what is missing',
  rate: 'a count alone',
  increase: 'a count alone',
}
