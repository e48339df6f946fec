/** A dependency check: resolves if the dependency answered, rejects if it did not. */
export interface Check {
  /** Appears in payloads: `[a-z0-9_]`, for example `redis`. */
  readonly name: string
  /** A required check that fails makes the service degraded; twice in a row it is the alert `dependency_down`. */
  readonly required: boolean
  /** A required check without which the service is as good as down: then the alert is CRITICAL and the service unhealthy. */
  readonly critical?: boolean
  /** `signal` is aborted at the time limit; a check that ignores it is abandoned all the same. */
  run(signal: AbortSignal): Promise<unknown>
}
