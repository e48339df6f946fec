import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { betaBinomial, bursts, changing, independent, outages, processOf, STEP, type Step } from '../../src/simulate/process.ts'
import { randomOf } from '../../src/simulate/random.ts'

const HOUR = 3600
const DAYS = 40
const LENGTH = DAYS * 24 * HOUR

function stepsOf(process: (seconds: number) => Step, length: number = LENGTH): readonly Step[] {
  return Array.from({ length: length / STEP }, (_, i) => process(i * STEP))
}

function totals(steps: readonly Step[]) {
  let [count, bad] = [0, 0]
  for (const step of steps) [count, bad] = [count + step.count, bad + step.bad]
  return { rate: (count * HOUR) / (steps.length * STEP), share: bad / count }
}

test('a seed makes the same work again, another seed other work', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const stepsFor = (each: number) => stepsOf(processOf({ rate: 300 }, bursts({ share: 0.1, seconds: 30 }))(randomOf(each)), 6 * HOUR)
      expect(stepsFor(seed)).toEqual(stepsFor(seed))
      expect(stepsFor(seed)).not.toEqual(stepsFor(seed + 1))
    }),
    { numRuns: 20 },
  )
})

test.for([
  { why: 'one by one', work: { rate: 300 }, bad: independent(0.03), share: 0.03 },
  { why: 'at equal distances', work: { rate: 12, arrivals: 'regular' } as const, bad: independent(0.5), share: 0.5 },
  { why: 'in batches', work: { rate: 400, batch: 50 }, bad: independent(0.1), share: 0.1 },
  { why: 'by day and night', work: { rate: 300, dayAndNight: 0.9 }, bad: independent(0.15), share: 0.15 },
  { why: 'in bursts', work: { rate: 300 }, bad: bursts({ share: 0.03, seconds: 30 }), share: 0.03 },
  { why: 'in bursts in which not all fail', work: { rate: 300 }, bad: bursts({ share: 0.03, seconds: 120, within: 0.6 }), share: 0.03 },
  { why: 'unevenly', work: { rate: 300 }, bad: betaBinomial(0.03, 0.1, 300), share: 0.03 },
  { why: 'with an outage of 5 min a day', work: { rate: 300 }, bad: outages(0.03, 86_400, 300), share: 0.03 + (0.97 * 300) / 86_400 },
])('$why there is as much as the rate says, and as much of it is bad as the share says', ({ work, bad, share }) => {
  const found = totals(stepsOf(processOf(work, bad)(randomOf(1))))
  expect(found.rate / work.rate).toBeCloseTo(1, 1)
  expect(found.share / share).toBeGreaterThan(0.85)
  expect(found.share / share).toBeLessThan(1.15)
})

describe('bursts', () => {
  test.for([10, 30, 120])('of %d s are so long on average, and all is bad in them', (seconds) => {
    const told: number[] = []
    const share = bursts({ share: 0.05, seconds }, (from, to) => void told.push(to - from))(randomOf(2))
    for (let at = 0; at < LENGTH; at += STEP) share(at)
    expect(told.length).toBeGreaterThan(500)
    const mean = told.reduce((sum, each) => sum + each, 0) / told.length
    expect(mean / seconds).toBeCloseTo(1, 0.8)
    // Exponential: a third is longer than the mean.
    expect(told.filter((each) => each > seconds).length / told.length).toBeCloseTo(Math.exp(-1), 1)
  })

  test('what is in a burst is bad as a whole, and what is in none is not', () => {
    const told: (readonly [number, number])[] = []
    const share = bursts({ share: 0.05, seconds: 60 }, (...burst) => void told.push(burst))(randomOf(3))
    for (let at = 0; at < 24 * HOUR; at += STEP) {
      const value = share(at)
      const overlap = told.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(to, at + STEP) - Math.max(from, at)), 0)
      expect(value).toBeCloseTo(overlap / STEP, 9)
    }
  })
})

test('a batch is good or bad as a whole', () => {
  for (const { count, bad } of stepsOf(processOf({ rate: 5000, batch: 50 }, independent(0.5))(randomOf(4)), HOUR)) {
    expect([count % 50, bad % 50]).toEqual([0, 0])
  }
})

test('what stops does nothing more, what changes has the other share from then on', () => {
  const stopped = stepsOf(processOf({ rate: 3000, stopsAt: HOUR }, independent(0))(randomOf(5)), 2 * HOUR)
  expect(totals(stopped.slice(0, HOUR / STEP)).rate).toBeGreaterThan(2500)
  expect(stopped.slice(HOUR / STEP).every(({ count }) => count === 0)).toBe(true)
  const changed = stepsOf(processOf({ rate: 3000 }, changing(independent(0), HOUR, 1))(randomOf(5)), 2 * HOUR)
  expect(changed.every(({ count, bad }, i) => bad === (i * STEP < HOUR ? 0 : count))).toBe(true)
})
