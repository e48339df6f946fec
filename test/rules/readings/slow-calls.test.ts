import { describe, expect, test } from 'vitest'

import { counter } from '../../../src/rules/metric-ref.ts'
import { slowCalls } from '../../../src/rules/readings.ts'
import { rule as sentence } from '../../../src/rules/rule.ts'
import type { OpenAlert, Verdict } from '../../../src/types.ts'
import { counter as countOf, evenly, later, type Happened } from '../../support/past.ts'
import { compiled } from '../compiled.ts'
import { fixedReadings } from '../fixed-readings.ts'
import { Random } from '../random-history.ts'

const HOUR = 3600
const DAY = 24 * HOUR

const reading = slowCalls({ of: counter('slow_calls'), in: counter('calls'), called: 'Apple' })
const said = sentence('slow_apple_api').when(reading).above(10, 's')
const usual = compiled(said)

interface Judged {
  readonly open?: OpenAlert | undefined
  readonly rule?: typeof usual
  readonly uptimeSeconds?: number
}

function judge(happened: readonly Happened[], { open, rule = usual, uptimeSeconds = Infinity }: Judged = {}): Verdict {
  const events = { calls: countOf(happened, ({ n }) => n), slow_calls: countOf(happened, ({ bad }) => bad) }
  return rule.judge(fixedReadings({ events, uptimeSeconds }), open)
}

function short(verdict: Verdict): string {
  return verdict.kind === 'breach' ? verdict.severity : verdict.kind === 'ok' ? 'ok' : verdict.reason
}

const after = (before: readonly Happened[], now: readonly Happened[], seconds: number) => [...now, ...later(before, seconds)]
const quiet = (every: number) => evenly({ from: DAY, every })
const slow = (seconds: number, every: number) => evenly({ from: seconds, every, bad: 1 })
const firing: OpenAlert = { state: 'firing', severity: 'WARNING' }

describe('what is a breach', () => {
  test.for([
    { why: 'no call is no data', happened: [], expected: 'no_data' },
    { why: 'all are fast', happened: quiet(12), expected: 'ok' },
    { why: 'two of two are slow', happened: slow(60, 30), expected: 'low_sample' },
    { why: 'all are slow for five minutes, 60 an hour', happened: after(quiet(60), slow(420, 60), 420), expected: 'WARNING' },
    { why: 'all are slow for five minutes, 300 an hour', happened: after(quiet(12), slow(300, 12), 300), expected: 'WARNING' },
    { why: 'all are slow for half a minute, 300 an hour', happened: after(quiet(12), slow(36, 12), 36), expected: 'low_sample' },
    {
      why: 'one in 20 is slow, just as many as may be',
      happened: evenly({ from: DAY, every: 240, n: 20, bad: 1 }),
      expected: 'low_sample',
    },
    { why: 'one in 40 is', happened: evenly({ from: DAY, every: 480, n: 40, bad: 1 }), expected: 'ok' },
    {
      why: 'one in five is slow for a day, where it was so before',
      happened: evenly({ from: DAY, every: 60, n: 5, bad: 1 }),
      expected: 'WARNING',
    },
  ])('$why: $expected', ({ happened, expected }) => {
    expect(short(judge(happened))).toBe(expected)
  })

  test.for([
    { anHour: 30, percent: 1, days: 10 },
    { anHour: 30, percent: 4, days: 10 },
    { anHour: 300, percent: 1, days: 3 },
    { anHour: 300, percent: 4, days: 3 },
    { anHour: 700, percent: 1, days: 2 },
  ])('$percent % of $anHour an hour are slow by chance, where 5 % may be: nobody is paged in $days days', ({ anHour, percent, days }) => {
    const random = new Random(anHour + percent)
    const every = HOUR / anHour
    const happened = evenly({ from: (days + 1) * DAY, every }).map((each) => ({ ...each, bad: random.chance(percent / 100) ? 1 : 0 }))
    const found: string[] = []
    for (let ago = days * DAY; ago >= 0; ago -= Math.max(180, every)) {
      const then = happened.filter(({ agoSeconds }) => agoSeconds >= ago && agoSeconds < ago + DAY)
      found.push(short(judge(then.map((each) => ({ ...each, agoSeconds: each.agoSeconds - ago })))))
    }
    expect(found.filter((each) => each === 'WARNING')).toEqual([])
    expect(found).toContain('ok')
  })
})

describe('what is open', () => {
  const outage = after(quiet(12), slow(1800, 12), 1800)
  test.for([
    { why: 'is not over because two of two calls are slow', happened: slow(60, 30), expected: 'low_sample' },
    {
      why: 'nor because the last two of a day are, nor because nobody calls',
      happened: later(after(quiet(60), slow(120, 60), 120), HOUR),
      expected: 'low_sample',
    },
    { why: 'nor because three are fast', happened: after(outage, evenly({ from: 36, every: 12 }), 36), expected: 'WARNING' },
    { why: 'is over when calls are fast for an hour', happened: after(outage, evenly({ from: HOUR, every: 12 }), HOUR), expected: 'ok' },
    { why: 'goes on while calls are slow', happened: outage, expected: 'WARNING' },
    { why: 'says nothing without calls', happened: [], expected: 'no_data' },
  ])('$why', ({ happened, expected }) => {
    expect(short(judge(happened, { open: firing }))).toBe(expected)
  })

  test('two of two slow calls resolve nothing, however long ago the others were', () => {
    for (const hours of [0, 1, 2, 6, 20]) {
      const verdict = judge(after(later(quiet(60), hours * HOUR), slow(60, 30), 60), { open: firing })
      expect(verdict.kind).not.toBe('ok')
    }
  })

  test('calls that were slow before the all-clear are not counted again', () => {
    const happened = after(after(after(quiet(12), slow(1800, 12), 1800), evenly({ from: HOUR, every: 12 }), HOUR), slow(60, 12), 60)
    expect(short(judge(happened, { open: { state: 'resolved', severity: 'WARNING', sinceClearSeconds: HOUR } }))).not.toBe('WARNING')
  })
})

test('the first seconds are not judged', () => {
  expect(short(judge(slow(DAY, 12), { uptimeSeconds: 5 }))).toBe('starting')
})

test('a breach says how many, how long and how rare', () => {
  expect(judge(after(quiet(60), slow(HOUR, 60), HOUR))).toMatchObject({
    message: expect.stringMatching(
      /^(\d+) of (\d+) calls to Apple took longer than 10 s or timed out over \d+ min: [\d.]+ % \(limit 5 %\); a service at the limit does this (once in [\d,]+|less than once in a million) times$/,
    ),
    value: { threshold: 5, unit: 'percent' },
  })
})

describe('a plain one', () => {
  const plain = compiled(said.plain())
  const share = (n: number, bad: number): readonly Happened[] => [{ agoSeconds: 0, n, bad }]
  test.for([
    { why: 'compares five minutes with 5 %, however few calls there are', happened: share(1, 1), expected: 'WARNING' },
    { why: 'is within at 5 %', happened: share(100, 5), expected: 'ok' },
    { why: 'is beyond with one more', happened: share(100, 6), expected: 'WARNING' },
    { why: 'forgets what is older', happened: later(share(100, 100), 300), expected: 'no_data' },
  ])('$why', ({ happened, expected }) => {
    expect(short(judge(happened, { rule: plain }))).toBe(expected)
    expect(short(judge(happened, { rule: plain, open: firing }))).toBe(expected)
  })

  test('a slow call counted before its duration is still one call', () => {
    expect(judge(share(3, 4), { rule: plain })).toMatchObject({ kind: 'breach', value: { n: 3, failures: 3, current: 100 } })
  })

  test('tells of no luck', () => {
    expect(judge(share(20, 5), { rule: plain })).toMatchObject({
      message: '5 of 20 calls to Apple took longer than 10 s or timed out over 5 min: 25 % (limit 5 %)',
    })
  })
})
