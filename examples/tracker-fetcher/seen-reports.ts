import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Report } from '../service/pipeline.ts'
import { commit } from '../service/transaction.ts'
import { reportTime } from './decrypt-report.ts'

/** Apple returns the last seven days with every answer; a day more, because the clocks are not the same. */
const RETENTION_MS = 8 * 24 * 3_600_000

/** One tracker's payloads of one answer, split into those never seen before and the number of the others. */
export interface Unseen {
  readonly fresh: readonly Buffer[]
  readonly duplicates: number
}

/**
 * Which reports were processed already, by hash of the encrypted payload: most of an answer was in the last one too, and decryption
 * costs a millisecond of the event loop each. One sorted set per tracker, by time of the report.
 */
export class SeenReports {
  readonly #redis: Redis
  readonly #handOver: string | undefined
  readonly #prefix: string

  /** `handOver` names the list that what was read is handed over on. */
  constructor(redis: Redis, handOver?: string, prefix = 'tracker:seen') {
    this.#redis = redis
    this.#handOver = handOver
    this.#prefix = prefix
  }

  async filter(payloads: ReadonlyMap<string, readonly Buffer[]>): Promise<ReadonlyMap<string, Unseen>> {
    const pipeline = this.#redis.pipeline()
    const asked = [...payloads].filter(([, list]) => list.length > 0)
    for (const [trackerId, list] of asked) pipeline.zmscore(this.#key(trackerId), ...list.map(hash))
    const replies = (await pipeline.exec()) ?? []
    return new Map(
      asked.map(([trackerId, list], index) => {
        const [error, scores] = replies[index] ?? []
        if (error) throw error
        const fresh = new Map<string, Buffer>()
        list.forEach((payload, i) => {
          if ((scores as unknown[])[i] === null) fresh.set(hash(payload), payload)
        })
        return [trackerId, { fresh: [...fresh.values()], duplicates: list.length - fresh.size }]
      }),
    )
  }

  /** In one transaction with handing over what was read in them: no report is handed over twice, and none is seen but lost. */
  async add(payloads: ReadonlyMap<string, readonly Buffer[]>, read: readonly Report[], now: number): Promise<void> {
    const transaction = this.#redis.multi()
    for (const [trackerId, list] of payloads) {
      if (list.length === 0) continue
      const key = this.#key(trackerId)
      transaction.zadd(key, ...list.flatMap((payload) => [reportTime(payload), hash(payload)]))
      transaction.zremrangebyscore(key, '-inf', now - RETENTION_MS)
      transaction.pexpire(key, RETENTION_MS)
    }
    if (this.#handOver !== undefined && read.length > 0) {
      transaction.rpush(this.#handOver, ...read.map((report) => JSON.stringify(report)))
    }
    await commit(transaction)
  }

  #key(trackerId: string): string {
    return `${this.#prefix}:${trackerId}`
  }
}

/** 96 bits are plenty for a few hundred reports per tracker. */
function hash(payload: Buffer): string {
  return createHash('sha256').update(payload).digest().subarray(0, 12).toString('base64url')
}
