/** Runs checks side by side and tells what they find in the order of the pipeline, within a time that nothing can lengthen. */
import { errorText } from './error-text.ts'
import type { Clock } from '../types.ts'
import { fail, type Finding } from './finding.ts'

export interface Examination {
  /** Of the finding that says that the check itself did not end. */
  readonly name: string
  /** `signal` is aborted when nobody waits any longer. */
  run(signal: AbortSignal): Promise<readonly Finding[]>
}

export interface RunOptions {
  readonly clock: Clock
  /** Milliseconds for each check; they run at the same time. */
  readonly limitMs: number
  /** Aborted when the person who asked has seen enough: what is still running is not waited for. */
  readonly signal: AbortSignal
}

/** Each finding as soon as its check, and those before it, have ended. Never throws: a check that fails or hangs is a finding. */
export async function* runChecks(checks: readonly Examination[], { clock, limitMs, signal }: RunOptions): AsyncGenerator<Finding, void> {
  const limit = new AbortController()
  const stop = AbortSignal.any([signal, limit.signal])
  const cancel = clock.after(limitMs, () => limit.abort())
  const stopped = new Promise<'stopped'>((resolve) => {
    if (stop.aborted) resolve('stopped')
    else stop.addEventListener('abort', () => resolve('stopped'), { once: true })
  })
  try {
    const running = checks.map((check) => Promise.race([check.run(stop).catch((error: unknown) => [failed(check, error)]), stopped]))
    for (const [index, found] of running.entries()) {
      const findings = await found
      if (findings !== 'stopped') yield* findings
      else if (signal.aborted) return
      else yield endless(checks[index]!, limitMs)
    }
  } finally {
    cancel()
    limit.abort()
  }
}

function failed({ name }: Examination, error: unknown): Finding {
  return fail(
    name,
    `the check itself failed (${errorText(error)})`,
    'Report this as a bug of otel-health, with the output of otel-health doctor.',
  )
}

function endless({ name }: Examination, limitMs: number): Finding {
  return fail(
    name,
    `no answer within ${limitMs / 1000} s`,
    'Look whether something between here and there drops packets, or holds them up.',
  )
}
