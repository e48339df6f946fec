/** Which signals of those that the supervisor is sent the process is sent as well: each that it does not have already. */
import { expect, test } from 'vitest'

import { PassingOn } from '../../src/supervise/passing-on.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

type Step = readonly [afterMs: number, does: 'sent' | 'sent, unheard' | 'says' | 'starts', signal?: NodeJS.Signals]

test.for<{ readonly what: string; readonly steps: readonly Step[]; readonly passed: readonly string[] }>([
  { what: 'the supervisor alone is sent it: it is passed on a moment later', steps: [[0, 'sent']], passed: ['SIGTERM at 400'] },
  {
    what: 'the process has it first',
    steps: [
      [0, 'says'],
      [50, 'sent'],
    ],
    passed: [],
  },
  {
    what: 'the supervisor has it first',
    steps: [
      [0, 'sent'],
      [100, 'says'],
    ],
    passed: [],
  },
  {
    what: 'the process says so too late',
    steps: [
      [0, 'sent'],
      [500, 'says'],
    ],
    passed: ['SIGTERM at 400'],
  },
  {
    what: 'what was passed on is said to be there, which is not taken for another',
    steps: [
      [0, 'sent'],
      [410, 'says'],
      [500, 'sent'],
    ],
    passed: ['SIGTERM at 400', 'SIGTERM at 900'],
  },
  {
    what: 'the process alone had it, long before',
    steps: [
      [0, 'says'],
      [1500, 'sent'],
    ],
    passed: ['SIGTERM at 1900'],
  },
  {
    what: 'it is sent twice to both',
    steps: [
      [0, 'says'],
      [10, 'sent'],
      [3000, 'says'],
      [3010, 'sent'],
    ],
    passed: [],
  },
  {
    what: 'it is sent twice to the supervisor, at once',
    steps: [
      [0, 'sent'],
      [20, 'sent'],
    ],
    passed: ['SIGTERM at 20', 'SIGTERM at 420'],
  },
  {
    what: 'the process has another',
    steps: [
      [0, 'says', 'SIGINT'],
      [50, 'sent'],
    ],
    passed: ['SIGTERM at 450'],
  },
  { what: 'the process is not heard', steps: [[0, 'sent, unheard']], passed: ['SIGTERM at 0'] },
  {
    what: 'it asks nobody to end',
    steps: [
      [0, 'sent', 'SIGHUP'],
      [10, 'sent', 'SIGUSR2'],
    ],
    passed: ['SIGHUP at 0', 'SIGUSR2 at 10'],
  },
  {
    what: 'an earlier process had it',
    steps: [
      [0, 'says'],
      [10, 'starts'],
      [20, 'sent'],
    ],
    passed: ['SIGTERM at 420'],
  },
  {
    what: 'an earlier process was to have it',
    steps: [
      [0, 'sent'],
      [10, 'starts'],
    ],
    passed: [],
  },
])('$what', ({ steps, passed }) => {
  const clock = new VirtualClock()
  const sent: string[] = []
  const passingOn = new PassingOn(clock, (signal) => sent.push(`${signal} at ${clock.monotonicMs()}`))
  for (const [at, does, signal = 'SIGTERM'] of steps) {
    clock.advance(at - clock.monotonicMs())
    if (does === 'says') passingOn.heard(signal as 'SIGTERM')
    else if (does === 'starts') passingOn.startAnew()
    else passingOn.pass(signal, does === 'sent')
  }
  clock.advance(5000)
  expect(sent).toEqual(passed)
})
