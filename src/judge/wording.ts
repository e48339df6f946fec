/** How figures read in messages. */

/** 71.4, 100, 0.2: one decimal, and none where it is zero. */
export function decimal(value: number): number {
  return Math.round(value * 10) / 10
}

export function capitalised(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

/** 12,345: to one decimal. */
export function amount(value: number): string {
  return grouped(decimal(value))
}

/** 12,345.678: all its digits. */
export function grouped(value: number): string {
  const digits = String(value)
  const size = Math.abs(value)
  // From 1e21 on, numbers are written with an exponent.
  if (!(size >= 1000 && size < 1e21)) return digits
  const point = digits.indexOf('.')
  let whole = point < 0 ? digits : digits.slice(0, point)
  let rest = digits.slice(whole.length)
  for (; whole.length > (value < 0 ? 4 : 3); whole = whole.slice(0, -3)) rest = `,${whole.slice(-3)}${rest}`
  return whole + rest
}

/** Seconds as people say them: 45 s, 5 min, 6 h, 2 d. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${decimal(seconds)} s`
  if (seconds < 3600) return `${decimal(seconds / 60)} min`
  if (seconds < 48 * 3600) return `${decimal(seconds / 3600)} h`
  return `${decimal(seconds / 86_400)} d`
}

/** "once in 300 times": a probability as the odds people can picture, to two digits. */
export function onceIn(probability: number): string {
  if (probability < 1e-6) return 'less than once in a million times'
  return `once in ${amount(Number((1 / probability).toPrecision(2)))} times`
}
