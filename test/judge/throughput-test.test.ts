import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { poissonAtMost } from '../../src/judge/poisson.ts'
import { testThroughput, type Throughput } from '../../src/judge/throughput-test.ts'
import { Random } from '../rules/random-history.ts'
import { counter, evenly, later, type Happened } from '../support/past.ts'

const HOUR = 3600
const DAY = 24 * HOUR

/** `owed`: of each window, seconds. Default: all of it. */
function throughputOf(happened: readonly Happened[], reachSeconds = DAY, owed = (seconds: number) => seconds): Throughput {
  const known = happened.filter(({ agoSeconds }) => agoSeconds < reachSeconds)
  const owedIn = (seconds: number) => owed(Math.min(seconds, reachSeconds))
  return { done: counter(known, ({ n }) => n), owed: owedIn, reachSeconds }
}

/** Seconds since the last piece until it is found; pieces came at these distances before. */
function foundAfter(happened: readonly Happened[], limit: number, most = 4 * HOUR): number {
  for (let seconds = 0; seconds <= most; seconds += 60) {
    if (testThroughput(throughputOf(later(happened, seconds)), limit).is === 'passed') return seconds
  }
  return Infinity
}

function byChance(anHour: number, seed: number, n = 1): readonly Happened[] {
  const random = new Random(seed)
  const happened: Happened[] = []
  for (let ago = 0; ago < 2 * DAY; ago += (-Math.log(1 - random.next()) * HOUR) / anHour) happened.push({ agoSeconds: ago, n, bad: 0 })
  return happened
}

const anyPast = fc
  .array(
    fc.record({
      seconds: fc.constantFrom(60, 600, 1800, 3600, 20_000),
      every: fc.constantFrom(30, 240, 900, 3000),
      n: fc.constantFrom(0, 1, 1, 5, 50),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((pieces) => {
    let ago = 0
    return pieces.flatMap(({ seconds, every, n }) => {
      const happened = evenly({ from: ago + seconds, to: ago, every, n })
      ago += seconds
      return happened
    })
  })
const anyLimit = fc.constantFrom(0.1, 1, 10, 100, 5000)
const anyReach = fc.constantFrom(60, 600, 3600, 20_040, DAY)
const anyOwed = fc.constantFrom(0, 0.01, 0.5, 1).map((part) => (seconds: number) => part * seconds)
const anySince = fc.constantFrom(Infinity, 30, 1200, 7200)
const RUNS = { numRuns: 200 }

describe('whatever was done', () => {
  test('figures are those of the window, and what is found is what they say', () => {
    fc.assert(
      fc.property(anyPast, anyReach, anyOwed, anyLimit, anySince, (past, reach, owed, limit, since) => {
        const throughput = throughputOf(past, reach, owed)
        const found = testThroughput(throughput, limit, since)
        expect(found).toMatchObject({ done: throughput.done(found.seconds), owedSeconds: throughput.owed(found.seconds) })
        expect(found.expected).toBeCloseTo((limit * found.owedSeconds) / HOUR, 9)
        if (found.is === 'passed') expect(poissonAtMost(found.done, found.expected)).toBeLessThanOrEqual(0.01)
        if (found.is === 'within') expect(found.done).toBeGreaterThanOrEqual(Math.max(1e-9, found.expected))
      }),
      RUNS,
    )
  })

  test('with no less than is owed in every window nothing is passed', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 6, 30), fc.constantFrom(1, 5, 50), anyReach, (pieces, n, reach) => {
        const every = HOUR / pieces
        // One more in each window than the limit asks for.
        const happened = evenly({ from: DAY + HOUR, every, n })
        expect(testThroughput(throughputOf(happened, reach), pieces * n).is).not.toBe('passed')
      }),
    )
  })

  test('idle is never too little', () => {
    fc.assert(
      fc.property(anyPast, anyReach, anyLimit, (past, reach, limit) => {
        expect(
          testThroughput(
            throughputOf(past, reach, () => 0),
            limit,
          ).is,
        ).not.toBe('passed')
      }),
      RUNS,
    )
  })

  test('more that is done just now makes nothing passed that was not', () => {
    fc.assert(
      fc.property(anyPast, anyReach, anyLimit, fc.integer({ min: 1, max: 100 }), (past, reach, limit, n) => {
        if (testThroughput(throughputOf(past, reach), limit).is === 'passed') return
        const more = [{ agoSeconds: 0, n, bad: 0 }, ...past]
        expect(testThroughput(throughputOf(more, reach), limit).is).not.toBe('passed')
      }),
      RUNS,
    )
  })
})

describe('a stall', () => {
  test.for([
    { why: '12 an hour, regularly, where 10 are asked for', happened: evenly({ from: 2 * DAY, every: 300 }), limit: 10 },
    { why: '15 an hour, regularly', happened: evenly({ from: 2 * DAY, every: 240 }), limit: 10 },
    { why: '30 an hour, regularly', happened: evenly({ from: 2 * DAY, every: 120 }), limit: 10 },
    { why: '30 an hour, by chance', happened: byChance(30, 3), limit: 10 },
  ])('of a service that does $why, is found within 45 minutes and not before 10', ({ happened, limit }) => {
    const minutes = foundAfter(happened, limit) / 60
    expect(minutes).toBeGreaterThanOrEqual(10)
    expect(minutes).toBeLessThanOrEqual(45)
  })

  test('the evidence is pieces, not what is in them: fifty times as many at a time are not missed sooner than one piece allows', () => {
    for (const n of [50, 500]) {
      const regular = foundAfter(evenly({ from: 2 * DAY, every: 900, n }), 10)
      const uneven = foundAfter(byChance(4, 2, n), 10)
      // Nothing is missing before a quarter of an hour is over; what comes by chance may take a while.
      expect(regular).toBeGreaterThan(900)
      expect(regular).toBeLessThanOrEqual(2700)
      expect(uneven).toBeGreaterThan(2 * regular)
    }
  })

  test('is no less one because what little is done comes in large pieces', () => {
    const usual = later(evenly({ from: 2 * DAY, every: 90, n: 5 }), HOUR)
    const few = evenly({ from: HOUR, every: 450, n: 5 })
    expect(testThroughput(throughputOf([...few, ...usual]), 100).is).toBe('passed')
  })

  test('that is over is over, though longer windows hold it', () => {
    const stall = later(evenly({ from: 2 * DAY, every: 240 }), HOUR)
    const recovered = [...evenly({ from: HOUR, every: 240 }), ...later(stall, HOUR)]
    expect(testThroughput(throughputOf(recovered), 10)).toMatchObject({ is: 'within', seconds: expect.any(Number) })
  })

  test('before the all-clear is not counted again', () => {
    const stall = throughputOf(later(evenly({ from: 2 * DAY, every: 240 }), HOUR))
    expect(testThroughput(stall, 10).is).toBe('passed')
    expect(testThroughput(stall, 10, 600).is).toBe('unsure')
  })
})

describe('what comes by chance is no stall', () => {
  test.for([
    { why: '15 an hour one by one', anHour: 15, n: 1 },
    { why: '30 an hour one by one', anHour: 30, n: 1 },
    { why: 'batches of 50 at 4 an hour', anHour: 4, n: 50 },
    { why: 'batches of 290 at 2 an hour', anHour: 2, n: 290 },
  ])('$why, over two days', ({ anHour, n }) => {
    let passed = 0
    for (let seed = 1; seed <= 3; seed++) {
      const happened = byChance(anHour, seed, n)
      for (let now = 0; now < DAY; now += 300) {
        const then = happened.flatMap((each) => (each.agoSeconds >= now ? [{ ...each, agoSeconds: each.agoSeconds - now }] : []))
        if (testThroughput(throughputOf(then), 10).is === 'passed') passed++
      }
    }
    expect(passed).toBe(0)
  })
})

describe('nobody can tell', () => {
  test.for([
    { why: 'of a service that has just begun', throughput: throughputOf([], 600), is: 'unsure' },
    { why: 'when next to nothing is expected', throughput: throughputOf([], 150), is: 'unsure' },
    {
      why: 'when one was done where less than one is expected',
      throughput: throughputOf([{ agoSeconds: 0, n: 1, bad: 0 }], 240),
      is: 'unsure',
    },
  ] as const)('$why', ({ throughput, is }) => {
    expect(testThroughput(throughput, 10).is).toBe(is)
  })
})
