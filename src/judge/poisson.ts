import { logFactorial } from './log-factorial.ts'

/**
 * P(X <= k) of events that come independently, `mean` of them on average: how surprising it is to have seen so few.
 * k is a whole number; the terms of the smaller side are added, from the largest on.
 */
export function poissonAtMost(k: number, mean: number): number {
  if (k < 0) return 0
  if (mean <= 0) return 1
  if (k < mean) {
    let term = pointProbability(k, mean)
    let sum = 0
    for (let i = k; i >= 0 && sum + term !== sum; i--) {
      sum += term
      term *= i / mean
    }
    return Math.min(1, sum)
  }
  let term = pointProbability(k + 1, mean)
  let above = 0
  for (let i = k + 1; above + term !== above; i++) {
    above += term
    term *= mean / (i + 1)
  }
  return Math.max(0, 1 - above)
}

function pointProbability(k: number, mean: number): number {
  return Math.exp(k * Math.log(mean) - mean - logFactorial(k))
}
