import { UpstreamError } from './upstream-error.ts'

/** Calls by their answer: `ok`, or the code of the UpstreamError. */
export type CallCounts = Readonly<Record<string, number>>

export function count(counts: Record<string, number>, key: string, by = 1): void {
  counts[key] = (counts[key] ?? 0) + by
}

/** The call, counted once it has settled. */
export async function counted<T>(counts: Record<string, number>, call: Promise<T>): Promise<T> {
  try {
    const answer = await call
    count(counts, 'ok')
    return answer
  } catch (error) {
    if (error instanceof UpstreamError) count(counts, error.code)
    throw error
  }
}
