/**
 * ln(n!) for whole n >= 0. Up to 20 from the exact product; beyond by Stirling's series, whose first term left out is
 * 1/(1680 n^7): below 4e-13 from there on. (Abramowitz and Stegun, 6.1.41.)
 */
export function logFactorial(n: number): number {
  if (n <= EXACT) return LOGS[n]!
  const x = n * n
  return (n + 0.5) * Math.log(n) - n + HALF_LOG_TWO_PI + (1 / 12 - (1 / 360 - 1 / (1260 * x)) / x) / n
}

const EXACT = 20
const HALF_LOG_TWO_PI = Math.log(2 * Math.PI) / 2
const LOGS: readonly number[] = Array.from({ length: EXACT + 1 }, (_, n) => {
  let product = 1
  for (let factor = 2; factor <= n; factor++) product *= factor
  return Math.log(product)
})
