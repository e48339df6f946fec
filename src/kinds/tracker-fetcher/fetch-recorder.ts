/**
 * Records what a tracker fetcher does, in the terms of its service code, into the metrics of the catalogue. Nothing
 * here throws: what is not a count, a duration or a known state is dropped and counted, for a recording call stands in
 * the middle of somebody's work.
 */
import type { AccountState, AnisetteState, GeofenceTransition, QueueState, SkipReason, Tier, Upstream } from './metrics.ts'
import {
  ACCOUNT_STATE,
  ACCOUNT_STATUS,
  ANISETTE_STATE,
  ANISETTE_STATUS,
  BATCH_DURATION,
  FETCH_RETRIES,
  FETCH_SKIPPED,
  FETCH_STREAK,
  FETCH_UNITS,
  GEOFENCE_EVENTS,
  GEOFENCE_TRANSITION,
  QUEUE_OLDEST_DUE_AGE,
  QUEUE_SIZE,
  QUEUE_STATE,
  QUEUE_STATES,
  SKIP_REASON,
  SKIP_REASONS,
  TIER,
  TIERS,
  TRANSITIONS,
  UNIT_OUTCOME,
  UPSTREAM,
  UPSTREAM_DURATION,
  UPSTREAM_SLOW,
  UPSTREAMS,
} from './metrics.ts'
import { ERROR_TYPE } from '../../catalogue.ts'
import type { Attributes } from '../../types.ts'
import { isAmount } from '../../record/amount.ts'
import type { Drop } from '../../record/drop.ts'
import { createDrop } from '../../record/drop.ts'
import { toErrorType } from './error-type.ts'
import type { FetchAttempt, FetchBatch } from './fetch-batch.ts'
import type { CounterHandle, Recording } from '../../record/recording.ts'
import { StateMetric } from '../../record/state-metric.ts'
import type { BoundAttempts } from './tier-attempts.ts'
import { TierAttempts } from './tier-attempts.ts'
import { Units } from '../worker/units.ts'
import type { ApiCall } from './api-call.ts'
import type { BoundApiCalls } from '../worker/upstream-calls.ts'
import { UpstreamCalls } from '../worker/upstream-calls.ts'

/** A queue's size as one number (its due trackers), or split by state. */
export type QueueSize = number | Partial<Record<QueueState, number>>

export interface FetchRecorderOptions {
  /** An Apple call longer than this, in milliseconds, is slow. */
  readonly maxApiResponseTimeMs: number
  /** Called in the same tick after a state metric has changed, with its name. */
  readonly onStateChange: (metric: string) => void
}

const UPSTREAM_METRICS = { duration: UPSTREAM_DURATION, slow: UPSTREAM_SLOW }

export class FetchRecorder {
  readonly #recording: Recording
  readonly #options: FetchRecorderOptions
  readonly #attempts = new Map<string | undefined, TierAttempts>()
  readonly #upstreams = new Map<Upstream, UpstreamCalls>()
  readonly #units: Units
  readonly #counters = new Map<string, CounterHandle>()
  readonly #account: StateMetric
  readonly #anisette: StateMetric
  readonly #drop: Drop

  constructor(recording: Recording, options: FetchRecorderOptions) {
    this.#recording = recording
    this.#options = options
    this.#units = new Units(recording, { units: FETCH_UNITS, outcome: UNIT_OUTCOME, streak: FETCH_STREAK })
    this.#drop = createDrop(recording)
    const onChange = options.onStateChange
    this.#account = new StateMetric(recording, { metric: ACCOUNT_STATUS, attribute: ACCOUNT_STATE, onChange })
    this.#anisette = new StateMetric(recording, { metric: ANISETTE_STATUS, attribute: ANISETTE_STATE, onChange })
  }

  /** One attempt that was an upstream call of its own: a unit by itself. */
  attempt(attempt: FetchAttempt): void {
    if (this.#countAttempt(attempt) && attempt.success !== 'unknown') this.unit(attempt.success)
  }

  /** All attempts of one upstream call: one unit, failed if more than half of them failed. An empty batch records nothing. */
  batch(attempts: readonly FetchAttempt[]): void {
    if (!Array.isArray(attempts)) return this.#drop('a batch that is not an array')
    let counted = 0
    let failures = 0
    for (const attempt of attempts) {
      if (!this.#countAttempt(attempt) || attempt.success === 'unknown') continue
      counted++
      if (!attempt.success) failures++
    }
    this.#units.addBatch(counted, failures)
  }

  /** Everything there is to say about one batch. `durationMs` is left out where no call was made: nothing was processed. */
  fetchBatch(batch: FetchBatch, durationMs: number): void {
    if (typeof batch !== 'object' || batch === null || !Array.isArray(batch.attempts)) return this.#drop('a batch without attempts')
    this.batch(batch.attempts)
    if (batch.retries !== undefined) this.#retries(batch.retries)
    if (batch.skipped) this.skipped(batch.skipped.reason, batch.skipped.count)
    if (batch.geofenceEvents !== undefined) this.geofenceEvents(batch.geofenceEvents)
    if (batch.attempts.length > 0) this.batchDuration(durationMs, batch.tier, batch.errorType)
  }

  /** Handles for a hot loop; every attempt recorded through them must be followed by `unit` once per upstream call. */
  bind(tier?: Tier): BoundAttempts {
    return this.#tier(isTier(tier) ? tier : undefined)
  }

  /** Handles for a hot loop. */
  bindApiCalls(upstream: Upstream): BoundApiCalls {
    if (UPSTREAMS.includes(upstream)) return this.#upstream(upstream)
    return { record: () => this.#drop('an API call to an unknown upstream') }
  }

  /** One upstream call's worth of evidence. */
  unit(ok: boolean): void {
    this.#units.add(ok)
  }

  skipped(reason: SkipReason, count: number): void {
    if (!SKIP_REASONS.includes(reason) || !isAmount(count)) return this.#drop('a skip without a known reason or count')
    if (count > 0) this.#counter(FETCH_SKIPPED, { [SKIP_REASON]: reason }).add(count)
  }

  retry(errorType: string): void {
    this.#counter(FETCH_RETRIES, { [ERROR_TYPE]: toErrorType(errorType) }).add(1)
  }

  #retries(errorTypes: readonly string[]): void {
    if (!Array.isArray(errorTypes)) return this.#drop('retries that are no array')
    for (const errorType of errorTypes) this.retry(errorType)
  }

  geofenceEvents(events: number | Partial<Record<GeofenceTransition, number>>): void {
    if (typeof events === 'number') {
      if (!isAmount(events)) return this.#drop('a number of geofence events that is not one')
      if (events > 0) this.#counter(GEOFENCE_EVENTS, {}).add(events)
      return
    }
    if (typeof events !== 'object' || events === null) return this.#drop('geofence events that are no number')
    for (const transition of TRANSITIONS) {
      const count = events[transition] ?? 0
      if (!isAmount(count)) this.#drop('a number of geofence events that is not one')
      else if (count > 0) this.#counter(GEOFENCE_EVENTS, { [GEOFENCE_TRANSITION]: transition }).add(count)
    }
  }

  /** `durationMs` in milliseconds, >= 0. */
  batchDuration(durationMs: number, tier?: Tier, errorType?: string): void {
    if (!isAmount(durationMs)) return this.#drop('a batch duration that is none')
    const attributes: Record<string, string> = {}
    if (isTier(tier)) attributes[TIER] = tier
    if (errorType !== undefined) attributes[ERROR_TYPE] = toErrorType(errorType)
    this.#recording.histogram(BATCH_DURATION, attributes).record(durationMs / 1000)
  }

  apiCall(call: ApiCall): void {
    if (typeof call !== 'object' || call === null || !isAmount(call.durationMs)) return this.#drop('an API call without a duration')
    const upstream = call.upstream ?? 'apple'
    if (!UPSTREAMS.includes(upstream)) return this.#drop('an API call to an unknown upstream')
    this.#upstream(upstream).record(call.durationMs, call.errorType, call)
  }

  queueSizes(sizes: Partial<Record<Tier, QueueSize>>): void {
    if (typeof sizes !== 'object' || sizes === null) return this.#drop('queue sizes that are no object')
    for (const [tier, size] of Object.entries(sizes)) {
      if (!isTier(tier)) {
        this.#drop('the size of a queue of unknown tier')
        continue
      }
      if (typeof size !== 'object' || size === null) this.#queueSize(tier, 'due', size)
      else for (const [state, count] of Object.entries(size)) this.#queueSize(tier, state, count)
    }
  }

  #queueSize(tier: Tier, state: string, count: number): void {
    if (!isAmount(count) || !(QUEUE_STATES as readonly string[]).includes(state)) return this.#drop('a queue size that is no number')
    this.#recording.level(QUEUE_SIZE, { [TIER]: tier, [QUEUE_STATE]: state }).set(count)
  }

  /** Trackers held by workers, where that is not known per queue. */
  leased(count: number): void {
    if (!isAmount(count)) return this.#drop('a number of leased trackers that is not one')
    this.#recording.level(QUEUE_SIZE, { [QUEUE_STATE]: 'leased' }).set(count)
  }

  /** Seconds, >= 0, for which the oldest due tracker of each queue has been due. */
  oldestDueAges(seconds: Partial<Record<Tier, number>>): void {
    if (typeof seconds !== 'object' || seconds === null) return this.#drop('ages of queues that are no object')
    for (const [tier, age] of Object.entries(seconds)) {
      if (!isTier(tier) || !isAmount(age)) this.#drop('an age of a queue that is none')
      else this.#recording.level(QUEUE_OLDEST_DUE_AGE, { [TIER]: tier }).set(age)
    }
  }

  /** The state of the best Apple account: `logged_in` if any account can fetch. */
  appleAccount(state: AccountState): void {
    if (!this.#account.set(state)) this.#drop('an unknown state of the Apple account')
  }

  anisette(state: AnisetteState): void {
    if (!this.#anisette.set(state)) this.#drop('an unknown state of anisette')
  }

  #countAttempt(attempt: FetchAttempt): boolean {
    if (typeof attempt !== 'object' || attempt === null || !isSuccess(attempt.success)) {
      this.#drop('an attempt without success: true or false')
      return false
    }
    const found = attempt.reportsFound ?? 0
    const duplicates = attempt.duplicateReports ?? 0
    if (!isAmount(found) || !isAmount(duplicates)) {
      this.#drop('an attempt with a number of reports that is not one')
      return false
    }
    const tier = this.#tier(isTier(attempt.tier) ? attempt.tier : undefined)
    if (attempt.success === 'unknown') tier.unknown()
    else if (attempt.success) tier.succeeded(found, duplicates)
    else tier.failed(attempt.errorType)
    if (attempt.geofenceEvents !== undefined) this.geofenceEvents(attempt.geofenceEvents)
    if (attempt.retries !== undefined) this.#retries(attempt.retries)
    return true
  }

  #tier(tier: Tier | undefined): TierAttempts {
    let attempts = this.#attempts.get(tier)
    if (!attempts) this.#attempts.set(tier, (attempts = new TierAttempts(this.#recording, tier, this.#drop)))
    return attempts
  }

  #upstream(upstream: Upstream): UpstreamCalls {
    let calls = this.#upstreams.get(upstream)
    if (!calls) {
      calls = new UpstreamCalls({
        recording: this.#recording,
        metrics: UPSTREAM_METRICS,
        of: { [UPSTREAM]: upstream },
        limitMs: this.#options.maxApiResponseTimeMs,
        errorTypeOf: toErrorType,
        drop: this.#drop,
      })
      this.#upstreams.set(upstream, calls)
    }
    return calls
  }

  #counter(metric: Parameters<Recording['counter']>[0], attributes: Attributes): CounterHandle {
    const key = `${metric.name} ${Object.values(attributes).join(' ')}`
    let counter = this.#counters.get(key)
    if (!counter) this.#counters.set(key, (counter = this.#recording.counter(metric, attributes)))
    return counter
  }
}

function isSuccess(success: unknown): boolean {
  return typeof success === 'boolean' || success === 'unknown'
}

function isTier(tier: unknown): tier is Tier {
  return (TIERS as readonly unknown[]).includes(tier)
}
