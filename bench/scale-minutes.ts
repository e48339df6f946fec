/** What a tracker fetcher says of itself, a snapshot a minute, without waiting for it: the monitor itself on a virtual clock, with work to do. */
import { TrackerFetcherHealthMonitor } from '../src/kinds/tracker-fetcher/monitor.ts'
import { TIERS, type Tier } from '../src/kinds/tracker-fetcher/metrics.ts'
import type { HealthExporter, Snapshot } from '../src/types.ts'
import { VirtualClock } from '../test/support/virtual-clock.ts'

const CALL_EVERY_MS = 2000
const TRACKERS = 5
const FAILING = 0.03

/** The last `count` minutes of a service that has run for an hour before. */
export async function minutesOfAFetcher(count: number, seed: number): Promise<readonly Snapshot[]> {
  const clock = new VirtualClock()
  const minutes: Snapshot[] = []
  const monitor = new TrackerFetcherHealthMonitor({
    serviceName: 'tracker_fetcher',
    clock,
    exporter: keeping(minutes),
    exportsMetrics: false,
    publishingInterval: 60,
    // No alert: it would be published besides.
    config: { rules: { low_success_rate: { for: 100_000 } } },
    env: {},
  })
  await monitor.start()
  monitor.setAppleAccount('logged_in')
  monitor.setAnisette('reachable')
  const random = randomOf(seed)
  while (minutes.length < count + 60) {
    clock.advance(CALL_EVERY_MS)
    const tier: Tier = TIERS[Math.floor(random() * TIERS.length)]!
    const failed = random() < FAILING && { errorType: random() < 0.5 ? 'timeout' : 'rate_limited' }
    const durationMs = 300 + random() * 1500
    monitor.recordApiCall({ upstream: 'apple', durationMs, ...failed })
    const attempts = Array.from({ length: TRACKERS }, () =>
      failed ? { success: false, ...failed } : { success: true, reportsFound: Math.floor(random() * 6), duplicateReports: 2 },
    )
    monitor.recordBatch({ tier, attempts, geofenceEvents: random() < 0.2 ? 1 : 0, ...failed }, durationMs + 200 * random())
    monitor.recordQueueSizes(Object.fromEntries(TIERS.map((each) => [each, Math.floor(random() * 60)])))
  }
  await monitor.stop()
  return minutes.slice(60, count + 60)
}

function keeping(minutes: Snapshot[]): HealthExporter {
  return {
    load: () => Promise.resolve([]),
    recall: () => Promise.resolve([]),
    presence: () => Promise.resolve(undefined),
    save() {},
    transition() {},
    metrics() {},
    status(snapshot) {
      if (snapshot.at - (minutes.at(-1)?.at ?? 0) >= 60_000) minutes.push(snapshot)
    },
    stop: () => Promise.resolve(),
  }
}

/** Mulberry32, by Tommy Ettinger. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
