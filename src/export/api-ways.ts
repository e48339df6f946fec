/** What instruments and meters of the API ask before they do anything: where what is recorded goes by now. */
import type { Attributes, Context, Meter, MeterOptions } from '@opentelemetry/api'

/** A meter's name in the API. */
export interface ApiScope {
  readonly name: string
  readonly version: string | undefined
  readonly options: MeterOptions | undefined
}

export type Put = (value: number, attributes?: Attributes, context?: Context) => void

/** How an instrument was asked for, so that others can be made like it. */
export interface Asked<Method extends keyof Meter> {
  readonly ways: ApiWays
  readonly scope: ApiScope
  readonly method: Method
  readonly name: string
  readonly options: object | undefined
}

/** An instrument whose values wait for a way out. */
export interface Waiting {
  readonly exported: Put | undefined
}

export interface ApiWays {
  /** It is not known yet through which SDK metrics leave. */
  readonly undecided: boolean
  /** Looks for an SDK of the service, and joins it if there is one. */
  look(): void
  /** Keeps a value for the instrument, until it is known. */
  keepEarly(instrument: Waiting, value: number, attributes: Attributes | undefined, context: Context | undefined): void
  /** Whether a metric of this name leaves this way; of some, others here take care. */
  exports(metric: string): boolean
  /** Whether a rule names it. */
  judges(metric: string): boolean
  /** Where metrics leave; `undefined` while that is not known, and if nothing is exported. */
  exportingMeter(scope: ApiScope): Meter | undefined
  /** Where metrics are judged; `undefined` if a reader of ours sees them where they leave. */
  judgingMeter(scope: ApiScope): Meter | undefined
  /** Does what must not fail for the service; `undefined` and said once if it did. */
  safely<T>(action: () => T): T | undefined
  /** Says it the first time. */
  failed(error: unknown): void
}
