/**
 * Whether the anisette server can be used, from real requests first and probes where there are none. An answer without
 * the two headers that matter is `invalid` at once. A failure is told from a hiccup by a second one: after a failed
 * request or probe the server is probed again at once, and two failures in a row are `unreachable`.
 */
import type { AnisetteState } from './metrics.ts'
import type { Cancel, Clock } from '../../types.ts'

/** What a probe or a real request found. */
export type AnisetteEvidence = Exclude<AnisetteState, 'unknown'>

export interface AnisetteWatchOptions {
  readonly clock: Clock
  /** Asks the server once. Absent if its address is not known: then two failed requests in a row are needed. */
  readonly probe?: (signal: AbortSignal) => Promise<AnisetteEvidence>
  readonly onState: (state: AnisetteState) => void
  /** Milliseconds without a real request after which the server is probed. */
  readonly intervalMs?: number
}

const INTERVAL_MS = 15_000
/** The second check begins within a second of the first; a probe that hangs longer than this has failed. */
const CONFIRM_TIMEOUT_MS = 1000
const PROBE_TIMEOUT_MS = 5000

export class AnisetteWatch {
  readonly #options: AnisetteWatchOptions
  readonly #intervalMs: number
  #failures = 0
  #heardAt = -Infinity
  /** The probe under way; aborting it is a failed probe. */
  #probing: AbortController | undefined
  #cancelLimit: Cancel = () => {}
  #cancel: Cancel | undefined
  #stopped = false

  constructor(options: AnisetteWatchOptions) {
    this.#options = options
    this.#intervalMs = options.intervalMs ?? INTERVAL_MS
  }

  start(): void {
    if (!this.#options.probe || this.#cancel) return
    this.#stopped = false
    this.#cancel = this.#options.clock.every(this.#intervalMs / 3, () => {
      if (this.#options.clock.monotonicMs() - this.#heardAt >= this.#intervalMs) void this.#probe(PROBE_TIMEOUT_MS)
    })
    void this.#probe(PROBE_TIMEOUT_MS)
  }

  /** Probes no more; what the service itself finds still counts. */
  stop(): void {
    this.#stopped = true
    this.#cancel?.()
    this.#cancel = undefined
    this.#probing?.abort()
  }

  /** What a real request of the service found: counts like a check, and puts off the next probe. */
  observe(evidence: AnisetteEvidence): void {
    this.#heardAt = this.#options.clock.monotonicMs()
    this.#failures = evidence === 'unreachable' ? this.#failures + 1 : 0
    if (evidence !== 'unreachable' || this.#failures >= 2) this.#options.onState(evidence)
    else if (this.#probing) this.#limit(this.#probing, CONFIRM_TIMEOUT_MS)
    else void this.#probe(CONFIRM_TIMEOUT_MS)
  }

  async #probe(timeoutMs: number): Promise<void> {
    const { probe } = this.#options
    if (!probe || this.#probing || this.#stopped) return
    const abort = new AbortController()
    this.#probing = abort
    const aborted = new Promise<AnisetteEvidence>((resolve) => abort.signal.addEventListener('abort', () => resolve('unreachable')))
    this.#limit(abort, timeoutMs)
    const evidence = await Promise.race([probeSafely(probe, abort.signal), aborted])
    this.#cancelLimit()
    this.#probing = undefined
    if (!this.#stopped) this.observe(evidence)
  }

  #limit(abort: AbortController, ms: number): void {
    this.#cancelLimit()
    this.#cancelLimit = this.#options.clock.after(ms, () => abort.abort())
  }
}

async function probeSafely(probe: (signal: AbortSignal) => Promise<AnisetteEvidence>, signal: AbortSignal): Promise<AnisetteEvidence> {
  try {
    return await probe(signal)
  } catch {
    return 'unreachable'
  }
}
