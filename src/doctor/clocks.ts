/**
 * This machine's clock against the Redis server's. Alerts carry the server's time and metrics this machine's, so dashboards show them
 * apart by as much as the two differ; and Prometheus refuses points that are further ahead, or further back, than it allows.
 */
import type { RedisClient } from '../wire/redis-client.ts'
import type { Clock } from '../types.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

const ASKED = 5

/** A rate evaluated every second is then shown a second apart. */
const WARN_MS = 1000

/** One publishing interval by default: a heartbeat looks so much older to Prometheus than it is that one late export makes it silent. */
const FAIL_MS = 30_000

export async function checkClocks(client: RedisClient, clock: Clock): Promise<Finding> {
  let best = { tripMs: Infinity, aheadMs: 0 }
  for (let i = 0; i < ASKED; i++) {
    const begin = clock.monotonicMs()
    const [seconds, microseconds] = await client.time()
    const tripMs = clock.monotonicMs() - begin
    // The server looked at its clock half a round trip ago, give or take that half.
    const serverMs = Number(seconds) * 1000 + Number(microseconds) / 1000 + tripMs / 2
    if (tripMs < best.tripMs) best = { tripMs, aheadMs: clock.epochMs() - serverMs }
  }
  const { aheadMs } = best
  const differs = Math.abs(aheadMs)
  if (differs <= WARN_MS) return ok('clock', `this machine and the Redis server agree within ${Math.max(Math.round(differs), 1)} ms`)
  const message = `this machine is ${(differs / 1000).toFixed(1)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the Redis server`
  const mend = 'Let both machines set their clocks by NTP (timedatectl shows whether they do).'
  if (differs <= FAIL_MS) return warn('clock', `${message}: alerts and metrics are shown that far apart`, mend)
  return fail('clock', `${message}: alerts and metrics do not fit together, and Prometheus may refuse points`, mend)
}
