import type { CountsSelector, Selector } from '../types.ts'
import type { CountsAt } from './counts-at.ts'
import type { Keeper } from './keeper.ts'

/** What is kept of the series that have one value of an attribute, or of all. */
export class Group {
  /** By `keyOf` their selectors. */
  readonly keepers = new Map<string, Keeper>()
  /** The same by the objects that asked for them. */
  readonly asked = new Map<Selector, Keeper | undefined>()
  /** By the object that asks for them at each evaluation: each asks for its own windows. */
  readonly counts = new Map<CountsSelector, CountsAt>()
}
