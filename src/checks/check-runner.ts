/**
 * Runs checks side by side, each with its own time limit and never twice at once: one that hangs holds up nothing but
 * itself, and is tried once more beside the run that was given up. A dependency that is down is data, not an exception.
 * Servers that the service is found to use are checked too, by its own traffic as long as there is any.
 */
import { maskedValue } from '../credentials.ts'
import type { Cancel, CheckResult, Clock, Status } from '../types.ts'
import type { Check } from './check.ts'
import { Dependencies } from './dependencies.ts'
import type { DependencyEvidence, DependencyKind } from './dependency-evidence.ts'
import type { DependencyProbe } from './dependency-probe.ts'

export interface CheckRunnerOptions {
  readonly checks: readonly Check[]
  readonly clock: Clock
  /** Milliseconds between two runs of a check, on average. */
  readonly intervalMs?: number
  /** Milliseconds a check may take. */
  readonly timeoutMs?: number
  /** Called in the same tick after a check's status has changed, or what one makes of the service. */
  readonly onChange?: () => void
  /** Random number in [0, 1), for the jitter that keeps instances from checking in step. */
  readonly random?: () => number
  /** Makes what probes a dependency that was found in use; default: its own protocol over a connection of ours. */
  readonly probe?: (kind: DependencyKind, address: string) => DependencyProbe
}

const INTERVAL_MS = 15_000
const TIMEOUT_MS = 5_000
const JITTER = 0.1
/** Milliseconds after which a check that has failed once is run again: one failure is a hiccup. */
const CONFIRM_MS = 1000
/** Failures in a row that make a dependency one that is down. */
const DOWN_AFTER = 2
/** One that was given up but never settles, as on a half-open connection, does not keep another connection from being tried. */
const MOST_RUNS = 2

export class CheckRunner {
  readonly #options: Required<Omit<CheckRunnerOptions, 'probe'>>
  readonly #dependencies: Dependencies
  readonly #results = new Map<string, CheckResult>()
  /** In a row, by check. */
  readonly #failures = new Map<string, number>()
  /** Runs that have not settled, by check; one whose signal is aborted has been given up. */
  readonly #running = new Map<string, Set<AbortController>>()
  #cancel: Cancel | undefined
  #started = false
  #stops = 0

  /** Throws if a name cannot go into payloads or is there twice. */
  constructor(options: CheckRunnerOptions) {
    checkNames(options.checks)
    this.#options = { intervalMs: INTERVAL_MS, timeoutMs: TIMEOUT_MS, onChange: () => {}, random: Math.random, ...options }
    const { clock, intervalMs, onChange } = this.#options
    this.#dependencies = new Dependencies({
      clock,
      intervalMs,
      onChange,
      taken: new Set(options.checks.map(({ name }) => name)),
      ...(options.probe && { probe: options.probe }),
    })
  }

  /**
   * What the service's own traffic shows of a server, which from the first time on is checked under a name of its own. Updates the result
   * at once: an answer makes it healthy, two failures in a row unhealthy, and after the first of them the server is probed.
   */
  observe(evidence: DependencyEvidence): void {
    this.#dependencies.observe(evidence)
  }

  /** Resolves when every check has been run once or timed out. */
  async start(): Promise<void> {
    if (this.#started) return
    this.#started = true
    this.#dependencies.start()
    this.#schedule()
    await this.runAll()
  }

  /** Aborts what is still running; it changes no result any more. */
  stop(): void {
    this.#started = false
    this.#stops++
    this.#cancel?.()
    this.#dependencies.stop()
    for (const runs of this.#running.values()) for (const abort of runs) abort.abort()
  }

  /** The last result of every check that has been run. */
  results(): Readonly<Record<string, CheckResult>> {
    const inOrder = this.#options.checks.flatMap(({ name }) => {
      const result = this.#results.get(name)
      return result ? [[name, result] as const] : []
    })
    return Object.fromEntries([...inOrder, ...this.#dependencies.results()])
  }

  /** Names of required checks whose last run failed, and of the servers in use that fail. */
  failing(): string[] {
    const configured = this.#options.checks.filter(({ name, required }) => required && this.#results.get(name)?.status === 'unhealthy')
    const inUse = this.#dependencies.results().filter(([, { status }]) => status === 'unhealthy')
    return [...configured.map(({ name }) => name), ...inUse.map(([name]) => name)]
  }

  /** What each required check, and each server in use, makes of the service; one failure makes nothing yet. What was never run is left out. */
  dependencies(): ReadonlyMap<string, Status> {
    const configured = this.#options.checks.flatMap(({ name, required, critical }): [string, Status][] => {
      const failures = this.#failures.get(name)
      if (!required || failures === undefined) return []
      return [[name, failures < DOWN_AFTER ? 'healthy' : critical ? 'unhealthy' : 'degraded']]
    })
    const inUse = this.#dependencies
      .results()
      .map(([name, { status }]): [string, Status] => [name, status === 'healthy' ? 'healthy' : 'degraded'])
    return new Map([...configured, ...inUse])
  }

  /** Runs every check that is not still running, and probes what the service's own traffic has not proved. Never rejects. */
  async runAll(): Promise<void> {
    await Promise.all([...this.#options.checks.map((check) => this.#runOne(check)), this.#dependencies.check()])
  }

  #schedule(): void {
    const { clock, intervalMs, random } = this.#options
    this.#cancel = clock.after(intervalMs * (1 - JITTER + 2 * JITTER * random()), () => {
      this.#schedule()
      void this.runAll()
    })
  }

  async #runOne(check: Check): Promise<void> {
    const { clock, timeoutMs } = this.#options
    const runs = this.#running.get(check.name) ?? new Set()
    this.#running.set(check.name, runs)
    if (runs.size >= MOST_RUNS || [...runs].some(({ signal }) => !signal.aborted)) return
    const abort = new AbortController()
    runs.add(abort)
    const stops = this.#stops
    const startedAt = clock.monotonicMs()
    const aborted = new Promise<string>((resolve) => abort.signal.addEventListener('abort', () => resolve('timeout')))
    const cancelTimeout = clock.after(timeoutMs, () => abort.abort())
    const run = runSafely(check, abort.signal).finally(() => runs.delete(abort))
    const error = await Promise.race([run, aborted])
    cancelTimeout()
    if (stops === this.#stops) this.#record(check, clock.monotonicMs() - startedAt, error)
  }

  #record(check: Check, latencyMs: number, error: string | undefined): void {
    const { name, required } = check
    const before = this.#results.get(name)?.status
    const failures = error === undefined ? 0 : (this.#failures.get(name) ?? 0) + 1
    this.#failures.set(name, failures)
    if (required && failures > 0 && failures < DOWN_AFTER) this.#runAgain(check)
    const status = error === undefined ? 'healthy' : 'unhealthy'
    this.#results.set(name, { status, latencyMs, ...(error !== undefined && { error }) })
    if (status !== before || (required && failures === DOWN_AFTER)) this.#options.onChange()
  }

  #runAgain(check: Check): void {
    const stops = this.#stops
    this.#options.clock.after(CONFIRM_MS, () => {
      if (this.#started && stops === this.#stops) void this.#runOne(check)
    })
  }
}

function checkNames(checks: readonly Check[]): void {
  const seen = new Set<string>()
  for (const { name } of checks) {
    if (!/^[a-z0-9_]{1,64}$/.test(name)) {
      throw new Error(
        `A check is called ${JSON.stringify(maskedValue(name))?.slice(0, 100)}, expected 1 to 64 characters of a-z, 0-9 and "_".`,
      )
    }
    if (seen.has(name)) throw new Error(`Two checks are called "${name}": give each a name of its own.`)
    seen.add(name)
  }
}

/** The error's code, or `undefined` if the check passed. Also a check that throws at once or throws nothing has failed. */
async function runSafely(check: Check, signal: AbortSignal): Promise<string | undefined> {
  try {
    const running: unknown = check.run(signal)
    // A client that takes callbacks returns at once whatever happens: it would be healthy for ever.
    if (typeof (running as { then?: unknown } | null | undefined)?.then !== 'function') return 'not_a_promise'
    await running
    return undefined
  } catch (error) {
    return errorCode(error)
  }
}

/** A stable code; never the message, which may hold a host name or a password. */
export function errorCode(error: unknown): string {
  const causes = [error, (error as { cause?: unknown } | null | undefined)?.cause]
  for (const cause of causes) {
    const code = (cause as { code?: unknown } | null | undefined)?.code
    if (typeof code === 'string' && /^\w{1,40}$/.test(code)) return code
  }
  return (error as { name?: unknown } | null | undefined)?.name === 'TimeoutError' ? 'timeout' : 'error'
}
