/** JSON that somebody else wrote, looked at field by field: anybody may publish, and a reader must not fall over it. */
import { fromIso } from './iso-time.ts'

export type Fields = Readonly<Record<string, unknown>>

/** `undefined` for what is no JSON, or no object. */
export function parseFields(json: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isListOf<T>(value: unknown, is: (entry: unknown) => entry is T): value is readonly T[] {
  return Array.isArray(value) && value.every((entry) => is(entry))
}

export function isText(value: unknown): value is string {
  return typeof value === 'string'
}

export function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

export function isTime(value: unknown): value is string {
  return fromIso(value) !== undefined
}
