/** How health.config is checked: what is wrong is said in one sentence that names the key, its value and what is expected. */
import { hasCredentials } from '../credentials.ts'
import { nearest } from './nearest.ts'
import { shownSecret, shownValue } from '../rules/shown-value.ts'

export type Fields = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function fail(path: string, value: unknown, expected: string, secret: boolean = false): never {
  throw new Error(`${path} is ${secret ? shownSecret(value) : shownValue(value)}, expected ${expected}.`)
}

/** A key that is not known is named together with the nearest one that is: what is silently not there is found out at night. */
export function checkKeys(object: Fields, known: readonly string[], where: string): void {
  for (const key of Object.keys(object)) {
    if (known.includes(key)) continue
    throw new Error(`${where}${shownValue(key)} is not a known key: did you mean "${nearest(key, known) ?? ''}"?`)
  }
}

export function checkOneOf(value: unknown, allowed: readonly string[], path: string): void {
  if (!allowed.includes(value as string)) fail(path, value, allowed.map((each) => `'${each}'`).join(' or '))
}

export function checkText(value: unknown, path: string, expected: string = 'a text that is not empty', secret: boolean = false): void {
  if (typeof value !== 'string' || value === '') fail(path, value, expected, secret)
  // It may be published.
  if (!secret && hasCredentials(value)) fail(path, value, `${expected}, and no user or password in it`)
}

/** The value is left out of the sentence: a URL may hold a password. */
export function checkUrl(value: unknown, path: string, protocols: readonly string[]): void {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (!url || !protocols.includes(url.protocol)) throw new Error(`${path} must be a URL that begins with ${protocols.join('// or ')}//.`)
}
