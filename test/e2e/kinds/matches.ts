import { expect } from 'vitest'

/** Whether a value is as expected, by the matchers of the test library. */
export function is(value: unknown, expected: unknown): boolean {
  try {
    expect(value).toEqual(expected)
    return true
  } catch {
    return false
  }
}

/** Whether its fields are as expected, whatever else it has. */
export function has(value: object, expected: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(expected).every(([name, of]) => is((value as Readonly<Record<string, unknown>>)[name], of))
}
