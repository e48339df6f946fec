/** Sorted sets whose scores are times, in pages: however many members there are, one answer stays small. */
import type { Ask } from './redis-questions.ts'

export interface Score {
  readonly name: string
  /** Epoch milliseconds of the server; `undefined` for what is no time, or so far ahead that it cannot be one. */
  readonly at: number | undefined
}

/** Milliseconds that a time may be ahead of the server's clock: after a failover another server's clock counts. */
export const FUTURE_MS = 300_000

const PAGE = 500

export interface ScorePage {
  readonly scores: readonly Score[]
  /** Where to go on; '0': this was the last page. */
  readonly cursor: string
  readonly refused?: string
}

/** A member that was there all the time is on a page, maybe on two. */
export async function readScorePage(ask: Ask, key: string, cursor: string, now: number): Promise<ScorePage> {
  const [answer] = await ask([['zscan', key, cursor, 'COUNT', PAGE]])
  if (answer?.refused !== undefined) return { scores: [], cursor: '0', refused: answer.refused }
  const [next, members] = answer!.value as [string, readonly string[]]
  return { scores: toScores(members, now), cursor: next }
}

/** From a reply WITHSCORES. */
export function toScores(reply: readonly string[], now: number): Score[] {
  const scores: Score[] = []
  for (let i = 0; i + 1 < reply.length; i += 2) scores.push({ name: reply[i]!, at: toTime(reply[i + 1]!, now) })
  return scores
}

export function toTime(score: string, now: number): number | undefined {
  const at = Number(score)
  return Number.isFinite(at) && at <= now + FUTURE_MS ? at : undefined
}
