/** What can be counted or measured: a finite number that is not negative. */

/** Up to 2^53 - 1: beyond it a sum no longer counts, and two such values would be infinite. */
export function isAmount(n: unknown): n is number {
  return typeof n === 'number' && n >= 0 && n <= Number.MAX_SAFE_INTEGER
}
