/** How a rejected value is shown to the person who wrote it: short, on one line, and without passwords in URLs. */

const LONGEST = 100

export function shownValue(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  const text = inOneLine(value).replaceAll(/:\/\/[^@/\s"]*@/g, '://…@')
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

/** For what may be a password or hold one. */
export function shownSecret(value: unknown): string {
  return value === '' ? 'empty' : `of type ${typeof value}`
}

function inOneLine(value: unknown): string {
  // JSON would make null of NaN and Infinity.
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  try {
    return JSON.stringify(value) ?? String(undefined)
  } catch {
    // Circular, or with a BigInt inside.
    return 'an object that is no JSON'
  }
}
