/** A promise that is waited for, but not for ever. */
import type { Cancel, Clock } from '../types.ts'

/** Never rejects, and never waits longer than `ms`. */
export async function within(ms: number, clock: Clock, work: Promise<unknown>): Promise<void> {
  let cancel: Cancel = () => {}
  const late = new Promise<void>((resolve) => (cancel = clock.after(ms, resolve)))
  await Promise.race([work.catch(() => {}), late])
  cancel()
}
