/** One aim, measured over seeds. */
import { countedPair, type CountedPair } from '../rules/counted-pair.ts'
import type { Rule } from '../types.ts'
import type { Aim, Fault, Quiet } from './aims.ts'
import { untilTold, type UntilTold } from './fault.ts'
import { processOf } from './process.ts'
import { randomOf, seedOf } from './random.ts'
import { simulate, type Page } from './simulated-service.ts'

export interface MeasuredQuiet {
  /** Pages in 30 days by work. */
  readonly pages: readonly number[]
  readonly critical: number
  /** Pages in outages, of how many outages; the most in one. */
  readonly real: readonly [pages: number, outages: number, most: number]
}

export interface Measured {
  readonly aim: Aim
  readonly figures: MeasuredQuiet | UntilTold
  readonly isMet: boolean
}

const HOUR = 3600
const DAY = 24 * HOUR
/** Days of one seed of what is to be quiet. */
const DAYS = 30
/** A page belongs to an outage that is over no longer than this. Seconds. */
const AFTER = 180
/** Restarts come about so often, in half of the seeds. Seconds. */
const RESTARTS = 6 * HOUR

export function measured(aim: Aim, rule: Rule, seeds: readonly number[]): Measured {
  const pair = countedPair(rule)!
  return aim.kind === 'quiet' ? quietMeasured(aim, rule, pair, seeds) : faultMeasured(aim, rule, pair, seeds)
}

function quietMeasured(aim: Quiet, rule: Rule, pair: CountedPair, seeds: readonly number[]): Measured {
  let critical = 0
  const real: [number, number, number] = [0, 0, 0]
  const pages = aim.works.map((work) => {
    let count = 0
    for (const seed of seeds) {
      const outages: { readonly from: number; readonly to: number; pages: number }[] = []
      const bad = aim.bad((from, to) => void outages.push({ from, to, pages: 0 }))
      const random = randomOf(seedOf(seed, work.rate))
      const process = processOf(work, bad)(random)
      const told = simulate({ rule, pair, process, length: DAYS * DAY, random, ...restartsOf(seed) })
      for (const page of told) {
        const outage = outages.find(({ from, to }) => page.at >= from && page.at <= to + AFTER)
        if (outage) outage.pages += isFirst(page, told) ? 1 : 0
        else count += 1
        if (!outage && page.severity === 'CRITICAL') critical++
      }
      for (const outage of outages) {
        real[0] += Math.min(1, outage.pages)
        real[1]++
        real[2] = Math.max(real[2], outage.pages)
      }
    }
    return count / seeds.length
  })
  const isMet = pages.reduce((sum, each) => sum + each, 0) <= aim.most + 1e-9 && critical === 0 && real[2] <= 1
  return { aim, figures: { pages, critical, real }, isMet }
}

/** Half of the seeds have them. */
export function restartsOf(seed: number): { readonly restartsEvery?: number } {
  return seed % 2 === 0 ? { restartsEvery: RESTARTS } : {}
}

/** A WARNING that becomes CRITICAL is one page of one outage. */
function isFirst(page: Page, pages: readonly Page[]): boolean {
  return !pages.some(
    (other) => other !== page && other.at <= page.at && page.at - other.at < 900 && pages.indexOf(other) < pages.indexOf(page),
  )
}

function faultMeasured(aim: Fault, rule: Rule, pair: CountedPair, seeds: readonly number[]): Measured {
  const figures = untilTold(rule, pair, aim, seeds)
  return { aim, figures, isMet: figures.median <= aim.median && figures.p90 <= (aim.p90 ?? Infinity) }
}
