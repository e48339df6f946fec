/** The only file that names Date, performance and setTimeout, so that everything else runs on a virtual clock. */
import type { Cancel, Clock } from './types.ts'

/** The global is a getter, which costs a fifth of a reading. */
const { performance } = globalThis

/** The process's clock. Its timers never keep the host alive: whether the host ends is the host's business. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  epochMs: () => Date.now(),
  every(ms: number, fn: () => void): Cancel {
    const timer = setInterval(fn, ms)
    timer.unref()
    return () => clearInterval(timer)
  },
  after(ms: number, fn: () => void): Cancel {
    const timer = setTimeout(fn, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Keeps the process alive for at most `ms`, for a last flush; calls `fn` then unless cancelled. */
export function holdProcess(ms: number, fn: () => void): Cancel {
  const timer = setTimeout(fn, ms)
  return () => clearTimeout(timer)
}
