/**
 * What a service records with the plain API, exported and judged though nobody started an SDK for it. The API knows no meter that waits
 * for its provider, so that before a provider is global every copy of it is given our meters. Their values wait, within a bound, until it
 * is known through which SDK they leave: the service's own, if one becomes global before our first export is due, else ours. Of the
 * metrics that rules name they go to a provider of ours besides, at once, which nobody exports.
 */
import type { Attributes, Context, Meter, MeterOptions, MeterProvider } from '@opentelemetry/api'
import { createNoopMeter } from '@opentelemetry/api'

import { EVERY_SERVICE } from '../catalogue.ts'
import type { CollectingReader } from '../collect/collecting-reader.ts'
import { diag } from '../diag.ts'
import type { Decided } from '../record/tee-recording.ts'
import type { ApiAnswers } from './api-copies.ts'
import { ApiMeter } from './api-meter.ts'
import type { ApiScope, ApiWays, Waiting } from './api-ways.ts'
import { globalMeterProvider } from './global-provider.ts'

/** Values that are kept for an SDK that may come. With one more, it is decided that none is waited for. */
const EARLY_LIMIT = 10_000

/** Named by the conventions and recorded by us: exported by ours besides, each would be there twice. */
const OWN_CONVENTIONS = new Set(EVERY_SERVICE.filter(({ convention }) => convention).map(({ name }) => name))

/** Of cells and of the API's metrics it is the same one. */
export interface Decision {
  readonly decided: Decided | 'undecided'
  /** Joins an SDK of the service if there is one by now; whether it is joined. */
  join(): boolean
  /** No SDK is joined from now on. */
  settle(): void
  onDecided(listener: (decided: Decided) => void): void
}

export interface ApiMetersOptions {
  /** Names of the metrics that we record ourselves: they are judged by their cells. */
  readonly own: ReadonlySet<string>
  readonly decision: Decision
  /** The provider that is exported by us; asked for once it is decided so, and only if the service has meters. */
  readonly ownProvider: () => MeterProvider | undefined
  /** The provider that is judged and not exported; asked for when a metric is made that a rule names. */
  readonly judgingProvider: () => MeterProvider
  /** The reader of ours that the SDK has which was joined, if any: it sees what rules name. */
  readonly readerOfSdk: () => CollectingReader | undefined
}

interface EarlyValue {
  readonly instrument: Waiting
  readonly value: number
  readonly attributes: Attributes | undefined
  readonly context: Context | undefined
}

export class ApiMeters implements MeterProvider, ApiWays, ApiAnswers {
  readonly #options: ApiMetersOptions
  readonly #meters = new Map<string, ApiMeter>()
  #kept: ReadonlySet<string> = new Set()
  #early: EarlyValue[] = []
  #exporting: MeterProvider | undefined
  #asksForOwn = false
  #judging: MeterProvider | undefined
  #saidFailure = false
  #saidWhere = false
  readonly #saidOwn = new Set<string>()

  constructor(options: ApiMetersOptions) {
    this.#options = options
    options.decision.onDecided((decided) => this.safely(() => this.#decide(decided)))
  }

  get decided(): Decided | 'undecided' {
    return this.#options.decision.decided
  }

  get undecided(): boolean {
    return this.decided === 'undecided'
  }

  /** Names of metrics that rules name. Ours are judged by their cells; of others, those that are made from now on are sure to be seen. */
  keep(metrics: ReadonlySet<string>): void {
    this.#kept = new Set([...metrics].filter((name) => !this.#options.own.has(name)))
    for (const meter of this.#meters.values()) meter.judge()
  }

  get kept(): ReadonlySet<string> {
    return this.#kept
  }

  /** Names among those kept that no meter of ours has been asked for. */
  unseen(): string[] {
    const seen = new Set([...this.#meters.values()].flatMap(({ names }) => [...names]))
    return [...this.#kept].filter((name) => !seen.has(name))
  }

  // ---- answers ----

  provider(theirs: () => MeterProvider): MeterProvider {
    return this.#isOurs() ? this : theirs()
  }

  meter(name: string, version: string | undefined, options: MeterOptions | undefined, theirs: () => Meter): Meter {
    const isOurs = this.safely(() => this.#isOurs() || this.#judgesBeside())
    return isOurs ? this.getMeter(name, version, options) : theirs()
  }

  becameGlobal(): void {
    this.safely(() => this.look())
  }

  getMeter(name: string, version?: string, options?: MeterOptions): Meter {
    const made = this.safely(() => {
      const key = JSON.stringify([name, version, options?.schemaUrl])
      const known = this.#meters.get(key)
      if (known) return known
      const meter = new ApiMeter(this, { name, version, options })
      this.#meters.set(key, meter)
      this.#sayWhere()
      return meter
    })
    return made ?? createNoopMeter()
  }

  /** Nobody has made a provider global, nor did before. */
  #isOurs(): boolean {
    return this.decided !== 'sdk' && globalMeterProvider() === undefined
  }

  /** The service's SDK exports, and what rules name is judged by us. What was made before is known to meters of ours only. */
  #judgesBeside(): boolean {
    this.look()
    if (this.decided !== 'sdk' || this.#exportingProvider() !== globalMeterProvider()) return false
    return this.#meters.size > 0 || (this.#kept.size > 0 && !this.#options.readerOfSdk())
  }

  // ---- ways ----

  look(): void {
    if (this.undecided) this.#options.decision.join()
  }

  keepEarly(instrument: Waiting, value: number, attributes: Attributes | undefined, context: Context | undefined): void {
    this.#early.push({ instrument, value, attributes: attributes && { ...attributes }, context })
    if (this.#early.length >= EARLY_LIMIT) this.#options.decision.settle()
  }

  exports(metric: string): boolean {
    if (this.decided === 'sdk' || !OWN_CONVENTIONS.has(metric)) return true
    if (this.decided === 'own' && !this.#saidOwn.has(metric)) {
      this.#saidOwn.add(metric)
      diag.info(`otel-health: ${metric} is measured by otel-health itself; what else in this process records it is not exported besides`)
    }
    return false
  }

  judges(metric: string): boolean {
    return this.#kept.has(metric)
  }

  exportingMeter({ name, version, options }: ApiScope): Meter | undefined {
    return this.#exportingProvider()?.getMeter(name, version, options)
  }

  judgingMeter({ name, version, options }: ApiScope): Meter | undefined {
    if (this.#options.readerOfSdk()) return undefined
    this.#judging ??= this.#options.judgingProvider()
    return this.#judging.getMeter(name, version, options)
  }

  safely<T>(action: () => T): T | undefined {
    try {
      return action()
    } catch (error) {
      this.failed(error)
      return undefined
    }
  }

  failed(error: unknown): void {
    if (!this.#saidFailure) diag.warn('otel-health: a metric of the service could not be taken; the service goes on:', error)
    this.#saidFailure = true
  }

  #exportingProvider(): MeterProvider | undefined {
    if (this.decided === 'own' && !this.#asksForOwn) {
      this.#asksForOwn = true
      this.#exporting = this.#options.ownProvider()
    }
    return this.#exporting
  }

  #decide(decided: Decided): void {
    if (decided === 'sdk') this.#exporting = globalMeterProvider()
    const early = this.#early
    this.#early = []
    this.#sayWhere()
    for (const meter of this.#meters.values()) {
      meter.bind(decided === 'sdk')
      if (decided === 'sdk') meter.judge()
    }
    for (const { instrument, value, attributes, context } of early) {
      this.safely(() => instrument.exported?.(value, attributes, context))
    }
  }

  /** Of a service that has meters of the API, once it is decided. */
  #sayWhere(): void {
    const { decided } = this
    if (this.#saidWhere || decided === 'undecided' || this.#meters.size === 0) return
    this.#saidWhere = true
    const way = this.#exportingProvider() ? LEAVES[decided] : NOT_EXPORTED
    diag.info(`otel-health: what the service records with the OpenTelemetry API ${way}`)
  }
}

const NOT_EXPORTED = 'is judged, and not exported'
const LEAVES: Readonly<Record<Decided, string>> = {
  own: 'is exported by otel-health, for no SDK of the service was there when that was due',
  sdk: 'leaves through the SDK that was found in this process',
}
