/** What is known of a queue at one instant, and how figures of it are put together. Pure. */

/** What is known of one queue; a figure that is not known is absent. */
export interface QueueReading {
  /** Waiting for a worker now. */
  readonly due?: number
  /** Waiting for their time. */
  readonly scheduled?: number
  /** Held by workers. */
  readonly leased?: number
  /** Failed for good and kept. */
  readonly failed?: number
  /** Seconds that the oldest has been due; of a stream with a group, that the oldest undelivered or unacknowledged entry has existed. 0 where there is none. */
  readonly oldestAgeSeconds?: number
  /** Whether nobody is to take anything from it for now. */
  readonly paused?: boolean
}

/**
 * September 2001 in epoch milliseconds. A score or id below it is no time but a priority, a counter or "at once": what carries it is
 * due, nobody knows since when.
 */
export const EARLIEST_MS = 1e12

/**
 * Of several keys that are one queue: sizes are added up, the oldest age is the greatest. A size that one key lacks is not known. It is paused
 * if all of it is.
 */
export function sumOf(readings: readonly QueueReading[]): QueueReading {
  const total = (field: Exclude<keyof QueueReading, 'paused'>): number | undefined =>
    readings.reduce<number | undefined>(
      (sum, reading) => (sum !== undefined && reading[field] !== undefined ? sum + reading[field] : undefined),
      0,
    )
  return known({
    due: total('due'),
    scheduled: total('scheduled'),
    leased: total('leased'),
    failed: total('failed'),
    oldestAgeSeconds: greatest(readings.map(({ oldestAgeSeconds }) => oldestAgeSeconds)),
    paused: readings.some(({ paused }) => paused !== undefined) ? readings.every(({ paused }) => paused === true) : undefined,
  })
}

/** Without the figures that are not known. */
export function known(figures: { readonly [field in keyof QueueReading]: QueueReading[field] | undefined }): QueueReading {
  return Object.fromEntries(Object.entries(figures).filter(([, figure]) => figure !== undefined))
}

/** Of those that are known; `undefined` if none is. */
export function greatest(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined)
}

/** Seconds, >= 0. */
export function ageSeconds(nowMs: number, sinceMs: number): number {
  return Math.max(0, (nowMs - sinceMs) / 1000)
}
