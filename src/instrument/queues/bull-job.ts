/** What Bull and BullMQ both write of a job. Pure. */
import type { Command, Reply } from './command-client.ts'
import { EARLIEST_MS } from './queue-reading.ts'
import { finite, firstScore, list, text } from './redis-reply.ts'

/** Scores of delayed jobs: the time due in milliseconds times this, plus a number that keeps their order. */
export const DELAYED_SCORES_PER_MS = 0x1000

/** What `waitingSince` reads of a job's hash. */
const TIMES_OF_JOB = ['timestamp', 'processedOn', 'opts'] as const

/**
 * When each of these jobs began to wait, and the first of the delayed ones if its time has come: epoch milliseconds, `undefined` where that is
 * not known. `firstOverdue`: what ZRANGE with its score answered.
 */
export function* waitingTimes(
  prefix: string,
  jobs: readonly string[],
  firstOverdue: Reply | undefined,
): Generator<readonly Command[], (number | undefined)[], readonly Reply[]> {
  const replies = jobs.length === 0 ? [] : yield jobs.map((id) => ['HMGET', prefix + id, ...TIMES_OF_JOB] as const)
  const firstDue = firstOverdue === undefined ? undefined : firstScore(firstOverdue)
  return [...replies.map(waitingSince), ...(firstDue === undefined ? [] : [Math.floor(firstDue / DELAYED_SCORES_PER_MS)])]
}

/** A job waits since it was added and its delay was over, or since it was last begun: a retry keeps its `timestamp`. */
function waitingSince(reply: Reply): number | undefined {
  const [timestamp, processedOn, opts] = list(reply)
  const added = finite(timestamp)
  if (added === undefined || added < EARLIEST_MS) return undefined
  return Math.max(added + delayOf(opts), finite(processedOn) ?? 0)
}

/** The delay a job was added with; the field `delay` is 0 once it is over. */
function delayOf(opts: unknown): number {
  try {
    const { delay } = JSON.parse(text(opts)) as { delay?: unknown }
    return Math.max(0, finite(delay) ?? 0)
  } catch {
    return 0
  }
}
