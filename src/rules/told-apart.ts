/** A figure beside a limit, in as few digits as say on which side of it the figure is. Pure. */
import { isAbove, isBelow } from './beyond.ts'

/** Digits of a number in binary that are its own. */
const MOST_DIGITS = 17

/** One decimal, and four digits of what is small. */
export function rounded(value: number): number {
  return Math.abs(value) >= 10 || value === 0 ? Math.round(value * 10) / 10 : Number(value.toPrecision(4))
}

/** 79.97 beside 80 is not 80, though 79.97 beside 90 may be. What differs by the rounding of arithmetic alone is the limit. */
export function toldApart(value: number, limit: number): number {
  const isUp = isAbove(value, limit)
  if (!isUp && !isBelow(value, limit)) return limit
  const isOnItsSide = (shown: number) => (isUp ? shown > limit : shown < limit)
  const usual = rounded(value)
  if (isOnItsSide(usual)) return usual
  for (let digits = 1; digits < MOST_DIGITS; digits++) {
    const shown = Number(value.toPrecision(digits))
    if (isOnItsSide(shown) && Math.abs(shown - value) <= Math.abs(usual - value)) return shown
  }
  return value
}
