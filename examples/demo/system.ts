/** Everything the demo runs, each in a process of its own but the OTLP receiver: started together, stopped the fetcher first. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { targetFrom } from '../../src/cli/connection.ts'
import { resolveOptions, type HealthOptions } from '../../src/config/options.ts'
import type { RedisTarget } from '../../src/wire/redis-client.ts'
import { pingRedis } from './channels.ts'
import { Child } from './child.ts'
import { startOtlpReceiver, type OtlpReceiver } from './otlp-receiver.ts'
import type { Part } from './view.ts'
import { freePort } from '../valkey/free-port.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Milliseconds the fetcher has to drain and say that it stopped, and the others have afterwards: less than 3 s in all. */
const FETCHER_GRACE_MS = 2300
const OTHERS_GRACE_MS = 200

/** Everything faster than in production, the rules as they are. Whoever sets one of these in the environment gets that. */
const DEFAULTS = {
  HEALTH_PUBLISHING_INTERVAL: '5',
  HEALTH_METRICS_INTERVAL: '5',
  OTEL_METRIC_EXPORT_INTERVAL: '5000',
  OTEL_METRIC_EXPORT_TIMEOUT: '3000',
  OTEL_SERVICE_NAME: 'tracker_fetcher',
  TRACKER_COUNT: '40',
  POLL_MIN_MS: '5000',
  POLL_MAX_MS: '10000',
  TIER_MOVES: 'false',
  BATCH_SIZE: '4',
  ACCOUNT_INTERVAL_MS: '2500',
  ACCOUNT_PAUSE_MS: '5000',
  OUTAGE_PAUSE_MS: '1000',
  RETRY_BASE_MS: '5000',
  RETRY_CAP_MS: '10000',
  INLINE_RETRY_SCALE: '0.1',
  GEOFENCE_DWELL_MS: '20000',
  DRAIN_MS: '1000',
  SIM_TRACKERS: '40',
  SIM_ACCOUNTS: '5',
  // A day of the trackers' lives takes three and a half minutes, or nobody would see a geofence event.
  SIM_WORLD_SPEED: '400',
  SIM_HISTORY_HOURS: '0.25',
}

/** Settings of the health Redis that make no sense for the embedded one. */
const REDIS_SETTINGS = ['USERNAME', 'PASSWORD', 'TLS', 'CA', 'CLUSTER_MODE'].map((name) => `HEALTH_REDIS_${name}`)

interface Simulators {
  readonly apple: string
  readonly anisette: string
  readonly control: string
  readonly accounts: readonly object[]
  readonly fleetSecret: string
}

export interface SystemEvents {
  /** A part that nobody stopped ended, and how. */
  readonly onDeath: (sentence: string) => void
  /** One line the fetcher wrote to stderr. */
  readonly onFetcherLine: (line: string) => void
}

/** What runs before the fetcher does. */
export interface Surroundings {
  readonly healthRedis: RedisTarget
  readonly control: string
  readonly otlp: OtlpReceiver | undefined
  readonly parts: readonly Part[]
}

export class System {
  /** What the fetcher's monitor makes of the environment. */
  readonly options: HealthOptions
  readonly #env: NodeJS.ProcessEnv
  readonly #events: SystemEvents
  readonly #children: Child[] = []
  #fetcher: Child | undefined
  #fetcherEnv: NodeJS.ProcessEnv = {}
  #stopping = false

  /** Throws one sentence if the package is not built or a variable can't be used. */
  constructor(env: NodeJS.ProcessEnv, events: SystemEvents) {
    if (!existsSync(new URL('../../dist/register.js', import.meta.url))) {
      throw new Error('dist/register.js is missing: run "npm install" or "npm run build" first.')
    }
    this.#env = { ...DEFAULTS, ...env }
    if (!env['HEALTH_REDIS_HOST']) for (const name of REDIS_SETTINGS) delete this.#env[name]
    this.#events = events
    this.options = resolveOptions({ env: this.#env })
  }

  /** Rejects with a sentence if something does not come up. */
  async startSurroundings(): Promise<Surroundings> {
    const env = this.#env
    const healthHost = env['HEALTH_REDIS_HOST']
    const ownRedis = env['REDIS_HOST']
    const [valkey, simulators, otlp] = await Promise.all([
      healthHost && ownRedis ? undefined : this.#startValkey(),
      this.#startSimulators(),
      this.#startOtlpReceiver(),
      healthHost ? this.#checkHealthRedis(healthHost) : undefined,
    ])
    const healthRedis = healthHost ? targetFrom(this.#env) : { host: '127.0.0.1', port: valkey!.port }
    this.#fetcherEnv = {
      ...env,
      HEALTH_REDIS_HOST: healthRedis.host,
      HEALTH_REDIS_PORT: String(healthRedis.port),
      ...(valkey && !ownRedis && { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(valkey.port) }),
      APPLE_URL: simulators.apple,
      ANISETTE_URL: simulators.anisette,
      APPLE_ACCOUNTS: JSON.stringify(simulators.accounts),
      FLEET_SECRET: simulators.fleetSecret,
      ...(otlp && { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }),
    }
    return { healthRedis, control: simulators.control, otlp, parts: this.#parts(valkey, healthHost, simulators, otlp) }
  }

  /** The service itself, started as its owner would start it. It knows nothing of what watches it. */
  startFetcher(): Part {
    const fetcher = this.#start({
      name: 'The fetcher',
      module: new URL('../tracker-fetcher/service.ts', import.meta.url),
      execArgv: ['--import', 'otel-health/register', '--import', new URL('end-with-parent.ts', import.meta.url).href],
      env: this.#fetcherEnv,
      onStderr: this.#events.onFetcherLine,
    })
    this.#fetcher = fetcher
    this.#watch(fetcher)
    return {
      name: 'fetcher',
      address: `pid ${fetcher.pid}`,
      detail: 'node --import otel-health/register examples/tracker-fetcher/service.ts',
    }
  }

  /** The fetcher gets its graceful stop, then everything else ends. Takes less than 3 s whatever hangs. Resolves to whether the fetcher stopped by itself. */
  async stop(): Promise<boolean> {
    this.#stopping = true
    const graceful = (await this.#fetcher?.stop(FETCHER_GRACE_MS)) ?? true
    await Promise.all(this.#children.map((child) => child.stop(OTHERS_GRACE_MS)))
    return graceful
  }

  async #startValkey(): Promise<{ port: number; pid: number }> {
    const port = this.#port('DEMO_VALKEY_PORT') || (await freePort())
    const valkey = this.#start({ name: 'Valkey', module: new URL('../valkey/valkey-process.ts', import.meta.url), args: [String(port)] })
    const { ready, error } = (await valkey.message()) as { ready: boolean; error?: string }
    if (!ready) throw new Error(`The embedded Valkey did not start on port ${port}: ${error}.`)
    this.#watch(valkey)
    return { port, pid: valkey.pid }
  }

  async #startSimulators(): Promise<Simulators & { pid: number }> {
    const simulators = this.#start({ name: 'The simulators', module: new URL('../simulators/main.ts', import.meta.url) })
    const addresses = (await simulators.message()) as Simulators
    this.#watch(simulators)
    return { ...addresses, pid: simulators.pid }
  }

  async #startOtlpReceiver(): Promise<OtlpReceiver | undefined> {
    if (this.#env['OTEL_EXPORTER_OTLP_ENDPOINT'] || this.#env['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT']) return undefined
    const port = this.#port('DEMO_OTLP_PORT')
    try {
      return await startOtlpReceiver(port)
    } catch (error) {
      throw new Error(`The OTLP receiver can't listen on port ${port}: ${(error as Error).message}.`, { cause: error })
    }
  }

  async #checkHealthRedis(host: string): Promise<void> {
    const target = targetFrom(this.#env)
    const { port } = target
    try {
      await pingRedis(target)
    } catch (error) {
      const { message } = error as Error
      throw new Error(
        `HEALTH_REDIS_HOST is ${JSON.stringify(host)}, but no Redis can be used at ${host}:${port} (${message}): start it or correct HEALTH_REDIS_*, or unset HEALTH_REDIS_HOST to use the embedded Valkey.`,
        { cause: error },
      )
    }
  }

  /** 0, any free one, unless set. */
  #port(name: string): number {
    const text = this.#env[name] || '0'
    const port = Number(text)
    if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
    throw new Error(`${name} is ${JSON.stringify(text)}, expected a port number.`)
  }

  #parts(
    valkey: { port: number; pid: number } | undefined,
    healthHost: string | undefined,
    simulators: Simulators & { pid: number },
    otlp: OtlpReceiver | undefined,
  ): readonly Part[] {
    const { host, port } = targetFrom(this.#env)
    const endpoint = this.#env['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'] || this.#env['OTEL_EXPORTER_OTLP_ENDPOINT'] || ''
    const holds = healthHost ? 'the queues of the fetcher' : 'the queues of the fetcher, and the health channels'
    return [
      ...(valkey ? [{ name: 'Valkey', address: `127.0.0.1:${valkey.port}`, detail: `pid ${valkey.pid}, ${holds}` }] : []),
      ...(healthHost ? [{ name: 'health Redis', address: `${host}:${port}`, detail: 'HEALTH_REDIS_HOST' }] : []),
      { name: 'Apple', address: simulators.apple, detail: `pid ${simulators.pid}, simulated` },
      { name: 'anisette', address: simulators.anisette, detail: `pid ${simulators.pid}, simulated` },
      { name: 'control', address: simulators.control, detail: `GET /faults, PUT and DELETE /faults/<name>, GET /ledger` },
      otlp
        ? { name: 'OTLP receiver', address: otlp.url }
        : { name: 'OTLP', address: URL.canParse(endpoint) ? new URL(endpoint).origin : endpoint, detail: 'OTEL_EXPORTER_OTLP_ENDPOINT' },
    ]
  }

  #start(options: Omit<ConstructorParameters<typeof Child>[0], 'env' | 'cwd'> & { env?: NodeJS.ProcessEnv }): Child {
    // A stop that overtakes the start must not leave behind what the start goes on to make.
    if (this.#stopping) throw new Error('The demo is stopping.')
    const child = new Child({ env: this.#env, ...options, cwd: ROOT })
    this.#children.push(child)
    return child
  }

  #watch(child: Child): void {
    void child.ended.then((how) => {
      if (!this.#stopping) this.#events.onDeath(`${child.name} (pid ${child.pid}) ${how}.`)
    })
  }
}
