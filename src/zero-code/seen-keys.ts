/** What can be said of a value in which something was not found: the names in it, never what they hold. */
import { isMap } from 'node:util/types'

const MOST = 10
/** What a programmer calls a property; anything else may be data. */
const NAME = /^[\w$.-]{1,40}$/

/** Begins with a verb: `has ok, body`. Never throws. */
export function whatItHas(value: unknown): string {
  try {
    if (value === undefined || value === null) return `was ${String(value)}`
    if (Array.isArray(value)) return `was a list of ${value.length}`
    if (isMap(value)) return `was a Map with ${listed([...value.keys()])}`
    return typeof value === 'object' || typeof value === 'function' ? `had ${listed(keysOf(value))}` : `was a ${typeof value}`
  } catch {
    return 'could not be looked at'
  }
}

/** Its own, and the getters of its class, as a Response has them. */
function keysOf(value: object): readonly string[] {
  const keys = new Set(Object.keys(value))
  for (let made = Object.getPrototypeOf(value) as object | null; made && made !== Object.prototype; made = Object.getPrototypeOf(made)) {
    for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(made))) if ('get' in property) keys.add(key)
  }
  return [...keys]
}

function listed(keys: readonly unknown[]): string {
  const names = keys.filter((key): key is string => typeof key === 'string' && NAME.test(key))
  const more = keys.length - Math.min(names.length, MOST)
  if (keys.length === 0) return 'no keys'
  const shown = names.slice(0, MOST).join(', ')
  return shown === '' ? `${keys.length} keys` : `the keys ${shown}${more > 0 ? ` and ${more} more` : ''}`
}
