/** How much of a number may be what arithmetic in binary makes of decimal ones: 23 an hour is not more than 23 an hour. */
const NOISE = 1e-12

/** Whether `value` is more than `limit`, and not by rounding alone. */
export function isAbove(value: number, limit: number): boolean {
  return value - limit > NOISE * Math.max(Math.abs(value), Math.abs(limit))
}

/** Whether `value` is less than `limit`, and not by rounding alone. */
export function isBelow(value: number, limit: number): boolean {
  return isAbove(limit, value)
}
