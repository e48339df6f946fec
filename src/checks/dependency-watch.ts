/**
 * How one server stands that the service was found to use: from the service's own traffic first, by a probe where there is none.
 *
 * One failure is a hiccup: a connection that was reset, a pool of them when a balancer restarts. The server is probed at once, and two
 * failures in a row are `unhealthy`; any answer ends it. What the server itself says counts without a probe, which could not know better.
 */
import type { Cancel, CheckResult, Clock } from '../types.ts'
import type { DependencyEvidence } from './dependency-evidence.ts'
import type { DependencyProbe, ProbeResult } from './dependency-probe.ts'

export interface DependencyWatchOptions {
  readonly clock: Clock
  readonly probe: DependencyProbe
  /**
   * Whether the server may be probed for as long as nothing is wrong. MySQL may not: to it a probe is an interrupted login, and after
   * `max_connect_errors` of them (100) it blocks the host, the service included.
   */
  readonly probesWhenIdle: boolean
  /** Milliseconds without an answer to the service after which the server is probed. */
  readonly intervalMs: number
  readonly onChange: () => void
}

const PROBE_TIMEOUT_MS = 5000
/** A probe after a failure decides whether somebody is called. */
const CONFIRM_TIMEOUT_MS = 1000
/** A server that goes takes all connections with it: failures this close to the first are the same one. */
const SAME_INCIDENT_MS = 250
/** What nobody has seen for this long, where it cannot be probed, is not known any more. */
const STALE_MS = 300_000

export class DependencyWatch {
  readonly #options: DependencyWatchOptions
  #result: CheckResult | undefined
  #failures = 0
  #firstFailureAt = -Infinity
  #provedAt = -Infinity
  #answeredServiceAt = -Infinity
  #triedAt = -Infinity
  #refusedAt = -Infinity
  #probedAt = -Infinity
  /** Whether a probe got through: only then is the address known to be one that can be probed, and not that of a sentinel or a tunnel. */
  #probeable = false
  #probing: AbortController | undefined
  /** Whether the server has spoken to the service since the probe under way began. */
  #overtaken = false
  #cancelLimit: Cancel = () => {}
  #stopped = false

  constructor(options: DependencyWatchOptions) {
    this.#options = options
  }

  /** `undefined` while nothing is known. */
  get result(): CheckResult | undefined {
    return this.#failures >= 2 || this.#now() - this.#provedAt < STALE_MS ? this.#result : undefined
  }

  /** When the service itself last got an answer, and when it last tried; on the monotonic clock. */
  get answeredServiceAt(): number {
    return this.#answeredServiceAt
  }
  get triedAt(): number {
    return this.#triedAt
  }

  /** When the failures in a row began, if there are any; on the monotonic clock. */
  get failingSince(): number {
    return this.#firstFailureAt
  }

  /** What the service's own traffic shows: counts like a check, and puts off the next probe. */
  observe({ ok, latencyMs, error = 'error', refused = false }: DependencyEvidence): void {
    const now = this.#now()
    this.#triedAt = now
    this.#overtaken ||= ok || refused
    if (ok) {
      this.#answeredServiceAt = now
      this.#proved(latencyMs)
      return
    }
    if (refused) this.#refusedAt = now
    if (this.#failures !== 1 || now - this.#firstFailureAt >= SAME_INCIDENT_MS) this.#failed(error, refused)
  }

  /**
   * Probes unless the service's own traffic has shown within the interval how the server is, or a probe has and found nothing wrong.
   * Resolves when the answer is there.
   */
  async check(): Promise<void> {
    const { intervalMs, probesWhenIdle } = this.#options
    const since = this.#now() - intervalMs
    if (this.#probing || this.#provedAt > since || this.#refusedAt > since) return
    if (this.#failures > 0 || (probesWhenIdle && this.#probedAt <= since)) await this.#probe(PROBE_TIMEOUT_MS)
  }

  /** Probes no more; what the service itself finds still counts. */
  stop(): void {
    this.#stopped = true
    this.#probing?.abort()
  }

  start(): void {
    this.#stopped = false
  }

  async #probe(timeoutMs: number): Promise<void> {
    if (this.#stopped) return
    const abort = new AbortController()
    this.#probing = abort
    this.#overtaken = false
    this.#limit(abort, timeoutMs)
    const begunAt = this.#now()
    this.#probedAt = begunAt
    const result = await this.#options.probe(abort.signal)
    this.#cancelLimit()
    this.#probing = undefined
    if (!this.#stopped) this.#probed(result, begunAt)
  }

  #probed(result: ProbeResult, begunAt: number): void {
    if (result.ok) this.#probeable = true
    if (this.#overtaken) return
    if (result.ok) this.#proved(this.#now() - begunAt)
    else if (this.#isCredible(result)) this.#failed(result.error, false)
  }

  /** A probe that fails where the service's own traffic has not may have asked at the wrong address. */
  #isCredible(result: ProbeResult & { ok: false }): boolean {
    return this.#probeable || this.#failures > 0 || (result.reached && result.error === 'timeout')
  }

  #proved(latencyMs: number | undefined): void {
    this.#failures = 0
    this.#provedAt = this.#now()
    const timed = latencyMs ?? this.#result?.latencyMs
    this.#tell({ status: 'healthy', ...(timed !== undefined && { latencyMs: timed }) })
  }

  #failed(error: string, refused: boolean): void {
    this.#failures++
    if (this.#failures >= 2) this.#tell({ status: 'unhealthy', error })
    else {
      this.#firstFailureAt = this.#now()
      if (refused) return
      if (this.#probing) this.#limit(this.#probing, CONFIRM_TIMEOUT_MS)
      else void this.#probe(CONFIRM_TIMEOUT_MS)
    }
  }

  #tell(result: CheckResult): void {
    const before = this.#result?.status
    this.#result = result
    if (result.status !== before) this.#options.onChange()
  }

  #limit(abort: AbortController, ms: number): void {
    this.#cancelLimit()
    this.#cancelLimit = this.#options.clock.after(ms, () => abort.abort())
  }

  #now(): number {
    return this.#options.clock.monotonicMs()
  }
}
