/** Numbers without rounding, for whoever checks those with it. */

/** Above and below the line; the one below is more than 0. */
export type Fraction = readonly [above: bigint, below: bigint]

export const ZERO: Fraction = [0n, 1n]

/** Of the decimal digits that a number is written in: 0.1 is a tenth. */
export function fraction(number: number | string): Fraction {
  const [, sign, whole, part = '', exponent = '0'] = /^\s*(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?\s*$/.exec(String(number)) ?? []
  if (whole === undefined) throw new Error(`${number} is no decimal number.`)
  const digits = BigInt(`${sign}${whole}${part}`)
  const places = part.length - Number(exponent)
  return places >= 0 ? [digits, 10n ** BigInt(places)] : [digits * 10n ** BigInt(-places), 1n]
}

export const whole = (number: number): Fraction => [BigInt(number), 1n]
export const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => (b === d ? [a + c, b] : [a * d + c * b, b * d])
export const minus = (left: Fraction, [c, d]: Fraction): Fraction => plus(left, [-c, d])
export const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d]
export const over = ([a, b]: Fraction, [c, d]: Fraction): Fraction => (c < 0n ? [-a * d, -b * c] : [a * d, b * c])
/** Below 0, 0 or above 0, as the first is less than, equal to or more than the second. */
export const compare = ([a, b]: Fraction, [c, d]: Fraction): number => {
  const difference = a * d - c * b
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

export function toNumber([above, below]: Fraction): number {
  const rest = above % below
  return Number(above / below) + Number((rest * 10n ** 24n) / below) / 1e24
}

/** P(X >= k) of n independent events that each happen with probability p, term by term. */
export function atLeast(k: number, n: number, p: Fraction): Fraction {
  const key = `${k} ${n} ${p[0]}/${p[1]}`
  let known = tails.get(key)
  if (!known) tails.set(key, (known = tail(k, n, p)))
  return known
}

const tails = new Map<string, Fraction>()

function tail(k: number, n: number, [above, below]: Fraction): Fraction {
  let sum = 0n
  let ways = 1n
  for (let i = 0; i <= n; i++) {
    if (i >= k) sum += ways * above ** BigInt(i) * (below - above) ** BigInt(n - i)
    ways = (ways * BigInt(n - i)) / BigInt(i + 1)
  }
  return [sum, below ** BigInt(n)]
}
