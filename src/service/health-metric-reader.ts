/**
 * HealthMetricReader: a metric reader like any other, that judges what its provider has. Given rules it is enough by itself: status and
 * alerts are on Redis, in a program that knows nothing else of otel-health.
 */
import type { MetricProducer } from '@opentelemetry/sdk-metrics'

import { systemClock } from '../clock.ts'
import { CollectingReader } from '../collect/collecting-reader.ts'
import { resolveOptions, UNKNOWN_SERVICE } from '../config/options.ts'
import { profileOfService } from '../config/profile.ts'
import { diag } from '../diag.ts'
import type { RulesConfig } from '../rules/rules-config.ts'
import type { Clock } from '../types.ts'
import { anyService } from './any-service.ts'
import type { ServiceHealthMonitorOptions } from './monitor-options.ts'
import { ServiceHealthMonitor } from './monitor.ts'
import { type GivenRedis, redisSettings } from './redis-address.ts'
import { within } from './within.ts'

/** Milliseconds that detectors of a resource are given, of which some ask the network. */
const ATTRIBUTES_MS = 5000

export interface HealthMetricReaderOptions extends Omit<ServiceHealthMonitorOptions, 'redis' | 'rules' | 'reader' | 'takeApi' | 'kind'> {
  readonly rules: RulesConfig
  /** The health Redis: `redis://host:port`, host and port, or an ioredis client whose address is taken. Default: what HEALTH_REDIS_* say. */
  readonly redis?: GivenRedis
  /** Seconds between two collections. Default 10. */
  readonly interval?: number
}

export class HealthMetricReader extends CollectingReader {
  /** What the monitor is made with; `undefined`: somebody else judges. */
  readonly #judging: ServiceHealthMonitorOptions | undefined
  readonly #clock: Clock
  #monitor: ServiceHealthMonitor | undefined
  /** Resolves when there is a monitor, or when it is known that there will be none. */
  #made: Promise<void> | undefined

  /**
   * Without rules it only collects, for a monitor that is given it. Throws one sentence if a rule, an option or an environment variable
   * cannot be used.
   */
  constructor(options?: HealthMetricReaderOptions) {
    const { clock = systemClock, interval, redis, ...judging } = options ?? {}
    super({ clock, ...(interval !== undefined && { intervalMs: 1000 * interval }) })
    this.#clock = clock
    if (!options) return
    this.#judging = { ...judging, ...(redis !== undefined && redisSettings(redis)) }
    // What cannot be judged is said where the reader is made, not once its provider has taken it.
    profileOfService(anyService, resolveOptions({ env: options.env ?? process.env, code: this.#judging }))
  }

  override setMetricProducer(producer: MetricProducer): void {
    super.setMetricProducer(producer)
    if (this.#judging) this.#made = this.#judge(this.#judging)
  }

  /** Publishes `stopped` in the same tick, unless the provider was made a moment ago and nothing is judged yet: then as soon as it is. */
  override async shutdown(options?: { timeoutMillis?: number }): Promise<void> {
    if (!this.#monitor) await this.#made
    await this.#monitor?.stop(options?.timeoutMillis)
    await super.shutdown(options)
  }

  /** The service is called what the provider's resource says, unless options or environment do. */
  async #judge(judging: ServiceHealthMonitorOptions): Promise<void> {
    // Not in the midst of the provider's construction. A timer would not keep a process alive that waits for its shutdown.
    await Promise.resolve()
    const attributes = await this.#attributes()
    try {
      this.#monitor = new ServiceHealthMonitor({
        ...identityOf(attributes),
        ...judging,
        clock: this.#clock,
        reader: this,
        exportsMetrics: false,
      })
      void this.#monitor.start()
    } catch (error) {
      diag.error('otel-health: the metrics are not judged:', error)
    }
  }

  /** Of the provider's resource, with those that are found out in time. */
  async #attributes(): Promise<Readonly<Record<string, unknown>>> {
    const { resource } = (await this.collect()).resourceMetrics
    // To read them before is an error to the SDK.
    const pending = resource?.asyncAttributesPending && resource.waitForAsyncAttributes?.()
    if (pending) await within(ATTRIBUTES_MS, this.#clock, pending)
    return resource?.attributes ?? {}
  }
}

/** What a resource says that is not made up by the SDK. */
function identityOf(attributes: Readonly<Record<string, unknown>>): { packageName?: string; instance?: string } {
  const { 'service.name': name, 'service.instance.id': instance } = attributes
  const isNamed = typeof name === 'string' && name !== '' && !name.startsWith(UNKNOWN_SERVICE)
  return {
    ...(isNamed && { packageName: name }),
    ...(typeof instance === 'string' && instance !== '' && { instance }),
  }
}
