/** What becomes of a record that cannot be recorded: it is counted, and the first of each kind is said. */

import { diag } from '../diag.ts'
import { RECORDS_DROPPED } from '../catalogue.ts'
import type { Recording } from './recording.ts'

/** `what` stands at the beginning of a sentence: "an attempt without success: true or false". */
export type Drop = (what: string) => void

/** What is said of the first of each kind; a text that changes all the time does not fill the log. */
const MOST_SAID = 20

export function createDrop(recording: Recording): Drop {
  const dropped = recording.counter(RECORDS_DROPPED, {})
  const said = new Set<string>()
  return (what) => {
    dropped.add(1)
    if (said.has(what) || said.size >= MOST_SAID) return
    said.add(what)
    diag.warn(`otel-health: ${what} was dropped; ${RECORDS_DROPPED.name} counts this and what follows`)
  }
}
