/** What the rules are to do and not to do, as rows of a table: processes that are within their limit, faults, and the most that is allowed. */
import type { Breakdown } from './fault.ts'
import type { Work } from './process.ts'
import { betaBinomial, bursts, independent, outages, type BadShareOf } from './process.ts'

/** By the name of a rule of the tracker fetcher, with its default limits. */
export type SimulatedRule = 'low_success_rate' | 'slow_apple_api' | 'low_fetch_rate'

/** Nothing is to be told, or hardly ever. */
export interface Quiet {
  readonly kind: 'quiet'
  readonly name: string
  readonly rule: SimulatedRule
  readonly works: readonly Work[]
  /** `told` of times that are outages, whose pages are counted apart. */
  readonly bad: (told: (from: number, to: number) => void) => BadShareOf
  /** Pages in 30 days, of all works together. */
  readonly most: number
}

/** A fault that is to be found. */
export interface Fault extends Breakdown {
  readonly kind: 'fault'
  readonly name: string
  readonly rule: SimulatedRule
  /** Minutes until it is told. */
  readonly median: number
  readonly p90?: number
  /** Why the bar can't be met, where it can't. */
  readonly note?: string
}

export type Aim = Quiet | Fault

export const RATES = [4, 30, 300, 3000] as const
const AT_RATES = RATES.map((rate) => ({ rate }))
const SLOW_RATES = [30, 60, 300, 700, 3000].map((rate) => ({ rate }))
const MINUTES_OF_AN_OUTAGE = 300

const good = independent(0.03)

function quiet(name: string, bad: BadShareOf, most = 0.2, works: readonly Work[] = AT_RATES): Quiet {
  return { kind: 'quiet', name, rule: 'low_success_rate', works, bad: () => bad, most }
}

/** Bursts that are as long as an outage are one. */
function bursty(name: string, of: Parameters<typeof bursts>[0], most: number): Quiet {
  const asOutages = (told: (from: number, to: number) => void) => (from: number, to: number) => {
    if (to - from >= MINUTES_OF_AN_OUTAGE && (of.within ?? 1) === 1) told(from, to)
  }
  return { ...quiet(name, good, most), bad: (told) => bursts(of, asOutages(told)) }
}

function found(name: string, fault: Omit<Fault, 'kind' | 'name' | 'before'> & { readonly before?: BadShareOf }): Fault {
  return { kind: 'fault', name, before: good, ...fault }
}

const OUTAGE = { 4: [60, 120], 30: [12, 18], 300: [4, 6], 3000: [4, 6] } as const
const CHANCE = 'gaps as long as that come by chance at this rate: a limit on false pages allows no earlier page'

export const AIMS: readonly Aim[] = [
  quiet('97 % succeed', good),
  quiet('90 % succeed', independent(0.1)),
  quiet('85 % succeed', independent(0.15)),
  quiet(
    '97 %, day and night',
    good,
    0.2,
    RATES.map((rate) => ({ rate, dayAndNight: 0.9 })),
  ),
  quiet('97 %, beta-binomial, rho 0.1 over 5 min', betaBinomial(0.03, 0.1, 300)),
  bursty('97 %, bursts of 10 s', { share: 0.03, seconds: 10 }, 0.2),
  bursty('97 %, bursts of 30 s', { share: 0.03, seconds: 30 }, 0.2),
  bursty('97 %, bursts of 2 min at 60 % failing', { share: 0.03, seconds: 120, within: 0.6 }, 1),
  bursty('99 %, bursts of 30 s', { share: 0.01, seconds: 30 }, 1),
  {
    ...quiet('97 %, a total outage of 5 min a day (pages besides those)', good, 0.2, [{ rate: 300 }, { rate: 3000 }]),
    bad: (told) => outages(0.03, 86_400, MINUTES_OF_AN_OUTAGE, told),
  },
  quiet(
    '97 %, jobs of 50 that fail as a whole',
    good,
    0.2,
    [30, 300, 3000].map((rate) => ({ rate, batch: 50 })),
  ),
  ...RATES.map((rate) =>
    found(`total outage at ${rate}/h`, {
      rule: 'low_success_rate',
      work: { rate },
      after: 1,
      median: OUTAGE[rate][0],
      p90: OUTAGE[rate][1],
    }),
  ),
  found('drop to 70 % at 300/h', { rule: 'low_success_rate', work: { rate: 300 }, after: 0.3, median: 40 }),
  found('drop to 70 % at 3000/h', { rule: 'low_success_rate', work: { rate: 3000 }, after: 0.3, median: 12 }),
  found('drop to 40 % at 300/h', { rule: 'low_success_rate', work: { rate: 300 }, after: 0.6, median: 10 }),
  found('drop to 40 % at 3000/h', { rule: 'low_success_rate', work: { rate: 3000 }, after: 0.6, median: 5 }),
  found('67 % at 4/h', { rule: 'low_success_rate', work: { rate: 4 }, after: 1 / 3, median: 48 * 60 }),
  { ...quiet('1 % slow', independent(0.01), 0.2, SLOW_RATES), rule: 'slow_apple_api' },
  { ...quiet('4 % slow', independent(0.04), 0.2, SLOW_RATES), rule: 'slow_apple_api' },
  ...[60, 300, 3000].map((rate) =>
    found(`all slow at ${rate}/h`, { rule: 'slow_apple_api', work: { rate }, before: independent(0), after: 1, median: 5 }),
  ),
  ...stalls('12/h', { rate: 12, arrivals: 'regular' }),
  ...stalls('15/h', { rate: 15, arrivals: 'regular' }),
  ...stalls('30/h', { rate: 30, arrivals: 'regular' }),
  ...stalls('50 every 15 min', { rate: 200, batch: 50, arrivals: 'regular' }),
  ...stalls('12/h by chance', { rate: 12 }, CHANCE),
  ...stalls('15/h by chance', { rate: 15 }, CHANCE),
  ...stalls('30/h by chance', { rate: 30 }),
  ...stalls('50 at once, 4 times an hour by chance', { rate: 200, batch: 50 }, CHANCE),
  ...stalls('290 at once, twice an hour by chance', { rate: 580, batch: 290 }, CHANCE),
]

function stalls(name: string, work: Work, note?: string): readonly Aim[] {
  return [
    { ...quiet(`fetches, ${name}`, independent(0), 0.2, [work]), rule: 'low_fetch_rate' },
    found(`a stall of ${name}`, { rule: 'low_fetch_rate', work, before: independent(0), median: 45, ...(note !== undefined && { note }) }),
  ]
}
