/**
 * This machine's clock against the Redis server's. Alerts carry the server's time and metrics this machine's, so dashboards show them
 * apart by as much as the two differ; and Prometheus refuses points that are further ahead, or further back, than it allows.
 */
import type { RedisClient } from '../wire/redis-client.ts'
import type { HealthView } from '../subscribe/health-view.ts'
import type { Clock } from '../types.ts'
import { fail, ok, skip, warn, type Finding } from './finding.ts'

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

/** Milliseconds that the clock of an instance may differ from the server's; a message takes a part of it on its way. */
const INSTANCE_WARN_MS = 2000
const MOST_NAMED = 10

/** The clocks of all instances that give signs of life. */
export function instanceClocks({ services }: Pick<HealthView, 'services'>): Finding {
  const known = services.flatMap(({ service, instances }) =>
    instances.flatMap(({ instance, skewMs }) => (skewMs === undefined ? [] : [{ name: `${instance} of ${service}`, skewMs }])),
  )
  if (known.length === 0) return skip('instance-clocks', 'no instance is there whose clock could be seen')
  const wrong = known
    .filter(({ skewMs }) => Math.abs(skewMs) > INSTANCE_WARN_MS)
    .toSorted((a, b) => Math.abs(b.skewMs) - Math.abs(a.skewMs))
  if (wrong.length === 0) {
    const most = Math.max(...known.map(({ skewMs }) => Math.abs(skewMs)))
    return ok('instance-clocks', `those of all instances agree with the Redis server's within ${Math.max(Math.round(most), 1)} ms`)
  }
  const named = wrong
    .slice(0, MOST_NAMED)
    .map(({ name, skewMs }) => `${name} is ${(Math.abs(skewMs) / 1000).toFixed(1)} s ${skewMs > 0 ? 'ahead' : 'behind'}`)
  const more = wrong.length > MOST_NAMED ? [`${wrong.length - MOST_NAMED} more`] : []
  return warn(
    'instance-clocks',
    `clocks of instances differ from the Redis server's: ${[...named, ...more].join(', ')}`,
    'Let their machines set their clocks by NTP; one that looks behind may only be slow to reach Redis.',
  )
}
