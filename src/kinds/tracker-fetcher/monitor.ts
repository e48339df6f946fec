/** TrackerFetcherHealthMonitor: a ServiceHealthMonitor that knows what a tracker fetcher does. */
import type { AccountState, AnisetteState, GeofenceTransition, SkipReason, Tier, Upstream } from './metrics.ts'
import { probeAnisette } from './anisette-probe.ts'
import type { AnisetteEvidence } from './anisette-watch.ts'
import { AnisetteWatch } from './anisette-watch.ts'
import { ServiceHealthMonitor } from '../../service/monitor.ts'
import type { ServiceHealthMonitorOptions } from '../../service/monitor-options.ts'
import type { Fields } from '../../record/tallies.ts'
import type { AttemptOf } from '../../types.ts'
import { toErrorType } from './error-type.ts'
import type { FetchAttempt, FetchBatch } from './fetch-batch.ts'
import type { QueueSize } from './fetch-recorder.ts'
import { FetchRecorder } from './fetch-recorder.ts'
import type { BoundAttempts } from './tier-attempts.ts'
import type { ApiCall } from './api-call.ts'
import type { TrackerFetcherConfig } from './config.ts'
import type { BoundApiCalls } from '../worker/upstream-calls.ts'
import { trackerFetcherJudging } from './judging.ts'

export interface TrackerFetcherHealthMonitorOptions extends ServiceHealthMonitorOptions {
  /** Base URL of the anisette server; it is probed when no real request proves that it works. */
  readonly anisetteUrl?: string
}

/** What answers without usable headers are called when they are recorded as API calls. */
const INVALID_ANISETTE: ReadonlySet<string> = new Set(['anisette_invalid', 'malformed_body', 'empty_body'])

/**
 * Recording calls never throw: what is not a finite number >= 0 or a known state is dropped and counted in
 * `health.records.dropped`.
 */
export class TrackerFetcherHealthMonitor extends ServiceHealthMonitor {
  readonly #fetches: FetchRecorder
  readonly #anisette: AnisetteWatch

  /** Throws one sentence if an option or an environment variable cannot be used. */
  constructor(options: TrackerFetcherHealthMonitorOptions = {}) {
    super(options, trackerFetcherJudging)
    const url = options.anisetteUrl ?? (options.config as TrackerFetcherConfig | undefined)?.anisetteUrl
    this.#fetches = new FetchRecorder(this.recording, {
      maxApiResponseTimeMs: this.limitOf('slow_apple_api', 'ms') ?? this.options.settings.maxApiResponseTime,
      onStateChange: (metric) => this.evaluateSoon(metric),
    })
    this.#anisette = new AnisetteWatch({
      clock: this.clock,
      ...(url !== undefined && { probe: (signal) => probeAnisette(url, signal) }),
      onState: (state) => this.#fetches.anisette(state),
    })
  }

  override async start(): Promise<void> {
    if (!this.stopped) this.#anisette.start()
    await super.start()
  }

  override async stop(timeoutMs?: number): Promise<void> {
    this.#anisette.stop()
    await super.stop(timeoutMs)
  }

  /** One tracker looked up by an upstream call of its own. */
  recordFetchAttempt(attempt: FetchAttempt): void {
    this.#fetches.attempt(attempt)
  }

  /** All trackers of one upstream call: one piece of evidence, however many they are. */
  recordFetchAttempts(attempts: readonly FetchAttempt[]): void {
    this.#fetches.batch(attempts)
  }

  /** Everything about one batch at once: attempts, retries, skips, events, and the milliseconds it took. */
  recordBatch(batch: FetchBatch, durationMs: number): void {
    this.#fetches.fetchBatch(batch, durationMs)
  }

  /** Handles for a hot loop: an attempt recorded through them allocates nothing. */
  bindFetchAttempts(tier?: Tier): BoundAttempts {
    return this.#fetches.bind(tier)
  }

  /** Handles for a hot loop: a call recorded through them allocates nothing. */
  bindApiCalls(upstream: Upstream): BoundApiCalls {
    return this.#fetches.bindApiCalls(upstream)
  }

  /** One upstream call's worth of evidence, after the attempts of that call were recorded through `bindFetchAttempts`. */
  recordUnit(ok: boolean): void {
    this.#fetches.unit(ok)
  }

  /** Milliseconds from leasing a batch to having processed its answer. */
  recordBatchProcessingTime(durationMs: number, details: { readonly tier?: Tier; readonly errorType?: string } = {}): void {
    this.#fetches.batchDuration(durationMs, details?.tier, details?.errorType)
  }

  /** One HTTP call to Apple or anisette. A call to anisette is also evidence of the server's state. */
  recordApiCall(call: ApiCall): void {
    this.#fetches.apiCall(call)
    if (call?.upstream === 'anisette') this.#anisette.observe(anisetteEvidence(call.errorType))
  }

  /** Due trackers per queue, or due, scheduled and leased ones apart. */
  recordQueueSizes(sizes: Partial<Record<Tier, QueueSize>>): void {
    this.#fetches.queueSizes(sizes)
  }

  /** Seconds for which the longest waiting tracker of each queue has been due. */
  recordOldestDueAges(seconds: Partial<Record<Tier, number>>): void {
    this.#fetches.oldestDueAges(seconds)
  }

  /** Trackers held by workers, where that is not known per queue. */
  recordLeased(count: number): void {
    this.#fetches.leased(count)
  }

  /** Trackers that were due but not tried, because anisette or every account was gone. */
  recordSkipped(reason: SkipReason, count: number): void {
    this.#fetches.skipped(reason, count)
  }

  /** A request repeated in line, by what the one before it was answered. */
  recordRetry(errorType: string): void {
    this.#fetches.retry(errorType)
  }

  recordGeofenceEvents(events: number | Partial<Record<GeofenceTransition, number>>): void {
    this.#fetches.geofenceEvents(events)
  }

  /** State of the best Apple account: `logged_in` if any account can fetch. Evaluated at once. */
  setAppleAccount(state: AccountState): void {
    this.#fetches.appleAccount(state)
  }

  /** State of the anisette server. Evaluated at once. */
  setAnisette(state: AnisetteState): void {
    this.#fetches.anisette(state)
  }

  /** Of a record that health.config adds: one fetch, whatever else it counts. */
  protected override attempted(_is: AttemptOf, fields: Fields): void {
    this.#fetches.attempt(fields as unknown as FetchAttempt)
  }
}

function anisetteEvidence(errorType: string | undefined): AnisetteEvidence {
  if (errorType === undefined) return 'reachable'
  return INVALID_ANISETTE.has(toErrorType(errorType)) ? 'invalid' : 'unreachable'
}
