/** The budget: one for all reasons, over a time that slides, however long the process ran; and the pauses. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { Restarts } from '../../src/supervise/restarts.ts'
import { SupervisedRun } from './supervised-run.ts'

const LIMITS = { intensity: 3, periodMs: 60_000, firstPauseMs: 1000, longestPauseMs: 60_000 }
const MARKED = { recover: [{ rule: 'leaking', message: 'Memory is 900 MB' }] }

describe('the budget', () => {
  test('is as large again as restarts have passed out of its time', () => {
    const restarts = new Restarts(LIMITS, () => 0)
    for (const at of [0, 20_000, 40_000]) restarts.spend('ended', at)
    const now = [59_999, 60_000, 80_000, 100_000]
    expect(now.map((at) => [restarts.allows(at), restarts.countWords(at)])).toEqual([
      [false, '3 of 3 within 1 min'],
      [true, '2 of 3 within 1 min'],
      [true, '1 of 3 within 1 min'],
      [true, '0 of 3 within 1 min'],
    ])
  })

  test('whenever it is spent, never more than it within its time', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50_000 })), (gaps) => {
        const restarts = new Restarts(LIMITS, () => 0)
        const spent: number[] = []
        let now = 0
        for (const gap of gaps) {
          now += gap
          if (!restarts.allows(now)) continue
          restarts.spend('ended', now)
          spent.push(now)
        }
        for (const at of spent) expect(spent.filter((other) => other >= at && other < at + 60_000).length).toBeLessThanOrEqual(3)
      }),
    )
  })

  test('is the same for a crash, a hang, memory and a rule, and success in between gives nothing back', () => {
    const run = new SupervisedRun({ intensity: 4, periodMs: 3_600_000 })
    const ends: readonly ((of: SupervisedRun) => unknown)[] = [
      (of) => of.exit(3),
      (of) => of.pass(31).handle({ is: 'seen', standing: 'stopped' }).granted().pass(6).exit(null, 'SIGKILL'),
      (of) => {
        for (let i = 0; i < 2; i++) of.handle({ is: 'memory', bytes: 900e6 })
        of.beat().granted().exit(null, 'SIGTERM')
      },
      (of) => of.beat(MARKED).granted().exit(null, 'SIGTERM'),
    ]
    for (const end of ends) {
      run.up().pass(300, (each) => each.beat())
      end(run)
      run.pass(2)
    }
    expect(run.done.filter((each) => each === 'start')).toHaveLength(5)
    run.up().pass(300, (each) => each.beat())
    run.exit(3).pass(60)
    expect(run.supervisor.phase).toBe('gave up')
    const { message } = run.supervisor.report().down!
    expect(message).toMatch(
      /: it was started again 4 times within 1 h \(ended with exit code 3 after .*; has said nothing for .*; has 900 MB in use .*; breaks the rule leaking.*\)$/,
    )
  })
})

describe('the pause', () => {
  test.for([
    { random: 0, pauses: [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000] },
    { random: 0.5, pauses: [750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000] },
    { random: 1, pauses: [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000] },
  ])('doubles up to a minute, less up to a half by chance: $random', ({ random, pauses }) => {
    const restarts = new Restarts({ ...LIMITS, intensity: 100 }, () => random)
    expect(pauses.map(() => restarts.spend('ended', 0))).toEqual(pauses)
    restarts.succeeded()
    expect(restarts.spend('ended', 0)).toBe(pauses[0])
  })
})
