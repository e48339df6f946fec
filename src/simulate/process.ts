/** How a simulated service works: what comes in each 10 s, and how much of it is bad. */
import type { Random } from './random.ts'

/** Seconds of a step. */
export const STEP = 10

export interface Step {
  /** What was done. */
  readonly count: number
  readonly bad: number
}

/** Told the seconds at which each step begins, in order. */
export type Process = (seconds: number) => Step

export type ProcessOf = (random: Random) => Process

export interface Work {
  /** An hour. */
  readonly rate: number
  /** In one piece, done at once; all of it is bad, or nothing. Default 1. */
  readonly batch?: number
  /** `regular`: at equal distances. Default by chance. */
  readonly arrivals?: 'chance' | 'regular'
  /** Nothing is done from here on. Seconds. */
  readonly stopsAt?: number
  /** By how much the rate goes up and down in a day, 0 to 1. */
  readonly dayAndNight?: number
}

/** The share of bad ones at a time, 0 to 1, as it is on average over the step that begins there. */
export type BadShare = (seconds: number) => number
export type BadShareOf = (random: Random) => BadShare

const HOUR = 3600
const DAY = 24 * HOUR

export function processOf(work: Work, bad: BadShareOf): ProcessOf {
  const { rate, batch = 1, arrivals = 'chance', stopsAt = Infinity, dayAndNight = 0 } = work
  return (random) => {
    const share = bad(random)
    const piecesIn = (seconds: number): number => {
      const perStep = ((rate / batch) * STEP * (1 + dayAndNight * Math.sin((2 * Math.PI * seconds) / DAY))) / HOUR
      if (arrivals === 'chance') return random.poisson(perStep)
      return Math.floor(((seconds + STEP) / STEP) * perStep + 1e-9) - Math.floor((seconds / STEP) * perStep + 1e-9)
    }
    return (seconds) => {
      const p = share(seconds)
      const pieces = seconds >= stopsAt ? 0 : piecesIn(seconds)
      return { count: batch * pieces, bad: p === 0 ? 0 : batch * random.binomial(pieces, p) }
    }
  }
}

/** Each is bad with the same probability, whatever the others are. */
export function independent(share: number): BadShareOf {
  return () => () => share
}

/** From `at` on another share. */
export function changing(before: BadShareOf, at: number, after: number): BadShareOf {
  return (random) => {
    const share = before(random)
    return (seconds) => (seconds >= at ? after : share(seconds))
  }
}

/** For each stretch of `seconds` a share of its own, of a beta distribution whose intra-class correlation is `rho`. */
export function betaBinomial(share: number, rho: number, stretch: number): BadShareOf {
  return (random) => {
    let at = -1
    let now = share
    const size = 1 / rho - 1
    return (seconds) => {
      if (Math.floor(seconds / stretch) !== at) {
        at = Math.floor(seconds / stretch)
        now = random.beta(share * size, (1 - share) * size)
      }
      return now
    }
  }
}

export interface Bursts {
  /** Over all time. */
  readonly share: number
  /** Seconds on average; exponentially distributed. */
  readonly seconds: number
  /** Share of bad ones in a burst. Default all. */
  readonly within?: number
}

/** Good and bad times by turns (a Markov chain in continuous time), `told` of each burst as it begins. */
export function bursts({ share, seconds: mean, within = 1 }: Bursts, told: (from: number, to: number) => void = () => {}): BadShareOf {
  return (random) => {
    const inBurst = share / within
    const gap = (mean * (1 - inBurst)) / inBurst
    let isBad = false
    let next = random.exponential(gap)
    return (seconds) => {
      let bad = 0
      let at = seconds
      while (next < seconds + STEP) {
        if (isBad) bad += next - at
        at = next
        isBad = !isBad
        const length = random.exponential(isBad ? mean : gap)
        next = at + length
        if (isBad) told(at, next)
      }
      if (isBad) bad += seconds + STEP - at
      return (bad / STEP) * within
    }
  }
}

/** Good, but for total outages of the same length, one in each stretch of time at a time by chance. */
export function outages(share: number, every: number, length: number, told: (from: number, to: number) => void = () => {}): BadShareOf {
  return (random) => {
    let from = random.next() * (every - length)
    let stretch = 0
    told(from, from + length)
    return (seconds) => {
      if (Math.floor(seconds / every) > stretch) {
        stretch = Math.floor(seconds / every)
        from = stretch * every + random.next() * (every - length)
        told(from, from + length)
      }
      const overlap = Math.max(0, Math.min(seconds + STEP, from + length) - Math.max(seconds, from))
      return share + ((1 - share) * overlap) / STEP
    }
  }
}
