/** Whether a process lives: its event loop answers, and its evaluator goes on judging. Nothing else counts, so that no outage restarts it. */

export interface Pulse {
  /** When the monitor was started. Milliseconds on the monotonic clock, as all times here. */
  readonly startedAt: number
  /** When all rules were judged last; `undefined`: never yet. */
  readonly evaluatedAt: number | undefined
  /** Between two evaluations. */
  readonly intervalMs: number
}

/** A machine that stalls, or a process that waits for the processor, is given this long. Milliseconds. */
const LEAST_LIMIT_MS = 30_000
const MISSED_EVALUATIONS = 3

/** Why it does not live, in one sentence; `undefined`: it does. */
export function whyNotAlive({ startedAt, evaluatedAt, intervalMs }: Pulse, now: number): string | undefined {
  const limit = Math.max(MISSED_EVALUATIONS * intervalMs, LEAST_LIMIT_MS)
  const silentFor = now - (evaluatedAt ?? startedAt)
  if (silentFor <= limit) return undefined
  const seconds = Math.floor(silentFor / 1000)
  return evaluatedAt === undefined
    ? `nothing was evaluated in the ${seconds} s since the start (limit ${limit / 1000} s)`
    : `the last evaluation was ${seconds} s ago (limit ${limit / 1000} s)`
}
