import { logFactorial } from './log-factorial.ts'

/**
 * P(X >= k) of n independent events that each happen with probability p: the exact one-sided test of "so many failures
 * would be bad luck". n and k are whole numbers, n up to 100,000; relative error below 1e-9 where the tail is small.
 * Only the terms on the far side of the mean are added, from the largest on, so that nothing cancels or underflows early.
 */
export function binomialTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1
  if (k > n || p <= 0) return 0
  if (p >= 1) return 1
  const odds = p / (1 - p)
  if (k > n * p) {
    let term = pointProbability(k, n, p)
    let sum = 0
    for (let i = k; i <= n && sum + term !== sum; i++) {
      sum += term
      term *= ((n - i) / (i + 1)) * odds
    }
    return Math.min(1, sum)
  }
  let term = pointProbability(k - 1, n, p)
  let below = 0
  for (let i = k - 1; i >= 0 && below + term !== below; i--) {
    below += term
    term *= i / (n - i + 1) / odds
  }
  return Math.max(0, 1 - below)
}

function pointProbability(k: number, n: number, p: number): number {
  return Math.exp(logFactorial(n) - logFactorial(k) - logFactorial(n - k) + k * Math.log(p) + (n - k) * Math.log1p(-p))
}
