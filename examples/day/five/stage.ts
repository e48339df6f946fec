import { startSimulators, type Simulators } from '../../simulators/start.ts'
import type { DiscreteClock } from '../../simulators/discrete-clock.ts'
import { startValkey } from '../../valkey/start-valkey.ts'
import { OtlpSums } from '../otlp-sums.ts'
import type { Exchanges } from './exchanges.ts'
import { ACCOUNTS, eachOf, FLEET, type OfEach } from './services.ts'

/** Everything around the services. */
export interface Stage {
  readonly simulators: Simulators
  readonly otlp: OtlpSums
  readonly redisPort: number
  /** What the process of each service would find in its environment. */
  readonly environments: OfEach<Record<string, string>>
  stop(): Promise<void>
}

/** `common`: what all services are told. */
export async function setStage(options: {
  seed: number
  clock: DiscreteClock
  exchanges: Exchanges
  common: Readonly<Record<string, string>>
}): Promise<Stage> {
  const { seed, clock, exchanges, common } = options
  const otlp = new OtlpSums()
  const [valkey, simulators, otlpUrl] = await Promise.all([
    startValkey(),
    startSimulators({
      seed,
      trackers: FLEET,
      accounts: ACCOUNTS,
      siblings: true,
      latency: 'real',
      latencyScale: 1,
      now: () => clock.now(),
      sleep: exchanges.sleep,
      // The first looks would find events of yesterday.
      historyHours: 0,
    }),
    otlp.listen(),
  ])
  // The SDK's exporter reads the environment of this process.
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = otlpUrl
  return {
    simulators,
    otlp,
    redisPort: valkey.port,
    environments: eachOf(({ name, environment }) => ({
      ...common,
      ...environment,
      ...addresses(simulators, valkey.port),
      OTEL_SERVICE_NAME: name,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl,
      // Of virtual time; what counts is the last export, when the monitor stops.
      OTEL_METRIC_EXPORT_INTERVAL: '60000',
    })),
    async stop() {
      otlp.close()
      await simulators.stop()
      await valkey.stop()
    },
  }
}

function addresses({ apple, anisette, accounts, fleetSecret, siblings }: Simulators, redisPort: number): Record<string, string> {
  const { store, fences, nominatim, photon, gateway } = siblings!.addresses
  const redis = { HOST: '127.0.0.1', PORT: String(redisPort) }
  return {
    REDIS_HOST: redis.HOST,
    REDIS_PORT: redis.PORT,
    HEALTH_REDIS_HOST: redis.HOST,
    HEALTH_REDIS_PORT: redis.PORT,
    APPLE_URL: apple,
    ANISETTE_URL: anisette,
    APPLE_ACCOUNTS: JSON.stringify(accounts),
    FLEET_SECRET: fleetSecret,
    STORE_URL: store,
    FENCES_URL: fences,
    NOMINATIM_URL: nominatim,
    PHOTON_URL: photon,
    GATEWAY_URL: gateway,
  }
}
