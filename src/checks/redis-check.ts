import type { Check } from './check.ts'

/** Any Redis client with `ping()`; it stays the caller's, and is only pinged. */
export interface Pingable {
  ping(): Promise<unknown>
}

/** The service's own Redis answers PING. */
export function redisCheck(client: Pingable, required = true): Check {
  if (typeof client?.ping !== 'function') {
    throw new TypeError('The option redis is no Redis client: expected an object with ping(), such as one of ioredis or redis.')
  }
  return { name: 'redis', required, run: () => client.ping() }
}
