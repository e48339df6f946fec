/** The reference fetcher against the simulators on a virtual clock, with what it did written down by wrapping its methods from outside. */
import { Redis } from 'ioredis'
import { DiscreteClock } from '../../examples/simulators/discrete-clock.ts'
import { discreteFetch, discreteRedis } from '../../examples/simulators/discrete-io.ts'
import type { LedgerSummary } from '../../examples/simulators/ledger.ts'
import { seededRandom } from '../../examples/simulators/random.ts'
import { startSimulators, type Simulators } from '../../examples/simulators/start.ts'
import { AccountPool, type AccountState } from '../../examples/tracker-fetcher/account-pool.ts'
import { AnisetteClient } from '../../examples/tracker-fetcher/anisette-client.ts'
import { AppleClient } from '../../examples/tracker-fetcher/apple-client.ts'
import type { BatchResult } from '../../examples/tracker-fetcher/batch.ts'
import { readConfig } from '../../examples/tracker-fetcher/config.ts'
import { createFetcher } from '../../examples/tracker-fetcher/create-fetcher.ts'
import { Fetcher } from '../../examples/tracker-fetcher/fetcher.ts'

/** What the service itself saw, in the shape of the ledger's summary. */
type Observed = Pick<LedgerSummary, 'attempts' | 'reports' | 'retries' | 'api_calls'> & {
  readonly batches: BatchResult[]
  readonly bestStates: AccountState[]
}

export interface SimulatedFetcher {
  readonly clock: DiscreteClock
  readonly simulators: Simulators
  readonly fetcher: Fetcher
  readonly redis: Redis
  readonly observed: Observed
  /** Stops leasing and lets time pass until all is finished. */
  readonly drain: () => Promise<void>
  readonly close: () => Promise<void>
}

const MINUTE = 60_000

export async function simulatedFetcher(options: {
  readonly redisPort: number
  readonly seed: number
  readonly accounts?: number
  readonly env?: Record<string, string>
}): Promise<SimulatedFetcher> {
  const clock = new DiscreteClock()
  const simulators = await startSimulators({
    seed: options.seed,
    trackers: { hot: 10, warm: 10, cold: 10 },
    accounts: options.accounts ?? 3,
    latency: 'stated',
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    worldSpeed: 20,
    historyHours: 4,
  })
  const redis = discreteRedis(clock, new Redis(options.redisPort, '127.0.0.1'))
  await redis.flushall()
  const config = readConfig({
    APPLE_URL: simulators.apple,
    ANISETTE_URL: simulators.anisette,
    APPLE_ACCOUNTS: JSON.stringify(simulators.accounts),
    FLEET_SECRET: simulators.fleetSecret,
    TRACKER_COUNT: '10,10,10',
    BATCH_SIZE: '6',
    POLL_MIN_MS: String(MINUTE),
    POLL_MAX_MS: String(2 * MINUTE),
    ACCOUNT_INTERVAL_MS: '10000',
    IDLE_POLL_MS: '10000',
    ACCOUNT_PAUSE_MS: String(MINUTE),
    DRAIN_MS: String(5 * MINUTE),
    ...options.env,
  })
  const { observed, restore } = observe()
  const fetch = discreteFetch(clock)
  const random = seededRandom(options.seed)
  const fetcher = createFetcher(config, { clock, fetch, redis, random: () => random.next(), log: () => {} })
  return {
    clock,
    simulators,
    fetcher,
    redis,
    observed,
    async drain() {
      const drained = fetcher.drain()
      await clock.run(10 * MINUTE, drained)
      await drained
    },
    async close() {
      restore()
      redis.disconnect()
      await simulators.stop()
    },
  }
}

type AsyncMethod = (this: unknown, ...args: unknown[]) => Promise<unknown>

/** Wraps the service's methods as a monitor would that the service knows nothing of. */
function observe(): { observed: Observed; restore: () => void } {
  const observed: Observed = {
    attempts: { reports: 0, empty: 0, failed: {} },
    reports: { new: 0, duplicate: 0 },
    retries: {},
    api_calls: { apple: {}, anisette: {} },
    batches: [],
    bestStates: [],
  }
  const undo: (() => void)[] = []
  const wrap = (type: { prototype: object }, name: string, settled: (code: string, value: unknown) => void): void => {
    const methods = type.prototype as Record<string, AsyncMethod>
    const original = methods[name]!
    methods[name] = async function (...args) {
      try {
        const value = await original.apply(this, args)
        settled('ok', value)
        return value
      } catch (error) {
        settled((error as { code: string }).code, undefined)
        throw error
      }
    }
    undo.push(() => void (methods[name] = original))
  }
  for (const name of ['fetchReports', 'login', 'submitCode']) wrap(AppleClient, name, (code) => count(observed.api_calls.apple, code))
  wrap(AnisetteClient, 'requestHeaders', (code) => count(observed.api_calls.anisette, code))
  wrap(AccountPool, 'setState', (_, state) => observed.bestStates.push(state as AccountState))
  wrap(Fetcher, 'processBatch', (_, result) => countBatch(observed, result as BatchResult))
  return { observed, restore: () => undo.forEach((call) => call()) }
}

function countBatch(observed: Observed, batch: BatchResult): void {
  observed.batches.push(batch)
  for (const { outcome, errorType, newReports, duplicateReports } of batch.attempts) {
    if (outcome === 'failed') count(observed.attempts.failed, errorType ?? '')
    else observed.attempts[outcome]++
    observed.reports.new += newReports
    observed.reports.duplicate += duplicateReports
  }
  for (const code of batch.retries) count(observed.retries, code)
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}
