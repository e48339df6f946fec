/**
 * Records what a tracker fetcher does, in the terms of its service code, into the metrics of the catalogue. Nothing
 * here throws: what is not a count, a duration or a known state is dropped and counted, for a recording call stands in
 * the middle of somebody's work.
 */
import { diag } from '@opentelemetry/api'

import type {
  AccountState,
  AnisetteState,
  ErrorType,
  GeofenceTransition,
  MetricDefinition,
  QueueState,
  SkipReason,
  Tier,
  Upstream,
} from '../catalogue.ts'
import {
  ACCOUNT_STATE,
  ACCOUNT_STATES,
  ACCOUNT_STATUS,
  ANISETTE_STATE,
  ANISETTE_STATES,
  ANISETTE_STATUS,
  BATCH_DURATION,
  ERROR_TYPE,
  ERROR_TYPES,
  FETCH_ATTEMPTS,
  FETCH_REPORTS,
  FETCH_RETRIES,
  FETCH_SKIPPED,
  FETCH_STREAK,
  FETCH_UNITS,
  GEOFENCE_EVENTS,
  GEOFENCE_TRANSITION,
  OUTCOME,
  QUEUE_OLDEST_DUE_AGE,
  QUEUE_SIZE,
  QUEUE_STATE,
  QUEUE_STATES,
  RECORDS_DROPPED,
  REPORT_KIND,
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
} from '../catalogue.ts'
import type { Attributes } from '../types.ts'
import type { CounterHandle, HistogramHandle, LevelHandle, Recording } from './recording.ts'

/** Node's and undici's names of a time-out, all one thing to whoever waits. */
const TIMEOUTS = new Set(['ETIMEDOUT', 'TimeoutError', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

/** One tracker looked up, after in-line retries. */
export interface FetchAttempt {
  /** Authenticated, parseable, complete answer; no reports in it is a success too. */
  readonly success: boolean
  /** Reports in the answer that had not been seen before, >= 0. Default 0. */
  readonly reportsFound?: number
  /** Reports in the answer that had been seen before, >= 0. Default 0. */
  readonly duplicateReports?: number
  /** Events generated from the new reports: how many, or how many of each transition. */
  readonly geofenceEvents?: number | Partial<Record<GeofenceTransition, number>>
  /** Queue the tracker came from. */
  readonly tier?: Tier
  /** Why it failed; one of `ERROR_TYPES`, anything else becomes `_OTHER`. */
  readonly errorType?: string
  /** In-line retries before this outcome, by what was answered. */
  readonly retries?: readonly string[]
}

/** What became of one batch: the trackers of one upstream call. */
export interface FetchBatch {
  readonly tier?: Tier
  /** Empty if no call was made. */
  readonly attempts: readonly FetchAttempt[]
  /** In-line repetitions of the call, by what was answered before. */
  readonly retries?: readonly string[]
  /** Trackers that were due but not tried, because anisette or every account was gone. */
  readonly skipped?: { readonly reason: SkipReason; readonly count: number } | null
  readonly geofenceEvents?: number | Partial<Record<GeofenceTransition, number>>
  /** Why the whole call failed. */
  readonly errorType?: string
}

export interface ApiCall {
  /** Default `apple`. */
  readonly upstream?: Upstream
  /** Milliseconds, >= 0. */
  readonly durationMs: number
  /** Absent for a successful call; one of `ERROR_TYPES`, anything else becomes `_OTHER`. */
  readonly errorType?: string
}

/** A queue's size as one number (its due trackers), or split by state. */
export type QueueSize = number | Partial<Record<QueueState, number>>

/** Records the attempts of one queue tier through resolved handles: no lookup and no allocation per attempt. */
export interface BoundAttempts {
  /** A success with reports, or without if both counts are 0. */
  succeeded(newReports: number, duplicateReports: number): void
  failed(errorType: ErrorType): void
}

/** Records calls to one upstream through resolved handles. */
export interface BoundApiCalls {
  /** `durationMs` in milliseconds, >= 0; `errorType` absent for a success. */
  record(durationMs: number, errorType?: ErrorType): void
}

export interface FetchRecorderOptions {
  /** An Apple call longer than this, in milliseconds, is slow. */
  readonly maxApiResponseTimeMs: number
  /** Called in the same tick after a state metric has changed, with its name. */
  readonly onStateChange: (metric: string) => void
}

export class FetchRecorder {
  readonly #recording: Recording
  readonly #options: FetchRecorderOptions
  readonly #attempts = new Map<string | undefined, TierAttempts>()
  readonly #okUnits: CounterHandle
  readonly #failedUnits: CounterHandle
  #streak = 0
  readonly #counters = new Map<string, CounterHandle>()
  readonly #dropped: CounterHandle
  #saidDropped = false
  readonly #account: StateMetric
  readonly #anisette: StateMetric

  constructor(recording: Recording, options: FetchRecorderOptions) {
    this.#recording = recording
    this.#options = options
    this.#okUnits = recording.counter(FETCH_UNITS, { [UNIT_OUTCOME]: 'ok' })
    this.#failedUnits = recording.counter(FETCH_UNITS, { [UNIT_OUTCOME]: 'failed' })
    const streak = recording.level(FETCH_STREAK, {})
    // Set when somebody looks: a level takes the time, which would cost more than all the rest of an attempt.
    recording.onCollect(() => {
      if (this.#streak !== 0) streak.set(this.#streak)
    })
    this.#dropped = recording.counter(RECORDS_DROPPED, {})
    this.#account = new StateMetric(recording, ACCOUNT_STATUS, ACCOUNT_STATE, ACCOUNT_STATES, options.onStateChange)
    this.#anisette = new StateMetric(recording, ANISETTE_STATUS, ANISETTE_STATE, ANISETTE_STATES, options.onStateChange)
  }

  /** One attempt that was an upstream call of its own: a unit by itself. */
  attempt(attempt: FetchAttempt): void {
    if (this.#countAttempt(attempt)) this.unit(attempt.success)
  }

  /** All attempts of one upstream call: one unit, failed if more than half of them failed. An empty batch records nothing. */
  batch(attempts: readonly FetchAttempt[]): void {
    if (!Array.isArray(attempts)) return this.#drop('a batch that is not an array')
    let counted = 0
    let failures = 0
    for (const attempt of attempts) {
      if (!this.#countAttempt(attempt)) continue
      counted++
      if (!attempt.success) failures++
    }
    if (counted > 0) this.unit(failures * 2 <= counted)
  }

  /** Everything there is to say about one batch. `durationMs` is left out where no call was made: nothing was processed. */
  fetchBatch(batch: FetchBatch, durationMs: number): void {
    if (typeof batch !== 'object' || batch === null || !Array.isArray(batch.attempts)) return this.#drop('a batch without attempts')
    this.batch(batch.attempts)
    if (Array.isArray(batch.retries)) for (const errorType of batch.retries) this.retry(errorType)
    if (batch.skipped) this.skipped(batch.skipped.reason, batch.skipped.count)
    if (batch.geofenceEvents !== undefined) this.geofenceEvents(batch.geofenceEvents)
    if (batch.attempts.length > 0) this.batchDuration(durationMs, batch.tier, batch.errorType)
  }

  /** Handles for a hot loop; every attempt recorded through them must be followed by `unit` once per upstream call. */
  bind(tier?: Tier): BoundAttempts {
    return this.#tier(tier)
  }

  /** One upstream call's worth of evidence. */
  unit(ok: boolean): void {
    if (ok) this.#okUnits.add(1)
    else this.#failedUnits.add(1)
    this.#streak = ok ? Math.max(0, this.#streak) + 1 : Math.min(0, this.#streak) - 1
  }

  skipped(reason: SkipReason, count: number): void {
    if (!SKIP_REASONS.includes(reason) || !isAmount(count)) return this.#drop('a skip without a known reason or count')
    if (count > 0) this.#counter(FETCH_SKIPPED, { [SKIP_REASON]: reason }).add(count)
  }

  retry(errorType: string): void {
    this.#counter(FETCH_RETRIES, { [ERROR_TYPE]: toErrorType(errorType) }).add(1)
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
    this.#upstream(upstream).record(call.durationMs, call.errorType === undefined ? undefined : toErrorType(call.errorType))
  }

  queueSizes(sizes: Partial<Record<Tier, QueueSize>>): void {
    if (typeof sizes !== 'object' || sizes === null) return this.#drop('queue sizes that are no object')
    for (const [tier, size] of Object.entries(sizes)) {
      if (!isTier(tier)) {
        this.#drop('the size of a queue of unknown tier')
        continue
      }
      if (typeof size === 'number') this.#queueSize(tier, 'due', size)
      else for (const [state, count] of Object.entries(size ?? { unknown: size })) this.#queueSize(tier, state, count)
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
    if (typeof attempt !== 'object' || attempt === null || typeof attempt.success !== 'boolean') {
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
    if (attempt.success) tier.succeeded(found, duplicates)
    else tier.failed(toErrorType(attempt.errorType))
    if (attempt.geofenceEvents !== undefined) this.geofenceEvents(attempt.geofenceEvents)
    if (attempt.retries !== undefined) for (const errorType of attempt.retries) this.retry(errorType)
    return true
  }

  #tier(tier: Tier | undefined): TierAttempts {
    let attempts = this.#attempts.get(tier)
    if (!attempts) this.#attempts.set(tier, (attempts = new TierAttempts(this.#recording, tier)))
    return attempts
  }

  readonly #upstreams = new Map<Upstream, UpstreamCalls>()
  /** Handles for a hot loop, as `bind`. */
  bindApiCalls(upstream: Upstream): BoundApiCalls {
    return this.#upstream(upstream)
  }

  #upstream(upstream: Upstream): UpstreamCalls {
    let calls = this.#upstreams.get(upstream)
    if (!calls) this.#upstreams.set(upstream, (calls = new UpstreamCalls(this.#recording, upstream, this.#options.maxApiResponseTimeMs)))
    return calls
  }

  #counter(metric: Parameters<Recording['counter']>[0], attributes: Attributes): CounterHandle {
    const key = `${metric.name} ${Object.values(attributes).join(' ')}`
    let counter = this.#counters.get(key)
    if (!counter) this.#counters.set(key, (counter = this.#recording.counter(metric, attributes)))
    return counter
  }

  #drop(what: string): void {
    this.#dropped.add(1)
    if (this.#saidDropped) return
    this.#saidDropped = true
    diag.warn(`otel-health: ${what} was dropped; ${RECORDS_DROPPED.name} counts this and what follows`)
  }
}

/** One series per state: 1 for the current one, 0 for the others. */
class StateMetric {
  readonly #metric: MetricDefinition
  readonly #levels: ReadonlyMap<string, LevelHandle>
  readonly #onChange: (metric: string) => void
  #state: string | undefined

  constructor(
    recording: Recording,
    metric: MetricDefinition,
    attribute: string,
    states: readonly string[],
    onChange: (metric: string) => void,
  ) {
    this.#metric = metric
    this.#levels = new Map(states.map((state) => [state, recording.level(metric, { [attribute]: state })]))
    this.#onChange = onChange
  }

  /** `false` if the metric has no such state. */
  set(state: string): boolean {
    if (!this.#levels.has(state)) return false
    for (const [each, level] of this.#levels) level.set(each === state ? 1 : 0)
    if (state !== this.#state) {
      this.#state = state
      this.#onChange(this.#metric.name)
    }
    return true
  }
}

class TierAttempts implements BoundAttempts {
  readonly #recording: Recording
  readonly #attributes: Attributes
  readonly #reports: CounterHandle
  readonly #empty: CounterHandle
  readonly #failed = new Map<ErrorType, CounterHandle>()
  readonly #newReports: HistogramHandle
  readonly #duplicateReports: HistogramHandle

  constructor(recording: Recording, tier: Tier | undefined) {
    this.#recording = recording
    this.#attributes = tier === undefined ? {} : { [TIER]: tier }
    this.#reports = recording.counter(FETCH_ATTEMPTS, { ...this.#attributes, [OUTCOME]: 'reports' })
    this.#empty = recording.counter(FETCH_ATTEMPTS, { ...this.#attributes, [OUTCOME]: 'empty' })
    this.#newReports = recording.histogram(FETCH_REPORTS, { [REPORT_KIND]: 'new' })
    this.#duplicateReports = recording.histogram(FETCH_REPORTS, { [REPORT_KIND]: 'duplicate' })
  }

  succeeded(newReports: number, duplicateReports: number): void {
    if (newReports + duplicateReports > 0) this.#reports.add(1)
    else this.#empty.add(1)
    this.#newReports.record(newReports)
    this.#duplicateReports.record(duplicateReports)
  }

  failed(errorType: ErrorType): void {
    let counter = this.#failed.get(errorType)
    if (!counter) {
      counter = this.#recording.counter(FETCH_ATTEMPTS, { ...this.#attributes, [OUTCOME]: 'failed', [ERROR_TYPE]: errorType })
      this.#failed.set(errorType, counter)
    }
    counter.add(1)
  }
}

class UpstreamCalls implements BoundApiCalls {
  readonly #recording: Recording
  readonly #upstream: Upstream
  readonly #limitMs: number
  #succeeded: HistogramHandle | undefined
  readonly #failed = new Map<ErrorType, HistogramHandle>()
  readonly #slow: CounterHandle

  constructor(recording: Recording, upstream: Upstream, limitMs: number) {
    this.#recording = recording
    this.#upstream = upstream
    this.#limitMs = limitMs
    this.#slow = recording.counter(UPSTREAM_SLOW, { [UPSTREAM]: upstream })
  }

  record(durationMs: number, errorType?: ErrorType): void {
    const duration = errorType === undefined ? (this.#succeeded ??= this.#durationOf({})) : this.#failedWith(errorType)
    duration.record(durationMs / 1000)
    if (durationMs > this.#limitMs || errorType === 'timeout') this.#slow.add(1)
  }

  #failedWith(errorType: ErrorType): HistogramHandle {
    let duration = this.#failed.get(errorType)
    if (!duration) this.#failed.set(errorType, (duration = this.#durationOf({ [ERROR_TYPE]: errorType })))
    return duration
  }

  #durationOf(attributes: Attributes): HistogramHandle {
    return this.#recording.histogram(UPSTREAM_DURATION, { [UPSTREAM]: this.#upstream, ...attributes })
  }
}

/** The closed list's name of an error code, `_OTHER` for what is not on it. */
export function toErrorType(code: unknown): ErrorType {
  if (typeof code === 'number') code = String(code)
  if (typeof code !== 'string') return '_OTHER'
  if (TIMEOUTS.has(code)) return 'timeout'
  return (ERROR_TYPES as readonly string[]).includes(code) ? (code as ErrorType) : '_OTHER'
}

function isTier(tier: unknown): tier is Tier {
  return (TIERS as readonly unknown[]).includes(tier)
}

/** Up to 2^53 - 1: beyond it a sum no longer counts, and two such values would be infinite. */
function isAmount(n: unknown): n is number {
  return typeof n === 'number' && n >= 0 && n <= Number.MAX_SAFE_INTEGER
}
