import { count } from '../service/call-counts.ts'

/** One request that was accepted, and what the client must have seen of the answer. */
export interface Call {
  /** Epoch milliseconds at which the request arrived. */
  readonly at: number
  /** The part of the simulator that was called: a provider, a channel… */
  readonly to: string
  /** From otel-health's own checks, by User-Agent. */
  readonly probe: boolean
  /** The fault that met it. */
  readonly fault: string | null
  /** HTTP status. */
  readonly status: number | null
  /** `ok`, or the error.type a client must record. */
  readonly seen_as: string
  readonly latency_ms: number
}

/** Counts that a client's telemetry must equal. Probes are in `probes` only. */
export interface CallSummary {
  requests: number
  /** By what was called and `seen_as`. */
  calls: Record<string, Record<string, number>>
  faults: Record<string, number>
  probes: number
}

const KEPT = 20_000

/** Every request that a simulator accepted. Counts are kept for ever, entries up to a bound. */
export class CallLedger {
  readonly #entries: Call[] = []
  readonly #summary: CallSummary = { requests: 0, calls: {}, faults: {}, probes: 0 }

  add(call: Call): void {
    this.#entries.push(call)
    if (this.#entries.length > KEPT) this.#entries.shift()
    if (call.probe) return void this.#summary.probes++
    this.#summary.requests++
    count((this.#summary.calls[call.to] ??= {}), call.seen_as)
    if (call.fault !== null) count(this.#summary.faults, call.fault)
  }

  summary(): CallSummary {
    return structuredClone(this.#summary)
  }

  entries(): readonly Call[] {
    return this.#entries
  }
}
