/**
 * ln of the gamma function for x > 0. Below 10 by its recurrence; from there by Stirling's series, whose first term left out is
 * 691/(360,360 x^11): below 2e-14. (Abramowitz and Stegun, 6.1.15 and 6.1.41.)
 */
export function logGamma(x: number): number {
  let shift = 0
  let at = x
  for (; at < 10; at++) shift += Math.log(at)
  const square = at * at
  const series = (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / (1188 * square)) / square) / square) / square) / at
  return (at - 0.5) * Math.log(at) - at + HALF_LOG_TWO_PI + series - shift
}

const HALF_LOG_TWO_PI = Math.log(2 * Math.PI) / 2
