/** How `otel-health check` ends: exit codes and one line, as Nagios plugins have them. */
import type { FoldedStatus } from '../subscribe/service-status.ts'
import { cleanJson } from '../wire/clean-text.ts'

export interface Verdict {
  readonly word: 'OK' | 'WARNING' | 'CRITICAL' | 'UNKNOWN'
  readonly code: number
}

/** What could not be found out, for whatever reason. */
export const UNKNOWN = 3

export const VERDICTS: Readonly<Record<FoldedStatus, Verdict>> = {
  healthy: { word: 'OK', code: 0 },
  degraded: { word: 'WARNING', code: 1 },
  unhealthy: { word: 'CRITICAL', code: 2 },
  // Nothing failed, and somebody may have meant it; it does no work all the same.
  stopped: { word: 'WARNING', code: 1 },
  unknown: { word: 'UNKNOWN', code: UNKNOWN },
}

interface Telling {
  readonly json: boolean
  /** One line of data. */
  out(line: string): void
}

/** Returns the exit code. `figures`: what comes after the message, with its bar. */
export function tellVerdict(io: Telling, { word, code }: Verdict, message: string, figures: string = ''): number {
  io.out(io.json ? cleanJson({ status: word, code, message }) : `${word} - ${oneLine(message)}${figures}`)
  return code
}

/** A bar would begin the figures. */
function oneLine(message: string): string {
  return message.replaceAll('|', '/')
}
