/**
 * A connection of the service to a server, as far as its health goes. A busy connection tells of one answer per period, so that watching
 * costs a comparison per command and no clock reading; of a failure it tells once until it is answered or tries again.
 */

import { isAbsolute, resolve } from 'node:path'

import { diag } from '../../diag.ts'
import type { DependencyEvidence, DependencyKind } from '../../checks/dependency-evidence.ts'
import type { Cancel, Clock } from '../../types.ts'
import type { Outcome } from './dependency-outcome.ts'

/** Milliseconds; the age of a proof is known to within this, and a check's interval is many times that. */
const PERIOD_MS = 1000

/** What all watched connections share: the period, the clock and who is told. */
export class EvidenceTeller {
  readonly clock: Clock
  readonly #onEvidence: (evidence: DependencyEvidence) => void
  #period = 0
  #cancel: Cancel
  #saidThrow = false
  readonly #onPeriod = new Set<() => void>()

  constructor(clock: Clock, onEvidence: (evidence: DependencyEvidence) => void) {
    this.clock = clock
    this.#onEvidence = onEvidence
    this.#cancel = clock.every(PERIOD_MS, () => {
      this.#period++
      for (const fn of this.#onPeriod) fn()
    })
  }

  get period(): number {
    return this.#period
  }

  /** Calls `fn` at the beginning of every period. */
  onPeriod(fn: () => void): void {
    this.#onPeriod.add(fn)
  }

  /** Never throws: it is called from within the service's clients. */
  tell(evidence: DependencyEvidence): void {
    try {
      this.#onEvidence(evidence)
    } catch (error) {
      if (!this.#saidThrow) diag.error('otel-health: what was seen of a dependency could not be recorded:', error)
      this.#saidThrow = true
    }
  }

  stop(): void {
    this.#cancel()
  }
}

export class WatchedConnection {
  readonly #teller: EvidenceTeller
  readonly #kind: DependencyKind
  readonly #address: string
  #toldPeriod = -1
  #refusedPeriod = -1
  #sentAt: number | undefined
  #failed = false

  constructor(teller: EvidenceTeller, kind: DependencyKind, address: string) {
    this.#teller = teller
    this.#kind = kind
    this.#address = address
  }

  /** Whether this period has had its answer: nothing more needs to be looked at. */
  get told(): boolean {
    return this.#toldPeriod === this.#teller.period
  }

  /** A new attempt to connect: whatever becomes of it is told. */
  begins(): void {
    this.#failed = false
    this.#sentAt = undefined
  }

  /** A request left. Only one that is `alone` and does not wait on purpose is timed: the next answer is its own. */
  sent(alone: boolean): void {
    if (!this.told && alone) this.#sentAt = this.#teller.clock.monotonicMs()
  }

  /** `timedMs`: how long the answer took, where that is known better than from `sent`. */
  answered(timedMs?: number): void {
    this.#failed = false
    if (this.told) return
    this.#toldPeriod = this.#teller.period
    const latencyMs = timedMs ?? (this.#sentAt === undefined ? undefined : this.#teller.clock.monotonicMs() - this.#sentAt)
    this.#sentAt = undefined
    this.#teller.tell({ kind: this.#kind, address: this.#address, ok: true, ...(latencyMs !== undefined && { latencyMs }) })
  }

  /** One loss of a connection shows in several places and is told once; a refusal is told once per period. */
  ended(outcome: Outcome, timedMs?: number): void {
    if (outcome === 'answered') return this.answered(timedMs)
    if (outcome === 'unknown') return
    const refused = 'refused' in outcome
    if (refused ? this.#refusedPeriod === this.#teller.period : this.#failed) return
    if (refused) this.#refusedPeriod = this.#teller.period
    this.#failed = true
    this.#sentAt = undefined
    this.#teller.tell({
      kind: this.#kind,
      address: this.#address,
      ok: false,
      error: refused ? outcome.refused : outcome.failed,
      ...(refused && { refused }),
    })
  }
}

/** `host:port`; a host with a slash in it is the path of a socket. Never throws. */
export function addressOf(host: unknown, port: unknown): string {
  const name = typeof host === 'string' && host !== '' ? host : 'localhost'
  if (/[/\\\0]/.test(name)) return socketAddress(name)
  return `${name.includes(':') ? `[${name}]` : name}:${Number(port)}`
}

/** The path of a Unix socket or Windows pipe, made absolute: the service's own folder may change. Never throws. */
export function socketAddress(path: unknown): string {
  // After a NUL comes the name of an abstract socket of Linux, not a file.
  if (typeof path !== 'string' || isAbsolute(path) || path.startsWith('\0')) return String(path)
  try {
    return resolve(path)
  } catch {
    // The folder is gone, and the socket with it.
    return path
  }
}
