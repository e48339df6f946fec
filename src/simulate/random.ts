/** Random numbers that a seed makes again. */

export interface Random {
  /** 0 to less than 1. */
  next(): number
  /** Exponentially distributed. */
  exponential(mean: number): number
  poisson(mean: number): number
  /** How many of `n` happen that each happen with probability `p`. */
  binomial(n: number, p: number): number
  /** Between 0 and 1, of a beta distribution. */
  beta(alpha: number, beta: number): number
}

/** Above this mean a Poisson distribution is taken for a normal one. */
const MANY = 50

/** The generator is mulberry32 (Tommy Ettinger, public domain). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  /** Box and Muller. */
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  /** Marsaglia and Tsang, 2000. */
  const gamma = (shape: number): number => {
    if (shape < 1) return gamma(shape + 1) * (1 - next()) ** (1 / shape)
    const d = shape - 1 / 3
    const c = 1 / Math.sqrt(9 * d)
    for (;;) {
      const x = normal()
      const v = (1 + c * x) ** 3
      if (v > 0 && Math.log(1 - next()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return d * v
    }
  }
  return {
    next,
    exponential: (mean) => -mean * Math.log(1 - next()),
    poisson(mean) {
      if (mean > MANY) return Math.max(0, Math.round(mean + normal() * Math.sqrt(mean)))
      const none = Math.exp(-mean)
      let count = 0
      for (let p = next(); p > none; p *= next()) count++
      return count
    },
    binomial(n, p) {
      let count = 0
      for (let i = 0; i < n; i++) if (next() < p) count++
      return count
    },
    beta(alpha, beta) {
      const x = gamma(alpha)
      return x / (x + gamma(beta))
    },
  }
}

/** The same seeds of different works have nothing in common. */
export function seedOf(seed: number, rate: number): number {
  return seed * 7919 + rate
}
