/** What is kept of any selector. */
import type { Selector } from '../types.ts'

export interface Kept<S extends Selector> {
  readonly kind: S['kind']
  readonly selector: S
  /** Whether any series of it was ever there. */
  seen: boolean
}
