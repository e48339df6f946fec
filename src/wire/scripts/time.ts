import type { Script } from './script.ts'

/**
 * The server's clock: seconds and microseconds, as TIME says them. Not TIME itself, which has no key: in a cluster any node would answer, by a
 * clock of its own, and each instance would be connected to all of them.
 *
 * KEYS: 1, any of the shard.
 */
export const SERVER_TIME: Script = {
  numberOfKeys: 1,
  lua: `return redis.call('TIME')`,
}

/** Epoch milliseconds of what TIME answers. */
export function toMs([seconds, microseconds]: readonly (string | number)[]): number {
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}
