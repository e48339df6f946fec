/**
 * Says goodbye when the process ends, without changing how it ends: same exit code, same signal, nobody's handler
 * replaced. A crash says nothing, so that it is seen as the silence it is.
 */
import { holdProcess } from '../clock.ts'
import type { Cancel } from '../types.ts'

/** Milliseconds the end of the process may be held up. */
const FLUSH_MS = 2000

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

export interface Farewell {
  /** Publishes that the service stopped, in the same tick; resolves when that and the metrics are flushed. Never rejects. */
  stop(timeoutMs: number): Promise<void>
  /** Exports what was recorded since, for a service that works on after the signal. Never rejects. */
  flush(timeoutMs: number): Promise<void>
}

export function onProcessEnd(farewell: Farewell): void {
  let stopping: Promise<void> | undefined
  let flushed = false
  const stopOnce = (): Promise<void> => (stopping ??= held(() => farewell.stop(FLUSH_MS)))

  for (const signal of SIGNALS) {
    const listener = (): void => {
      const alone = process.listenerCount(signal) === 1
      const impatient = stopping !== undefined
      const stopped = stopOnce()
      if (!alone) {
        // Who comes after us may raise the signal again if it finds itself alone (signal-exit does): counted, we would wait for each
        // other. It is for good, as once goodbye was said the signal is to do what it does without us.
        process.removeListener(signal, listener)
        return
      }
      const raise = (): void => {
        process.removeListener(signal, listener)
        process.kill(process.pid, signal)
      }
      // Listening goes on: a second signal that is under way already would be lost.
      if (impatient) raise()
      else void stopped.then(raise)
    }
    // First, so that others run when it is gone already, also those that were there before.
    process.prependListener(signal, listener)
  }
  process.on('beforeExit', () => {
    if (flushed) return
    flushed = true
    // Stopping includes a flush; after a signal the service may have worked on.
    void (stopping ? held(() => farewell.flush(FLUSH_MS)) : stopOnce())
  })
  process.on('exit', (code) => {
    if (code === 0) void stopOnce()
  })
}

/** Begins in the same tick, keeps the process alive meanwhile, and resolves when it is done, has failed or takes too long. */
async function held(work: () => Promise<void>): Promise<void> {
  let release: Cancel = () => {}
  const late = new Promise<void>((resolve) => (release = holdProcess(FLUSH_MS, resolve)))
  try {
    await Promise.race([work(), late])
  } catch {
    // Whatever is wrong with the farewell, the process ends as it would have.
  } finally {
    release()
  }
}
