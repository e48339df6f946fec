import type { Redis } from 'ioredis'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

/** The world a service lives in. */
export interface Environment {
  readonly clock: Clock
  readonly fetch: typeof fetch
  readonly redis: Redis
  /** In [0, 1). */
  readonly random: () => number
  readonly log: Log
}
