import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { testShare, WINDOWS, type ShareFinding, type ShareLimit } from '../../src/judge/share-test.ts'
import type { Share } from '../../src/judge/share-window.ts'
import { atLeast, fraction, toNumber } from '../rules/fraction.ts'
import { Random } from '../rules/random-history.ts'
import { evenly, later, shareIn, type Happened } from '../support/past.ts'

const HOUR = 3600
const DAY = 24 * HOUR

/** Pieces of a past, the newest first: so many seconds, with an event every so often, of which so many in ten are bad. */
const anyPast = fc
  .array(
    fc.record({
      seconds: fc.constantFrom(20, 60, 100, 240, 600, 1800, 3600, 20_000),
      every: fc.constantFrom(1, 10, 12, 60, 300, 900),
      n: fc.constantFrom(1, 1, 1, 3, 50),
      ofTen: fc.constantFrom(0, 0, 0, 1, 2, 3, 5, 8, 10, 10),
      seed: fc.nat(1000),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((pieces): readonly Happened[] => {
    let ago = 0
    return pieces.flatMap(({ seconds, every, n, ofTen, seed }) => {
      const random = new Random(seed)
      const happened = evenly({ from: ago + seconds, to: ago, every: Math.max(every, seconds / 400), n })
      ago += seconds
      return happened.map((each) => ({ ...each, bad: Array.from({ length: n }, () => random.chance(ofTen / 10)).filter(Boolean).length }))
    })
  })

const anyLimit = fc.constantFrom(0.0001, 0.01, 0.05, 0.2, 0.5, 0.9, 0.9999)
const anyReach = fc.constantFrom(60, 300, 3600, 20_040, DAY)
const anyAsked: fc.Arbitrary<ShareLimit> = fc
  .record(
    {
      limit: anyLimit,
      part: fc.constantFrom(0.5, 0.9, 1),
      isOpen: fc.boolean(),
      since: fc.option(fc.constantFrom(30, 600, 7200), { nil: undefined }),
      least: fc.option(fc.constantFrom(60, 3600), { nil: undefined }),
    },
    { requiredKeys: ['limit', 'part', 'isOpen'] },
  )
  .map(({ limit, part, isOpen, since, least }) => ({
    limit,
    ...(isOpen && { clear: limit * part }),
    ...(since !== undefined && { since }),
    ...(least !== undefined && { least }),
  }))

const RUNS = { numRuns: 300 }

describe('whatever happened', () => {
  test('every figure is one, and the counts are those of the window', () => {
    fc.assert(
      fc.property(anyPast, anyReach, anyAsked, (past, reach, asked) => {
        const share = shareIn(past, reach)
        const found = testShare(share, asked)
        if (found.is === 'unsure') return
        expect(Number.isFinite(found.luck) && found.luck >= 0 && found.luck <= 1).toBe(true)
        expect({ n: found.n, bad: found.bad }).toEqual({ n: share.all(found.seconds), bad: share.bad(found.seconds) })
        expect(found.seconds).toBeGreaterThanOrEqual(60)
        if (found.is === 'passed') {
          expect(found.bad / found.n).toBeGreaterThan(asked.limit)
          expect(found.isRun).toBe(found.bad === found.n)
        } else {
          expect(found.bad / found.n).toBeLessThanOrEqual(asked.clear ?? asked.limit)
        }
      }),
      RUNS,
    )
  })

  test('passed is never more than an exact test of independent events would say: at the limit it is luck at most 3 times in 1,000', () => {
    fc.assert(
      fc.property(anyPast, anyReach, anyAsked, (past, reach, asked) => {
        const found = testShare(shareIn(past, reach), asked)
        if (found.is !== 'passed' || found.n > 400) return
        const exact = toNumber(atLeast(found.bad, found.n, fraction(asked.limit)))
        expect(exact).toBeLessThanOrEqual(0.003)
        expect(found.luck).toBeGreaterThanOrEqual(exact * (1 - 1e-6) - 1e-15)
      }),
      RUNS,
    )
  })

  test('within is never said where a service at the limit would do as well more than once in ten times', () => {
    fc.assert(
      fc.property(anyPast, anyReach, anyAsked, (past, reach, asked) => {
        const found = testShare(shareIn(past, reach), asked)
        if (found.is !== 'within' || found.n > 400) return
        const fault = Math.max(asked.clear ?? asked.limit, 0.05)
        expect(1 - toNumber(atLeast(found.bad + 1, found.n, fraction(fault)))).toBeLessThanOrEqual(0.1)
      }),
      RUNS,
    )
  })

  test('where no window has a share over the limit, and the last event was good, the limit is not passed', () => {
    fc.assert(
      fc.property(anyPast, anyReach, (past, reach) => {
        const share = shareIn([{ agoSeconds: 0, n: 1, bad: 0 }, ...past], reach)
        const shares = WINDOWS.filter((seconds) => seconds <= Math.max(120, reach)).map(
          (seconds) => share.bad(seconds) / share.all(seconds),
        )
        const limit = Math.min(0.9999, Math.max(0.0001, ...shares))
        expect(testShare(share, { limit }).is).not.toBe('passed')
      }),
      RUNS,
    )
  })

  test('an event that turns bad makes nothing that was passed well', () => {
    fc.assert(
      fc.property(anyPast, anyReach, anyAsked, fc.nat(), (past, reach, asked, place) => {
        if (testShare(shareIn(past, reach), asked).is !== 'passed') return
        const good = past.flatMap(({ n, bad }, i) => (bad < n ? [i] : []))
        const turned = good[place % Math.max(1, good.length)]
        const worse = past.map((each, i) => (i === turned ? { ...each, bad: each.bad + 1 } : each))
        expect(testShare(shareIn(worse, reach), asked).is).not.toBe('within')
      }),
      RUNS,
    )
  })

  test('the same question has the same answer', () => {
    fc.assert(
      fc.property(anyPast, anyReach, anyAsked, (past, reach, asked) => {
        expect(testShare(shareIn(past, reach), asked)).toEqual(testShare(shareIn(past.toReversed(), reach), asked))
      }),
      { numRuns: 50 },
    )
  })
})

test('where counts of bad events run ahead of those of all, nothing is thrown and no figure is none', () => {
  const share: Share = { all: (seconds) => Math.floor(seconds / 100), bad: (seconds) => Math.floor(seconds / 100) + 1, reachSeconds: DAY }
  const found = testShare(share, { limit: 0.2 })
  expect('luck' in found && Number.isNaN(found.luck)).toBe(false)
})

describe('events that come one by one are judged as an exact test does it', () => {
  /** `bad` of `n` over a day, as even as they can be. */
  const day = (n: number, bad: number): readonly Happened[] =>
    Array.from({ length: n }, (_, i) => ({
      agoSeconds: (i * DAY) / n,
      n: 1,
      bad: Math.floor(((i + 1) * bad) / n) > Math.floor((i * bad) / n) ? 1 : 0,
    }))

  test.for([
    { n: 96, limit: 0.2 },
    { n: 96, limit: 0.5 },
    { n: 200, limit: 0.05 },
    { n: 240, limit: 0.2 },
  ])('$n in a day, limit $limit', ({ n, limit }) => {
    const least = Array.from({ length: n }, (_, bad) => bad).find((bad) => toNumber(atLeast(bad, n, fraction(limit))) <= 0.003)!
    const found = Array.from({ length: n }, (_, bad) => bad).find((bad) => testShare(shareIn(day(n, bad)), { limit }).is === 'passed')!
    expect(found).toBeGreaterThanOrEqual(least)
    // What may be bursts costs a little.
    expect(found).toBeLessThanOrEqual(least + Math.ceil(0.05 * n))
  })

  test('the luck that is told is about that of the exact test', () => {
    const found = testShare(shareIn(day(96, 40)), { limit: 0.2, least: DAY })
    const exact = toNumber(atLeast(40, 96, fraction(0.2)))
    expect(found).toMatchObject({ is: 'passed', n: 96, bad: 40 })
    expect(Math.log((found as { luck: number }).luck) / Math.log(exact)).toBeGreaterThan(0.85)
  })
})

describe('what comes in clumps is one piece of evidence', () => {
  const EVERY = 120

  /** A day of pieces that fail whole, 3 % of them, and then some in which 45 % fail: how many of these it takes to find it. */
  function piecesToFind(size: number, seed: number): number {
    const random = new Random(seed)
    const day = evenly({ from: DAY, every: EVERY, n: size }).map((each) => ({ ...each, bad: random.chance(0.03) ? size : 0 }))
    let fault: readonly Happened[] = []
    for (let pieces = 1; pieces <= 700; pieces++) {
      fault = [{ agoSeconds: 0, n: size, bad: random.chance(0.45) ? size : 0 }, ...later(fault, EVERY)]
      if (testShare(shareIn([...fault, ...later(day, pieces * EVERY)]), { limit: 0.2 }).is === 'passed') return pieces
    }
    return Infinity
  }

  test('blocks of any size are found after about as many blocks, that is so many times as many events', () => {
    const [one, ten, hundred] = [1, 10, 100].map((size) => median(Array.from({ length: 9 }, (_, seed) => piecesToFind(size, seed))))
    expect(one).toBeGreaterThan(3)
    for (const clumped of [ten!, hundred!]) {
      expect(clumped).toBeGreaterThanOrEqual(one! / 3)
      expect(clumped).toBeLessThanOrEqual(3 * one!)
    }
  })

  test.for([3, 10, 50, 290])('a job of %i that fails whole is none, however long it is looked at; a few in a row are', (size) => {
    const day = evenly({ from: DAY, every: 900, n: size })
    const failed = (jobs: number) => [...evenly({ from: 900 * jobs, every: 900, n: size, bad: size }), ...later(day, 900 * jobs)]
    for (let ago = 0; ago < 900; ago += 30) {
      expect(testShare(shareIn(later(failed(1), ago)), { limit: 0.2 }).is).not.toBe('passed')
    }
    // Of a service at the limit two in a row fail each 25th time.
    const found = [2, 3, 4, 5, 6].find((jobs) => testShare(shareIn(failed(jobs)), { limit: 0.2 }).is === 'passed')
    expect(found).toBeGreaterThanOrEqual(3)
  })

  test('three that fail at once are none in a service that does nothing else in a day', () => {
    expect(testShare(shareIn(evenly({ from: 30, every: 10, bad: 1 })), { limit: 0.05 }).is).toBe('unsure')
  })
})

describe('an outage that is over does not make the next fault usual', () => {
  type Outage = readonly [share: number, minutes: number]
  const failing = (every: number, share: number, minutes: number) =>
    evenly({ from: 60 * minutes, every }).map((each, i) => ({ ...each, bad: (i * 7) % 10 < 10 * share ? 1 : 0 }))
  /** Minutes until so large a share is found to fail, after those outages, the newest first, with three hours after each. */
  const foundAfter = (every: number, outages: readonly Outage[], share: number) => {
    const usual = (minutes: number) => evenly({ from: 60 * minutes, every }).map((each, i) => ({ ...each, bad: i % 33 === 0 ? 1 : 0 }))
    let past: readonly Happened[] = usual(1440)
    for (const [of, minutes] of outages.toReversed()) {
      past = [...failing(every, of, minutes), ...later(past, 60 * minutes)]
      past = [...usual(180), ...later(past, 180 * 60)]
    }
    for (let minutes = 0.5; minutes < 240; minutes += 0.5)
      if (testShare(shareIn([...failing(every, share, minutes), ...later(past, 60 * minutes)]), { limit: 0.2 }).is === 'passed')
        return minutes
    return Infinity
  }

  test.for<{ readonly why: string; readonly every: number; readonly outages: readonly Outage[] }>([
    { why: 'twenty minutes at two in three, 300 an hour', every: 12, outages: [[0.7, 20]] },
    { why: 'an hour and a half at six in ten, 300 an hour', every: 12, outages: [[0.6, 90]] },
    {
      why: 'two of ten minutes, and one of forty with a good one now and then, 300 an hour',
      every: 12,
      outages: [
        [1, 10],
        [1, 10],
        [0.9, 40],
      ],
    },
    { why: 'six of six minutes, 300 an hour', every: 12, outages: Array.from({ length: 6 }, () => [1, 6] as const) },
    { why: 'four of forty minutes, 100 an hour', every: 36, outages: Array.from({ length: 4 }, () => [1, 40] as const) },
    {
      why: 'an hour, and two with a good one now and then, 30 an hour',
      every: 120,
      outages: [
        [1, 60],
        [0.7, 120],
      ],
    },
  ])('$why', ({ every, outages }) => {
    for (const share of [1, 0.9, 0.5]) {
      expect(foundAfter(every, outages, share)).toBeLessThanOrEqual(foundAfter(every, [], share) + every / 12)
    }
  })
})

test('two bad events in a day are none, however low the limit is', () => {
  const bad = (number: number) =>
    evenly({ from: DAY, every: 300 }).map((each, i) => ({ ...each, bad: i % 60 === 10 && i < 60 * number ? 1 : 0 }))
  expect(testShare(shareIn(bad(3)), { limit: 0.0001 }).is).toBe('passed')
  expect(testShare(shareIn(bad(2)), { limit: 0.0001 }).is).toBe('unsure')
})

describe('a run has an age', () => {
  const past = evenly({ from: DAY, every: 12 })
  /** All fail for so long, so long ago. */
  const run = (seconds: number, ago: number) => later([...evenly({ from: seconds, every: 12, bad: 1 }), ...later(past, seconds)], ago)
  test.for([
    { why: 'of a minute is a hiccup', seconds: 60, ago: 0, is: 'unsure' },
    { why: 'of five minutes is an outage', seconds: 300, ago: 0, is: 'passed' },
    { why: 'goes on being one for as long as it lasted', seconds: 300, ago: 120, is: 'passed' },
    { why: 'has been over for longer than it lasted says nothing of now', seconds: 330, ago: 360, is: 'unsure' },
    { why: 'of an hour ago says nothing of now', seconds: 300, ago: 3600, is: 'unsure' },
    { why: 'of half an hour says nothing after two hours', seconds: 1800, ago: 7200, is: 'unsure' },
  ] as const)('one that $why', ({ seconds, ago, is }) => {
    expect(testShare(shareIn(run(seconds, ago)), { limit: 0.2 }).is).toBe(is)
  })

  test.for([0.2, 0.01, 0.001])('of a minute and a half is none for a limit of %f, however many fail in it', (limit) => {
    for (const bad of [3, 10, 1000]) {
      const burst = Array.from({ length: bad }, (_, i): Happened => ({ agoSeconds: (80 * i) / bad, n: 1, bad: 1 }))
      for (const every of [12, 60]) {
        const found = testShare(shareIn([...burst, ...later(evenly({ from: DAY, every }), 90)]), { limit })
        expect(found).not.toMatchObject({ isRun: true })
      }
    }
  })

  test('what was before the all-clear is no part of it', () => {
    const four = evenly({ from: 3600, every: 900, bad: 1 })
    const before = later(evenly({ from: DAY, every: 900 }), 3600)
    expect(testShare(shareIn([...four, ...before]), { limit: 0.2 })).toMatchObject({ is: 'passed', isRun: true })
    expect(testShare(shareIn([...four, ...before]), { limit: 0.2, since: 1800 }).is).toBe('unsure')
  })
})

describe('an open alert is over by what came last', () => {
  const fault = [...evenly({ from: 1800, every: 12, bad: 1 }), ...later(evenly({ from: DAY, every: 12 }), 1800)]
  const recovered = (seconds: number): ShareFinding =>
    testShare(shareIn([...evenly({ from: seconds, every: 12 }), ...later(fault, seconds)]), { limit: 0.2, clear: 0.18 })

  test('not after a minute, but within half an hour, and from then on', () => {
    expect(recovered(60).is).not.toBe('within')
    for (const minutes of [30, 45, 60, 120]) expect(recovered(60 * minutes).is).toBe('within')
  })

  test('though an hour of failures is over the limit in every longer window', () => {
    const hour = [...evenly({ from: HOUR, every: 12, bad: 1 }), ...later(evenly({ from: DAY, every: 12 }), HOUR)]
    const share = shareIn([...evenly({ from: 1200, every: 12 }), ...later(hour, 1200)])
    expect(testShare(share, { limit: 0.2, clear: 0.18 }).is).toBe('within')
    expect(testShare(share, { limit: 0.2 }).is).toBe('passed')
  })

  test('but ten good minutes tell nothing of a low limit where failures may come in bursts', () => {
    const failed = [...evenly({ from: 60, every: 12, bad: 1 }), ...later(evenly({ from: DAY, every: 12 }), 60)]
    const share = shareIn([...evenly({ from: 600, every: 12 }), ...later(failed, 600)])
    expect(testShare(share, { limit: 0.01, clear: 0.009 }).is).toBe('unsure')
  })
})

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
