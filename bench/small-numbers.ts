/**
 * What the shipped success rate rule and alert machine do to services with few and with many fetches: every aim of the
 * rule with the measured figure. `node bench/small-numbers.ts [--seeds 20] [--days 60]`
 *
 * Units arrive by a Poisson process and fail independently, each with all of its attempts. Windows are the ones of the
 * process; the rule is evaluated every 10 s instead of every second, which moves a figure by seconds.
 */
import { parseArgs } from 'node:util'

import { Ring } from '../src/compute/ring.ts'
import { isOpen, stepAlert } from '../src/judge/alert.ts'
import { trackerFetcherJudging } from '../src/kinds/tracker-fetcher/judging.ts'
import { FETCH_ATTEMPTS, FETCH_UNITS } from '../src/kinds/tracker-fetcher/metrics.ts'
import { profileOf } from '../src/rules/service-kind.ts'
import type { Alert, OpenAlert, Readings, Rule } from '../src/types.ts'

const TICK_SECONDS = 10
const HOUR = 3600
const DAY = 24 * HOUR
/** Longer than the longest window, so that every fault meets a clean past. */
const CALM = 8 * HOUR
const OUTAGE = 3 * HOUR
const HEALTHY = 0.97
const RATES = [4, 30, 300, 3000] as const
const BATCHES = [1, 50, 290] as const
const WINDOWS = [60, 300, 900, 3600, 21_600]

const RULE = profileOf(trackerFetcherJudging, {
  largeQueue: 10_000,
  veryLargeQueue: 50_000,
  minSuccessRateHealthy: 80,
  minSuccessRateDegraded: 50,
  minFetchRate: 10,
  maxApiResponseTimeMs: 10_000,
}).rules.find(({ name }) => name === 'low_success_rate')!

const IDENTITY = { id: 'simulated', rule: RULE.name, service: 'simulated' }

/** A fetcher with one rule, moved on tick by tick. */
class Service {
  now = 0
  units = 0
  /** Units that had arrived by the evaluation before the last one. */
  seenBefore = 0
  alert: Alert | undefined
  fired = 0
  resolved = 0
  #failed = 0
  #streak = 0
  readonly #none: number
  readonly #random: () => number
  readonly #unitRing = new Ring(1, 0)
  readonly #failedRing = new Ring(1, 0)
  /** Ticks with arrivals, and how far each window has forgotten them: between changes no verdict changes either. */
  readonly #arrivals: number[] = []
  readonly #forgotten: number[] = WINDOWS.map(() => 0)
  readonly #readings: Readings
  readonly #rule: Rule

  constructor(unitsPerHour: number, batch: number, seed: number, rule: Rule = RULE) {
    this.#rule = rule
    this.#none = Math.exp((-unitsPerHour * TICK_SECONDS) / HOUR)
    this.#random = randomNumbers(seed)
    const rings: Record<string, [Ring, number]> = {
      [FETCH_UNITS.name]: [this.#unitRing, 1],
      [`${FETCH_UNITS.name} failed`]: [this.#failedRing, 1],
      [FETCH_ATTEMPTS.name]: [this.#unitRing, batch],
      [`${FETCH_ATTEMPTS.name} failed`]: [this.#failedRing, batch],
    }
    this.#readings = {
      events: ({ metric, where }, windowSeconds) => {
        const [ring, attempts] = rings[where ? `${metric} failed` : metric]!
        const count = attempts * ring.growth(0, windowSeconds, this.now * 1000)
        return { count, windowSeconds, coveredSeconds: Math.min(windowSeconds, this.now) }
      },
      level: () => ({ value: this.#streak, ageSeconds: 0, stale: false }),
      distribution: unused,
      lastSeenSeconds: unused,
      coveredSeconds: unused,
      groups: unused,
      within: unused,
      quantile: unused,
      state: unused,
      timeAbove: unused,
    }
  }

  /** Runs for a number of seconds, or until `done`. */
  run(seconds: number, success: number, done: () => boolean = () => false): void {
    for (const end = this.now + seconds; this.now < end && !done();) this.#tick(success)
  }

  #tick(success: number): void {
    this.now += TICK_SECONDS
    const before = this.units
    this.seenBefore = before
    for (let p = this.#random(); p > this.#none; p *= this.#random()) {
      this.units++
      if (this.#random() < success) this.#streak = Math.max(0, this.#streak) + 1
      else {
        this.#streak = Math.min(0, this.#streak) - 1
        this.#failed++
      }
    }
    if (this.units > before) {
      this.#arrivals.push(this.now)
      this.#unitRing.push([this.units], this.now * 1000)
      this.#failedRing.push([this.#failed], this.now * 1000)
    }
    const isSame = this.units === before && !this.#forgets()
    if (isSame && !(this.alert && (isOpen(this.alert) || this.alert.state === 'pending'))) return
    this.#evaluate()
  }

  /** Whether an arrival may have left a window, give or take the minute of the coarse buckets. */
  #forgets(): boolean {
    let changed = false
    for (let w = 0; w < WINDOWS.length; w++) {
      const window = WINDOWS[w]!
      const coarse = window > HOUR ? 60 : 0
      let oldest = this.#arrivals[this.#forgotten[w]!]
      while (oldest !== undefined && oldest <= this.now - window - coarse) oldest = this.#arrivals[++this.#forgotten[w]!]
      if (oldest !== undefined && oldest <= this.now - window + coarse + TICK_SECONDS) changed = true
    }
    return changed
  }

  #evaluate(): void {
    const { alert } = this
    const now = { monotonicMs: this.now * 1000, epochMs: this.now * 1000 }
    const open: OpenAlert | undefined = alert && {
      state: alert.state,
      severity: alert.severity,
      ...(alert.clearedAt !== undefined && { sinceClearSeconds: this.now - alert.clearedAt / 1000 }),
    }
    const step = stepAlert(alert, this.#rule.judge(this.#readings, open), this.#rule, IDENTITY, now)
    this.alert = step.alert
    for (const { type } of step.transitions) {
      if (type === 'fired') this.fired++
      if (type === 'resolved') this.resolved++
    }
  }
}

export interface Aim {
  readonly aim: string
  readonly rate: number
  readonly measured: string
  /** The figure that is asked for, and the most it may be; without them the line is only shown. */
  readonly figure?: number
  readonly limit?: number
}

export interface Extent {
  readonly seeds: readonly number[]
  readonly days: number
}

export function falsePages(rate: number, batch: number, { seeds, days }: Extent): Aim {
  let fired = 0
  for (const seed of seeds) {
    const service = new Service(rate, batch, seed * 7 + batch)
    service.run(days * DAY, HEALTHY)
    fired += service.fired
  }
  return { aim: `no page at 97 %, batches of ${batch}`, rate, measured: `${fired} in ${seeds.length * days} days`, figure: fired, limit: 0 }
}

const DETECTION: Readonly<Record<number, { median: number; p90: number }>> = {
  4: { median: 60, p90: 120 },
  30: { median: 12, p90: 18 },
  300: { median: 3, p90: 4 },
  3000: { median: 3, p90: 4 },
}

/** Outages of three hours, each followed by full recovery, the all-clear and a calm at 97 %. */
export function outages(rate: number, { seeds, days }: Extent): readonly Aim[] {
  const minutes: number[] = []
  const unitsToClear: number[] = []
  const unitsSeenBefore: number[] = []
  const minutesToClear: number[] = []
  let pagesAfter = 0
  for (const seed of seeds) {
    const service = new Service(rate, BATCHES[seed % BATCHES.length]!, seed * 11)
    while (service.now < days * DAY) {
      service.run(CALM, HEALTHY)
      const began = service.now
      const firedBefore = service.fired
      service.run(OUTAGE, 0, () => service.fired > firedBefore)
      minutes.push(service.fired > firedBefore ? (service.now - began) / 60 : Infinity)
      service.run(OUTAGE - (service.now - began), 0)
      const [ended, unitsBefore] = [service.now, service.units]
      service.run(CALM, 1, () => service.alert?.state !== 'firing')
      unitsToClear.push(service.units - unitsBefore)
      unitsSeenBefore.push(service.seenBefore - unitsBefore)
      service.run(CALM, 1, () => service.alert?.state === 'resolved')
      minutesToClear.push((service.now - ended) / 60)
      const firedByNow = service.fired
      service.run(CALM, HEALTHY)
      pagesAfter += service.fired - firedByNow
    }
  }
  const aim = DETECTION[rate]!
  const [median, p90] = [quantile(minutes, 0.5), quantile(minutes, 0.9)]
  const latest = quantile(unitsSeenBefore, 1) + 1
  const isBusy = rate * 300 >= 50 * HOUR
  const resolved = `resolved after ${quantile(minutesToClear, 0.5).toFixed(1)} min (median)`
  return [
    {
      aim: `outage found, median <= ${aim.median} min`,
      rate,
      measured: `${median.toFixed(1)} min of ${minutes.length}`,
      figure: median,
      limit: aim.median,
    },
    { aim: `outage found, p90 <= ${aim.p90} min`, rate, measured: `${p90.toFixed(1)} min`, figure: p90, limit: aim.p90 },
    isBusy
      ? {
          aim: 'cleared by the rate over 5 min',
          rate,
          measured: `${quantile(unitsToClear, 0.5)} units (median), ${resolved}`,
        }
      : {
          aim: 'cleared within 10 units of recovery',
          rate,
          measured: `by unit ${latest} at the latest, ${resolved}`,
          figure: latest,
          limit: 10,
        },
    { aim: 'pages in the 8 h after the all-clear', rate, measured: `${pagesAfter} after ${minutes.length} outages` },
  ]
}

/** A fall from 97 to 70 %, noticed against five to fifteen minutes of healthy history. */
export function drops(rate: number, { seeds, days }: Extent): Aim {
  const minutes: number[] = []
  for (const seed of seeds) {
    const service = new Service(rate, BATCHES[seed % BATCHES.length]!, seed * 13)
    while (service.now < days * DAY) {
      service.run(CALM, HEALTHY)
      const [began, firedBefore] = [service.now, service.fired]
      service.run(CALM, 0.7, () => service.fired > firedBefore)
      minutes.push(service.fired > firedBefore ? (service.now - began) / 60 : Infinity)
      service.run(CALM, 1, () => service.alert?.state === 'resolved')
    }
  }
  const median = quantile(minutes, 0.5)
  const isAsked = rate === 300
  return {
    aim: `drop to 70 % found${isAsked ? ', median <= 15 min' : ''}`,
    rate,
    measured: `${median.toFixed(1)} min (median), p90 ${quantile(minutes, 0.9).toFixed(1)}`,
    ...(isAsked && { figure: median, limit: 15 }),
  }
}

/** How often an alert resolves and fires again over a service that stays at 70 %. */
export function flapping(rate: number, { seeds, days }: Extent): Aim {
  let pairs = 0
  let worst = 0
  for (const seed of seeds) {
    const service = new Service(rate, BATCHES[seed % BATCHES.length]!, seed * 17)
    for (let hour = 0; hour < days * 24; hour++) {
      const before = service.resolved
      service.run(HOUR, 0.7)
      worst = Math.max(worst, service.resolved - before)
    }
    pairs += service.resolved
  }
  const perHour = pairs / (seeds.length * days * 24)
  return {
    aim: 'true 70 %: fire and resolve <= 1 an hour',
    rate,
    measured: `${perHour.toFixed(3)} an hour, ${worst} in the worst hour`,
    figure: perHour,
    limit: 1,
  }
}

function quantile(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * values.length) - 1)] ?? NaN
}

/** Mulberry32: 2^32 states are enough for a simulation, and a seed says it all. */
function randomNumbers(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function unused(): never {
  throw new Error('The success rate rule reads events and one level.')
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seeds: { type: 'string', default: '20' }, days: { type: 'string', default: '60' } } })
  const extent = { seeds: Array.from({ length: Number(values.seeds) }, (_, i) => 1001 + i), days: Number(values.days) }
  const began = performance.now()
  console.log(`seeds ${extent.seeds.join(' ')}; ${extent.days} days each; evaluated every ${TICK_SECONDS} s; for 60 s included`)
  let missed = 0
  const show = ({ aim, rate, measured, figure, limit }: Aim) => {
    const verdict = figure === undefined || limit === undefined ? '' : figure <= limit ? 'PASS' : 'FAIL'
    if (verdict === 'FAIL') missed++
    console.log(`${verdict.padEnd(5)}${String(rate).padStart(5)} units/h  ${aim.padEnd(42)}${measured}`)
  }
  for (const rate of RATES) {
    for (const batch of BATCHES) show(falsePages(rate, batch, extent))
    outages(rate, extent).forEach(show)
    show(drops(rate, extent))
    show(flapping(rate, extent))
  }
  console.log(`${missed} aims missed; ${Math.round((performance.now() - began) / 1000)} s`)
  process.exitCode = missed > 0 ? 1 : 0
}
