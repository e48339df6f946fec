import type { Cancel, Clock } from '../../src/types.ts'
import type { DiscreteClock } from '../simulators/discrete-clock.ts'

/** The monitor's clock on the virtual time of everybody else. */
export function healthClock(clock: DiscreteClock): Clock {
  const startedAt = clock.now()
  const after = (ms: number, fn: () => void): Cancel => {
    const cancelled = new AbortController()
    void clock.sleep(ms, cancelled.signal).then(() => {
      if (!cancelled.signal.aborted) fn()
    })
    return () => cancelled.abort()
  }
  return {
    monotonicMs: () => clock.now() - startedAt,
    epochMs: () => clock.now(),
    after,
    every(ms, fn) {
      let cancel: Cancel
      const again = (): void => {
        cancel = after(ms, () => {
          again()
          fn()
        })
      }
      again()
      return () => cancel()
    },
  }
}
