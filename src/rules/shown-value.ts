/** How a rejected value is shown to the person who wrote it: short, on one line, and without passwords in URLs. */
import { maskedValue } from '../credentials.ts'

const LONGEST = 100

export function shownValue(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  const text = inOneLine(value)
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
    return JSON.stringify(value, masked) ?? String(undefined)
  } catch {
    // Circular, or with a BigInt inside.
    return 'an object that is no JSON'
  }
}

/** Names of fields may hold what their values may. */
function masked(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return maskedValue(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [maskedValue(key), each]))
}
