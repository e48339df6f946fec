/** How soon a fault is told. */
import type { CountedPair } from '../rules/counted-pair.ts'
import type { Rule } from '../types.ts'
import { changing, processOf, type BadShareOf, type Work } from './process.ts'
import { randomOf, seedOf } from './random.ts'
import { simulate } from './simulated-service.ts'

export interface Breakdown {
  readonly work: Work
  /** The share of bad ones before it, and from its beginning on; without `after` nothing is done any more. */
  readonly before: BadShareOf
  readonly after?: number
}

/** Minutes; Infinity: not within four days. */
export interface UntilTold {
  readonly median: number
  readonly p90: number
}

const HOUR = 3600
/** A fault that is not found in so long is never found. Seconds. */
const NEVER = 96 * HOUR
/** For each seed: they are short. */
const FAULTS_A_SEED = 5

/** Of a service that was well for a day. */
export function untilTold(rule: Rule, pair: CountedPair, { work, before, after }: Breakdown, seeds: readonly number[]): UntilTold {
  const each = seeds.flatMap((seed) => Array.from({ length: FAULTS_A_SEED }, (_, i) => FAULTS_A_SEED * seed + i))
  const minutes = each.map((seed) => {
    const random = randomOf(seedOf(seed, work.rate + 7))
    const begins = 25 * HOUR + Math.floor(random.next() * HOUR)
    const failing = after === undefined ? { ...work, stopsAt: begins } : work
    const process = processOf(failing, after === undefined ? before : changing(before, begins, after))(random)
    const [page] = simulate({ rule, pair, process, length: begins + NEVER, from: begins, untilPaged: true, random })
    return page ? (page.at - begins) / 60 : Infinity
  })
  const sorted = minutes.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
  return { median: at(0.5), p90: at(0.9) }
}
