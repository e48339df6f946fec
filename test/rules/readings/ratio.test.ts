import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { counter } from '../../../src/rules/metric-ref.ts'
import { ratio } from '../../../src/rules/readings.ts'
import { rule as sentence } from '../../../src/rules/rule.ts'
import type { OpenAlert, Rule, Verdict } from '../../../src/types.ts'
import { counter as countOf, evenly, later, type Happened, type Stretch } from '../../support/past.ts'
import { compiled } from '../compiled.ts'
import { fixedReadings } from '../fixed-readings.ts'

const DAY = 86_400

const lookups = counter('lookups', { unit: '{lookup}', attributes: { result: ['hit', 'miss'] } })
const misses = ratio({ of: lookups.where({ result: 'miss' }), in: lookups }).over('5m')
const hits = ratio({ of: lookups.where({ result: 'hit' }), in: lookups }).over('5m')
const many = (critical = 80) => sentence('many_misses').when(misses).above(40, '%').critical(critical)
const few = (critical = 20) => sentence('few_hits').when(hits).below(60, '%').critical(critical)
const manyMisses = compiled(many())
const fewHits = compiled(few())

function judge(rule: Rule, happened: readonly Happened[], open?: OpenAlert, uptimeSeconds = Infinity): Verdict {
  const events = {
    lookups: countOf(happened, ({ n }) => n),
    'lookups miss': countOf(happened, ({ bad }) => bad),
    'lookups hit': countOf(happened, ({ n, bad }) => n - bad),
  }
  return rule.judge(fixedReadings({ events, uptimeSeconds }), open)
}

function short(verdict: Verdict): string {
  return verdict.kind === 'breach' ? verdict.severity : verdict.kind === 'ok' ? 'ok' : verdict.reason
}

/** So many of ten are missed. */
const missed = (ofTen: number, stretch: Stretch): readonly Happened[] =>
  evenly(stretch).map((each, i) => ({ ...each, bad: (i * ofTen) % 10 < ofTen ? 1 : 0 }))
const after = (before: readonly Happened[], now: readonly Happened[], seconds: number) => [...now, ...later(before, seconds)]
const usual = missed(2, { from: DAY, every: 12 })
const firing = (severity: OpenAlert['severity']): OpenAlert => ({ state: 'firing', severity })

describe('more than there may be, and less than there should be, are found alike', () => {
  const worse = (ofTen: number, seconds: number) => after(usual, missed(ofTen, { from: seconds, every: 12 }), seconds)
  test.for([
    { why: 'nothing was looked up', happened: [], open: undefined, expected: 'no_data' },
    { why: 'a fifth is missed, as ever', happened: usual, open: undefined, expected: 'ok' },
    { why: 'two of two are missed', happened: evenly({ from: 60, every: 30, bad: 1 }), open: undefined, expected: 'low_sample' },
    { why: 'all are missed for a minute', happened: worse(10, 60), open: undefined, expected: 'ok' },
    { why: 'all are missed for ten minutes', happened: worse(10, 600), open: undefined, expected: 'CRITICAL' },
    { why: 'seven of ten are missed for an hour', happened: worse(7, 3600), open: undefined, expected: 'WARNING' },
    {
      why: 'four of ten are missed, just as many as may be',
      happened: missed(4, { from: DAY, every: 12 }),
      open: undefined,
      expected: 'low_sample',
    },
    {
      why: 'what is open is over',
      happened: after(worse(10, 600), missed(1, { from: 3600, every: 12 }), 3600),
      open: firing('CRITICAL'),
      expected: 'ok',
    },
    { why: 'what is open goes on', happened: worse(10, 600), open: firing('CRITICAL'), expected: 'CRITICAL' },
  ])('$why: $expected', ({ happened, open, expected }) => {
    expect(short(judge(manyMisses, happened, open))).toBe(expected)
    expect(short(judge(fewHits, happened, open))).toBe(expected)
  })

  test('whatever happened, they say the same with figures that add up to 100 %', () => {
    const stretch = fc.record({
      from: fc.integer({ min: 60, max: 20_000 }),
      every: fc.constantFrom(7, 30, 130),
      ofTen: fc.integer({ min: 0, max: 10 }),
    })
    fc.assert(
      fc.property(
        fc.array(stretch, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(undefined, firing('WARNING'), firing('CRITICAL')),
        (stretches, open) => {
          const happened = stretches.reduce<readonly Happened[]>(
            (before, { ofTen, ...each }) => after(before, missed(ofTen, each), each.from),
            [],
          )
          const [above, below] = [judge(manyMisses, happened, open), judge(fewHits, happened, open)]
          expect(short(above)).toBe(short(below))
          if (above.kind === 'inconclusive' || below.kind === 'inconclusive') return
          const { value } = above
          expect({ n: below.value.n, failures: below.value.failures, seconds: below.value.window_seconds }).toEqual({
            n: value.n,
            failures: value.failures,
            seconds: value.window_seconds,
          })
          expect(Number(value.current) + Number(below.value.current)).toBeCloseTo(100, 0)
          expect(Number(value.threshold) + Number(below.value.threshold)).toBe(100)
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('its window is the shortest that is asked', () => {
  const long = compiled(sentence('many_misses').when(misses.over('6h')).above(40, '%'))
  const happened = after(usual, missed(8, { from: 1800, every: 12 }), 1800)
  test('half an hour is found in the five minutes of one rule, and is none in the six hours of another', () => {
    expect(judge(manyMisses, happened)).toMatchObject({ kind: 'breach', value: { window_seconds: expect.any(Number) } })
    expect(judge(long, happened)).toMatchObject({ kind: 'ok', value: { window_seconds: 21_600 } })
  })
})

describe('what people are told', () => {
  test.for([
    {
      why: 'more than there may be',
      rule: manyMisses,
      message: /^The ratio in lookups is 100 % over \d+ (min|h) \(limit 80 %\): ([\d,]+) of \2$/,
      value: { current: 100, threshold: 80, unit: 'percent' },
    },
    {
      why: 'less than there should be',
      rule: fewHits,
      message: /^The ratio in lookups is 0 % over \d+ (min|h) \(limit 20 %\): 0 of [\d,]+$/,
      value: { current: 0, threshold: 20, unit: 'percent' },
    },
    {
      why: 'in words of its own',
      rule: compiled(many().says('{failures} of {n} {n:lookup|lookups} missed: {current}, limit {limit}')),
      message: /^([\d,]+) of \1 lookups missed: 100 %, limit 80 %$/,
      value: { threshold: 80 },
    },
  ])('$why', ({ rule, message, value }) => {
    const all = evenly({ from: 3600, every: 12, bad: 1 })
    const verdict = judge(rule, all)
    expect(verdict).toMatchObject({ kind: 'breach', severity: 'CRITICAL', message: expect.stringMatching(message), value })
    expect('value' in verdict && verdict.value.failures).toBe('value' in verdict && verdict.value.n)
  })
})

describe('a plain one', () => {
  const plain = compiled(many().clear(30, '%').plain())
  const share = (n: number, bad: number): readonly Happened[] => [{ agoSeconds: 0, n, bad }]
  test.for([
    { why: 'compares with the limit, however few there are', happened: share(1, 1), open: undefined, expected: 'CRITICAL' },
    { why: 'is within just at the limit', happened: share(10, 4), open: undefined, expected: 'ok' },
    { why: 'is beyond it', happened: share(1000, 401), open: undefined, expected: 'WARNING' },
    { why: 'is held to where it is clear', happened: share(10, 4), open: firing('WARNING'), expected: 'WARNING' },
    { why: 'is clear there', happened: share(10, 3), open: firing('WARNING'), expected: 'ok' },
    { why: 'forgets what is older than its window', happened: later(share(10, 10), 300), open: undefined, expected: 'no_data' },
  ])('$why', ({ happened, open, expected }) => {
    expect(short(judge(plain, happened, open))).toBe(expected)
  })

  test('keeps no counts of a day', () => {
    expect(plain.needs.map(({ kind }) => kind)).toEqual(['events', 'events'])
    expect(manyMisses.needs.map(({ kind }) => kind)).toContain('counts')
  })
})

test.for([
  { why: 'a moment ago', uptimeSeconds: 5, expected: 'starting' },
  { why: 'for six seconds', uptimeSeconds: 6, expected: 'CRITICAL' },
])('watched since $why: $expected', ({ uptimeSeconds, expected }) => {
  const readings = fixedReadings({
    events: {
      lookups: countOf(evenly({ from: 3600, every: 12 }), ({ n }) => n),
      'lookups miss': countOf(evenly({ from: 3600, every: 12 }), ({ n }) => n),
    },
    uptimeSeconds,
    reachSeconds: DAY,
  })
  expect(short(manyMisses.judge(readings, undefined))).toBe(expected)
})

test.for([1, 10, 20, 60])('evaluated every %i s, it is judged once three evaluations were watched', (tickSeconds) => {
  const rule = compiled(many(), tickSeconds)
  const happened = evenly({ from: DAY, every: 12, bad: 1 })
  expect(short(judge(rule, happened, undefined, 3 * tickSeconds - 1))).toBe('starting')
  expect(short(judge(rule, happened, undefined, Math.max(3 * tickSeconds, 600)))).toBe('CRITICAL')
})
