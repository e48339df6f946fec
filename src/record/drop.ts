/** What becomes of a record that cannot be recorded: it is counted, and the first one is said. */

import { diag } from '../diag.ts'
import { RECORDS_DROPPED } from '../catalogue.ts'
import type { Recording } from './recording.ts'

/** `what` stands at the beginning of a sentence: "an attempt without success: true or false". */
export type Drop = (what: string) => void

export function createDrop(recording: Recording): Drop {
  const dropped = recording.counter(RECORDS_DROPPED, {})
  let said = false
  return (what) => {
    dropped.add(1)
    if (said) return
    said = true
    diag.warn(`otel-health: ${what} was dropped; ${RECORDS_DROPPED.name} counts this and what follows`)
  }
}
