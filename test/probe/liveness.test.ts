/** Whether a process lives, by its own clock and nothing else. */
import { expect, test } from 'vitest'

import { whyNotAlive } from '../../src/probe/liveness.ts'

test.for([
  { why: 'has just been started', startedAt: 0, evaluatedAt: undefined, intervalMs: 1000, now: 30_000, says: undefined },
  {
    why: 'never came to judge',
    ...{ startedAt: 0, evaluatedAt: undefined, intervalMs: 1000, now: 31_000 },
    says: 'nothing was evaluated in the 31 s since the start (limit 30 s)',
  },
  { why: 'judges every second', startedAt: 0, evaluatedAt: 99_000, intervalMs: 1000, now: 100_000, says: undefined },
  { why: 'was held up for half a minute', startedAt: 0, evaluatedAt: 70_000, intervalMs: 1000, now: 100_000, says: undefined },
  {
    why: 'was held up for longer',
    ...{ startedAt: 0, evaluatedAt: 60_000, intervalMs: 1000, now: 100_500 },
    says: 'the last evaluation was 40 s ago (limit 30 s)',
  },
  { why: 'judges once a minute', startedAt: 0, evaluatedAt: 0, intervalMs: 60_000, now: 180_000, says: undefined },
  {
    why: 'has missed three of its evaluations',
    ...{ startedAt: 0, evaluatedAt: 0, intervalMs: 60_000, now: 181_000 },
    says: 'the last evaluation was 181 s ago (limit 180 s)',
  },
])('a process that $why', ({ says, now, ...pulse }) => {
  expect(whyNotAlive(pulse, now)).toBe(says)
})
