import { logGamma } from './log-gamma.ts'

/**
 * P(X >= k) of n independent events that each happen with probability p: the one-sided test of "so many failures would be bad luck". Exact
 * where k and n are whole numbers, and in between what the incomplete beta function makes of it, I_p(k, n - k + 1), so that evidence which
 * is worth a part of an event counts as that (Abramowitz and Stegun, 26.5.24). Relative error below 1e-9 where the tail is small, n up to 100,000.
 */
export function binomialTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1
  if (k > n || p <= 0) return 0
  if (p >= 1) return 1
  return incompleteBeta(p, k, n - k + 1)
}

/** I_x(a, b), by its continued fraction on the side where that converges fast. */
function incompleteBeta(x: number, a: number, b: number): number {
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  return x < (a + 1) / (a + b + 2) ? (front * continuedFraction(x, a, b)) / a : 1 - (front * continuedFraction(1 - x, b, a)) / b
}

const MOST_TERMS = 10_000
const PRECISE = 1e-14
/** In place of a zero that would be divided by. */
const TINY = 1e-300

/** Abramowitz and Stegun, 26.5.8, evaluated by the modified method of Lentz (Press et al., Numerical Recipes, 6.4). */
function continuedFraction(x: number, a: number, b: number): number {
  let c = 1
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1))
  let result = d
  for (let m = 1; m <= MOST_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / nonZero(1 + even * d)
    c = nonZero(1 + even / c)
    result *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / nonZero(1 + odd * d)
    c = nonZero(1 + odd / c)
    const change = d * c
    result *= change
    if (Math.abs(change - 1) < PRECISE) break
  }
  return result
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value
}
