/**
 * One rule over a simulated process: what it would have told people. It shares the rule and its alert with the product, and nothing else: the
 * numbers of all time are kept one after the other, and a window is a difference of two.
 */
import { isOpen, stepAlert } from '../judge/alert.ts'
import { openAlert } from '../judge/judge.ts'
import { isOfSome, isOwed, type CountedPair } from '../rules/counted-pair.ts'
import type { Alert, Readings, Rule } from '../types.ts'
import { STEP, type Process } from './process.ts'
import type { Random } from './random.ts'

export interface Page {
  /** Seconds. */
  readonly at: number
  readonly severity: 'WARNING' | 'CRITICAL'
  readonly message: string
}

export interface Simulation {
  readonly rule: Rule
  /** What the rule goes by. */
  readonly pair: CountedPair
  readonly process: Process
  /** Seconds. */
  readonly length: number
  /** Judged from here on; what came before is the service's past. Seconds. */
  readonly from?: number
  /** Ends with the first page. */
  readonly untilPaged?: boolean
  /** The process ends and begins anew, about so often. Seconds; left out: never. */
  readonly restartsEvery?: number
  readonly random: Random
}

/** Evaluated so often while bad ones come or an alert lives. Seconds. */
const OFTEN = 30
/** And so often otherwise: nothing can become bad. */
const SELDOM = 300
/** Where too little can become true by itself. Seconds. */
const SCARCE = 120
/** What is counted is handed on once a minute; what a process that crashes had not handed on is lost. */
const HANDED_ON = 60
const HOUR = 3600
const DAY = 24 * HOUR

export function simulate(simulation: Simulation): readonly Page[] {
  const { rule, pair, process, length, from = 0, untilPaged = false, restartsEvery, random } = simulation
  const past = new Past(length / STEP, pair)
  const pages: Page[] = []
  let alert: Alert | undefined
  let seenBad = 0
  let restartAt = restartsEvery === undefined ? Infinity : random.exponential(restartsEvery)
  for (let seconds = STEP; seconds <= length; seconds += STEP) {
    past.add(process(seconds - STEP))
    if (seconds >= restartAt) {
      past.restart()
      restartAt = seconds + random.exponential(restartsEvery!)
    }
    if (seconds < from) continue
    const isAlive = alert !== undefined && (alert.state === 'pending' || isOpen(alert))
    const isNews = past.bad !== seenBad
    const calm = past.isScarce ? SCARCE : SELDOM
    if (seconds % (isAlive || isNews ? OFTEN : calm) !== 0) continue
    seenBad = past.bad
    const now = { monotonicMs: seconds * 1000, epochMs: seconds * 1000 }
    const verdict = rule.judge(past.readings, openAlert(alert, now))
    const step = stepAlert(alert, verdict, rule, { id: 'simulated', rule: rule.name, service: 'simulated' }, now)
    alert = step.alert
    for (const { type, alert: told } of step.transitions) {
      if (type === 'fired' || type === 'escalated') pages.push({ at: seconds, severity: told.severity, message: told.message })
    }
    if (untilPaged && pages.length > 0) break
  }
  return pages
}

class Past {
  readonly #all: Float64Array
  readonly #bad: Float64Array
  #now = 0
  #startedAt = 0
  readonly readings: Readings
  /** A rule that fires for too little, not for bad ones. */
  readonly isScarce: boolean

  constructor(steps: number, pair: CountedPair) {
    this.#all = new Float64Array(steps + 1)
    this.#bad = new Float64Array(steps + 1)
    this.isScarce = pair.someAre === 'owed'
    this.readings = this.#readingsOf(pair)
  }

  get bad(): number {
    return this.#bad[this.#now]!
  }

  add({ count, bad }: { readonly count: number; readonly bad: number }): void {
    this.#all[this.#now + 1] = this.#all[this.#now]! + count
    this.#bad[this.#now + 1] = this.#bad[this.#now]! + bad
    this.#now++
  }

  /** What was not handed on never happened. */
  restart(): void {
    const handedOn = this.#now - (this.#now % (HANDED_ON / STEP))
    for (let step = handedOn + 1; step <= this.#now; step++) {
      this.#all[step] = this.#all[handedOn]!
      this.#bad[step] = this.#bad[handedOn]!
    }
    this.#startedAt = this.#now
  }

  #grew(totals: Float64Array, seconds: number): number {
    return totals[this.#now]! - totals[Math.max(0, this.#now - Math.floor(seconds / STEP))]!
  }

  #readingsOf(pair: CountedPair): Readings {
    const known = () => Math.min(DAY, this.#now * STEP)
    const owed = (seconds: number) => 1000 * Math.min(seconds, this.#now * STEP)
    const all = (seconds: number) => this.#grew(this.#all, seconds)
    const bad = (seconds: number) => this.#grew(this.#bad, seconds)
    const some = { owed, bad, good: (seconds: number) => all(seconds) - bad(seconds) }[pair.someAre]
    return {
      counts: () => ({
        grew: (place, seconds) => (place === 0 ? all(seconds) : some(seconds)),
        reachSeconds: known() > HOUR ? known() - (known() % 60) : known(),
      }),
      events: (selector, windowSeconds) => ({
        count: isOfSome(selector, pair) ? some(windowSeconds) : all(windowSeconds),
        windowSeconds,
        coveredSeconds: Math.min(windowSeconds, known()),
      }),
      coveredSeconds: (windowSeconds) => Math.min(windowSeconds, (this.#now - this.#startedAt) * STEP),
      level: (selector) => (isOwed(selector, pair) ? { value: 1, ageSeconds: 0, stale: false } : undefined),
      timeAbove: (_, windowSeconds) => ({ seconds: owed(windowSeconds) / 1000, coveredSeconds: Math.min(windowSeconds, known()) }),
      falls: unused,
      distribution: unused,
      quantile: unused,
      state: unused,
      lastSeenSeconds: unused,
      groups: unused,
      within: unused,
    }
  }
}

function unused(): never {
  throw new Error('No rule that can be simulated reads this.')
}
