export type Upstream = 'apple' | 'anisette'
export type Endpoint = 'apple.fetch' | 'apple.login' | 'apple.submit_code' | 'apple.other' | 'anisette.headers' | 'anisette.other'

/** One request that was accepted, and what the client must have seen of the answer. */
export interface LedgerEntry {
  readonly seq: number
  /** Epoch milliseconds at which the request arrived. */
  readonly at: number
  readonly endpoint: Endpoint
  /** From otel-health's own checks, by User-Agent. */
  readonly probe: boolean
  readonly account: string | null
  readonly ids: readonly string[]
  /** Equal for the repetitions of one request. */
  readonly request_id: string | null
  /** The fault that met it. */
  readonly fault: string | null
  /** HTTP status; null if the connection was reset. */
  readonly status: number | null
  /** `ok`, or the error.type a client must record. */
  readonly seen_as: string
  readonly latency_ms: number
  /** Trackers with reports in the answer, and those reports. Zero unless `seen_as` is `ok`. */
  readonly trackers_with_reports: number
  readonly reports: number
  readonly new_reports: number
}

/** Counts that a client's telemetry must equal. Probes are in `probes` only. */
export interface LedgerSummary {
  requests: number
  by_endpoint: Record<string, number>
  by_account: Record<string, number>
  faults: Record<string, number>
  /** Requests by `seen_as`. */
  api_calls: Record<Upstream, Record<string, number>>
  attempts: { reports: number; empty: number; failed: Record<string, number> }
  reports: { new: number; duplicate: number }
  /** Requests repeated in line, by what the one before was answered. */
  retries: Record<string, number>
  probes: Record<string, number>
  /** Entries that `?full=1` no longer has. */
  forgotten: number
}

/** After these a client repeats the request. */
const REPEATED = new Set(['empty_body', '401'])
const KEPT = 100_000

/** Every accepted request. Counts are kept for ever, entries up to a bound. */
export class Ledger {
  readonly #entries: LedgerEntry[] = []
  readonly #summary: LedgerSummary = emptySummary()
  /** The last fetch of each account, while a repetition of it may follow: its outcome is not final. */
  readonly #open = new Map<string, LedgerEntry>()
  readonly #delivered = new Map<string, Set<string>>()
  #seq = 0

  nextSeq(): number {
    return ++this.#seq
  }

  /** How many of a tracker's reports a client had never been given before; remembers them as given. */
  deliver(id: string, reports: readonly string[]): number {
    const delivered = this.#delivered.get(id) ?? new Set()
    this.#delivered.set(id, delivered)
    const before = delivered.size
    for (const report of reports) delivered.add(report)
    return delivered.size - before
  }

  add(entry: LedgerEntry): void {
    this.#entries.push(entry)
    if (this.#entries.length > KEPT) {
      this.#entries.shift()
      this.#summary.forgotten++
    }
    if (entry.probe) return count(this.#summary.probes, entry.endpoint)
    this.#summary.requests++
    count(this.#summary.by_endpoint, entry.endpoint)
    if (entry.account !== null) count(this.#summary.by_account, entry.account)
    if (entry.fault !== null) count(this.#summary.faults, entry.fault)
    count(this.#summary.api_calls[upstreamOf(entry.endpoint)], entry.seen_as)
    if (entry.endpoint === 'apple.fetch') this.#addFetch(entry)
  }

  /** What was counted so far; a request that may still be repeated counts as final. */
  summary(): LedgerSummary {
    const summary = structuredClone(this.#summary)
    for (const entry of this.#open.values()) countAttempts(summary, entry)
    return summary
  }

  entries(): readonly LedgerEntry[] {
    return this.#entries
  }

  #addFetch(entry: LedgerEntry): void {
    const account = entry.account ?? ''
    const before = this.#open.get(account)
    this.#open.delete(account)
    if (before) {
      if (isRepetition(before, entry)) count(this.#summary.retries, before.seen_as)
      else countAttempts(this.#summary, before)
    }
    if (REPEATED.has(entry.seen_as)) this.#open.set(account, entry)
    else countAttempts(this.#summary, entry)
  }
}

export function upstreamOf(endpoint: Endpoint): Upstream {
  return endpoint.startsWith('anisette') ? 'anisette' : 'apple'
}

function isRepetition(before: LedgerEntry, entry: LedgerEntry): boolean {
  return (
    before.request_id === entry.request_id && before.ids.length === entry.ids.length && before.ids.every((id, i) => id === entry.ids[i])
  )
}

function countAttempts(summary: LedgerSummary, entry: LedgerEntry): void {
  if (entry.seen_as !== 'ok') return count(summary.attempts.failed, entry.seen_as, entry.ids.length)
  summary.attempts.reports += entry.trackers_with_reports
  summary.attempts.empty += entry.ids.length - entry.trackers_with_reports
  summary.reports.new += entry.new_reports
  summary.reports.duplicate += entry.reports - entry.new_reports
}

function count(counts: Record<string, number>, key: string, by = 1): void {
  counts[key] = (counts[key] ?? 0) + by
}

function emptySummary(): LedgerSummary {
  return {
    requests: 0,
    by_endpoint: {},
    by_account: {},
    faults: {},
    api_calls: { apple: {}, anisette: {} },
    attempts: { reports: 0, empty: 0, failed: {} },
    reports: { new: 0, duplicate: 0 },
    retries: {},
    probes: {},
    forgotten: 0,
  }
}
