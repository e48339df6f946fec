/** The demo's fetcher under register, with its simulators and its Redis, exporting to a collector that is given. */
import { Redis } from 'ioredis'

import { System } from '../../examples/demo/system.ts'
import type { FaultName, FaultSettings } from '../../examples/simulators/faults.ts'
import type { LedgerSummary } from '../../examples/simulators/ledger.ts'
import { parseMessage } from '../../src/wire/message.ts'
import type { StatusMessage } from '../../src/wire/status-message.ts'

export const SERVICE = 'tracker_fetcher'
export const EXPORT_INTERVAL_S = 2

const ENVIRONMENT = {
  OTEL_SERVICE_NAME: SERVICE,
  OTEL_METRIC_EXPORT_INTERVAL: String(EXPORT_INTERVAL_S * 1000),
  HEALTH_PUBLISHING_INTERVAL: '1',
  HEALTH_METRICS_INTERVAL: '1',
  // Longer than any answer takes: no request that the ledger has counted is given up.
  DRAIN_MS: '20000',
}

export class WatchedFetcher {
  readonly pid: number
  /** What it wrote to stderr. */
  readonly lines: readonly string[]
  /** What it said on its channel. */
  readonly statuses: readonly StatusMessage[]
  readonly redisPort: number
  readonly #system: System
  readonly #control: string
  readonly #channel: Redis
  /** How the fetcher ended, in a sentence. */
  readonly #ended: Promise<string>

  private constructor(parts: {
    readonly pid: number
    readonly lines: readonly string[]
    readonly statuses: readonly StatusMessage[]
    readonly redisPort: number
    readonly system: System
    readonly control: string
    readonly channel: Redis
    readonly ended: Promise<string>
  }) {
    this.pid = parts.pid
    this.lines = parts.lines
    this.statuses = parts.statuses
    this.redisPort = parts.redisPort
    this.#system = parts.system
    this.#control = parts.control
    this.#channel = parts.channel
    this.#ended = parts.ended
  }

  static async start(otlpEndpoint: string, env: NodeJS.ProcessEnv = {}): Promise<WatchedFetcher> {
    const lines: string[] = []
    const statuses: StatusMessage[] = []
    const ended = Promise.withResolvers<string>()
    const system = new System(
      { ...process.env, ...ENVIRONMENT, OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint, ...env },
      { onDeath: ended.resolve, onServiceLine: (line) => lines.push(line) },
    )
    const { healthRedis, control } = await system.startSurroundings()
    const channel = new Redis(healthRedis.port, healthRedis.host)
    channel.on('message', (name: string, text: string) => {
      const message = parseMessage(name, text)
      if (message?.channel === 'status') statuses.push(message)
    })
    await channel.subscribe(`health:service:${SERVICE}:status`)
    const pid = Number(/\d+/.exec(system.startServices()[0]!.address)?.[0])
    return new WatchedFetcher({ pid, lines, statuses, redisPort: healthRedis.port, system, control, channel, ended: ended.promise })
  }

  async ledger(): Promise<LedgerSummary> {
    return (await (await fetch(`${this.#control}/ledger`)).json()) as LedgerSummary
  }

  async switchOn(fault: FaultName, settings: FaultSettings = {}): Promise<void> {
    const response = await fetch(`${this.#control}/faults/${fault}`, { method: 'PUT', body: JSON.stringify(settings) })
    if (!response.ok) throw new Error(await response.text())
  }

  /** It drains, exports what is left and ends; the simulators go on. Resolves to how it ended. */
  async end(): Promise<string> {
    process.kill(this.pid, 'SIGTERM')
    return await this.#ended
  }

  /** Nothing is left of it or around it. */
  async stop(): Promise<void> {
    this.#channel.disconnect()
    await this.#system.stop()
  }
}
