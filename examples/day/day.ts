/**
 * A day of the reference fetcher in one process: the simulators, the service, and what `otel-health/register` sets up around it, all on
 * one virtual clock. The service is imported after its methods are watched, as with `--import`; nothing here may import it before.
 */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { loadHealthConfig } from '../../src/config/health-config-file.ts'
import { Hold } from '../../src/instrument/calls/hold.ts'
import { hookModules } from '../../src/instrument/hook/module-hook.ts'
import { KINDS } from '../../src/kinds/index.ts'
import { TRACKER_FETCHER_CONFIG } from '../../src/kinds/tracker-fetcher/config.ts'
import { trackerFetcherRecorder } from '../../src/kinds/tracker-fetcher/service-recorder.ts'
import { watchService } from '../../src/zero-code/watch-service.ts'
import { TrackerFetcherHealthMonitor } from '../../src/kinds/tracker-fetcher/monitor.ts'
import { DiscreteClock } from '../simulators/discrete-clock.ts'
import { discreteFetch } from '../simulators/discrete-io.ts'
import { seededRandom } from '../simulators/random.ts'
import { startSimulators, type Simulators } from '../simulators/start.ts'
import { readConfig } from '../tracker-fetcher/config.ts'
import type { FetcherCounts } from '../tracker-fetcher/fetcher.ts'
import { TrackerQueues } from '../tracker-fetcher/queues.ts'
import { startValkey } from '../valkey/start-valkey.ts'
import { countRefused } from './count-refused.ts'
import { enterCodes } from './enter-codes.ts'
import type { Figure } from './figures.ts'
import { healthClock } from './health-clock.ts'
import { holdTime } from './hold-time.ts'
import { compareBooks, type Totals } from './ledger-comparison.ts'
import { listen } from './listen.ts'
import { OtlpSums } from './otlp-sums.ts'
import { clockTime, type Step, type Timeline } from './timeline.ts'
import { isOfAnHour, unexplained } from './clock-of-redis.ts'
import { compareAlerts, type AlertComparison, type ToldAlert } from './told-alerts.ts'
import { hearComplaints } from './complaints.ts'

const SERVICE_NAME = 'tracker_fetcher'
const HOUR = 3_600_000
const DAY = 24 * HOUR
const DRAIN_MS = 10 * 60_000

const FLEET = { hot: 60, warm: 340, cold: 800 }
const ACCOUNTS = 30

/** Of the service. A batch is as large as the fleet needs on average, so that there is something to ask for at every turn. */
const SERVICE_ENVIRONMENT = {
  TRACKER_COUNT: Object.values(FLEET).join(),
  TIER_MOVES: 'false',
  BATCH_SIZE: '6',
  IDLE_POLL_MS: '30000',
  OUTAGE_PAUSE_MS: '60000',
  DRAIN_MS: String(DRAIN_MS),
}

export interface DayResult {
  readonly figures: readonly Figure[]
  /** What the service says became of the trackers it leased. */
  readonly service: FetcherCounts
  /** Requests of the monitor's own, which are in no figure. */
  readonly probes: number
  readonly told: readonly ToldAlert[]
  readonly alerts: AlertComparison
  /** What was said to the service's operator besides: warnings of the monitor, errors of the service. */
  readonly complaints: readonly string[]
}

export interface DayOptions {
  readonly seed: number
  readonly timeline: Timeline
  /** One line of progress. */
  readonly say: (line: string) => void
}

export async function runDay({ seed, timeline, say }: DayOptions): Promise<DayResult> {
  const clock = new DiscreteClock()
  const midnight = clock.now()
  const tell = (line: string): void => say(`${clockTime(clock.now() - midnight)}  ${line}`)
  const { complaints, complain } = hearComplaints(tell)

  holdTime(clock, discreteFetch(clock, fetch))
  const otlp = new OtlpSums()
  const [valkey, simulators, otlpUrl] = await Promise.all([
    startValkey(),
    startSimulators({
      seed,
      trackers: FLEET,
      accounts: ACCOUNTS,
      latency: 'stated',
      now: () => clock.now(),
      sleep: (ms, signal) => clock.sleep(ms, signal),
      historyHours: 24,
    }),
    otlp.listen(),
  ])
  // The SDK's exporter reads the process's environment, as everything does under register.
  Object.assign(process.env, SERVICE_ENVIRONMENT, timeline.environment, {
    APPLE_URL: simulators.apple,
    ANISETTE_URL: simulators.anisette,
    APPLE_ACCOUNTS: JSON.stringify(simulators.accounts),
    FLEET_SECRET: simulators.fleetSecret,
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: String(valkey.port),
    HEALTH_REDIS_HOST: '127.0.0.1',
    HEALTH_REDIS_PORT: String(valkey.port),
    OTEL_SERVICE_NAME: SERVICE_NAME,
    OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl,
    // The SDK exports by the process's clock, on which the day lasts less than a minute.
    OTEL_METRIC_EXPORT_INTERVAL: '2000',
  })

  const redis = new Redis(valkey.port, '127.0.0.1')
  const channels = await listen(valkey.port)
  const told: ToldAlert[] = []
  let heard = 0
  let totals: Totals | undefined
  channels.onMessage = (message) => {
    if (message.channel === 'metrics') totals = message.totals as unknown as Totals
    if (message.channel !== 'alerts') return
    if (message.seq !== ++heard) complain(`message ${heard} about an alert has the number ${message.seq}`)
    if (isOfAnHour(message.type)) return
    told.push({ atMs: clock.now() - midnight, rule: message.rule, type: message.type, severity: message.severity })
    tell(`alert      ${message.type} ${message.rule} ${message.severity}: ${message.message}`)
  }

  const { config: given, file } = loadHealthConfig(
    fileURLToPath(new URL('../tracker-fetcher/service.ts', import.meta.url)),
    process.cwd(),
    KINDS,
  )!
  const config = unexplained(given)
  const health = healthClock(clock)
  const monitor = new TrackerFetcherHealthMonitor({ config, clock: health })
  const { stop: unwatch } = watchService({
    recorder: trackerFetcherRecorder(monitor),
    hook: hookModules(),
    config,
    kind: TRACKER_FETCHER_CONFIG,
    folder: dirname(file),
    redis: { host: '127.0.0.1', port: valkey.port },
    clock: health,
    inHand: monitor.controlled.inHand,
    hold: new Hold(health),
  })
  await monitor.start()

  const { createFetcher } = await import('../tracker-fetcher/create-fetcher.ts')
  const random = seededRandom(seed, 'service')
  const line = countRefused()
  const fetcher = createFetcher(readConfig(process.env), {
    clock,
    fetch: line.fetch,
    redis,
    random: () => random.next(),
    log: (event, fields) => {
      if (event !== 'account') complain(event, JSON.stringify(fields))
    },
  })
  await fetcher.start()

  for (const step of timeline.steps) {
    void clock.sleep(step.atMs).then(() => {
      tell(`event      ${inWords(step)}`)
      return take(step, clock, simulators, redis)
    })
  }
  for (let hour = 1; hour <= 24; hour++) {
    void clock.sleep(hour * HOUR).then(() => {
      const { by_endpoint } = simulators.summary()
      tell(`progress   ${by_endpoint['apple.fetch']} requests for reports, ${fetcher.counts().attempted} attempts`)
    })
  }
  await clock.run(DAY)

  const drained = fetcher.drain()
  await clock.run(DRAIN_MS, drained)
  await drained
  // Only a metrics message that comes now holds everything.
  await clock.run(Number(process.env['HEALTH_METRICS_INTERVAL'] ?? 300) * 1000)
  await monitor.stop()
  unwatch()

  if (!totals) throw new Error('No metrics message was published.')
  const ledger = simulators.summary()
  const result: DayResult = {
    service: fetcher.counts(),
    probes: Object.values(ledger.probes).reduce((sum, n) => sum + n, 0),
    figures: compareBooks({
      ledger,
      entries: simulators.ledger.entries(),
      service: fetcher.counts(),
      refused: line.refused(),
      otlp,
      totals,
    }),
    told,
    alerts: compareAlerts(timeline.expected, told, Number(timeline.environment['HEALTH_EVALUATION_INTERVAL']) * 1000),
    complaints,
  }
  channels.close()
  redis.disconnect()
  otlp.close()
  await simulators.stop()
  await valkey.stop()
  return result
}

async function take(step: Step, clock: DiscreteClock, simulators: Simulators, redis: Redis): Promise<void> {
  if ('fault' in step) await clock.busy(simulators.setFault(step.fault, step.settings))
  else if ('end' in step) await clock.busy(simulators.clearFault(step.end))
  else if ('refresh' in step) await new TrackerQueues(redis).refreshNow(Array.from({ length: step.refresh }, (_, n) => `archived-${n}`))
  else if ('withdrawTo' in step) await withdraw(redis, step.withdrawTo)
  else await enterCodes(simulators, redis)
}

async function withdraw(redis: Redis, left: number): Promise<void> {
  if (left === 0) await redis.del('tracker:queue:immediate')
  else await redis.ltrim('tracker:queue:immediate', 0, left - 1)
}

function inWords(step: Step): string {
  if ('fault' in step) return `${step.fault} begins ${JSON.stringify(step.settings)}`
  if ('end' in step) return `${step.end} ends`
  if ('refresh' in step) return `somebody refreshes ${step.refresh} archived trackers`
  if ('withdrawTo' in step) return `all but ${step.withdrawTo} of them are withdrawn`
  return 'the operator enters the codes'
}
