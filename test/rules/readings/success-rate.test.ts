import { describe, expect, test } from 'vitest'

import { counter } from '../../../src/rules/metric-ref.ts'
import { successRate } from '../../../src/rules/readings.ts'
import { rule as sentence } from '../../../src/rules/rule.ts'
import type { OpenAlert, Verdict } from '../../../src/types.ts'
import { counter as countOf, evenly, later, type Happened } from '../../support/past.ts'
import { Random } from '../random-history.ts'
import { compiled } from '../compiled.ts'
import { fixedReadings } from '../fixed-readings.ts'

const HOUR = 3600
const DAY = 24 * HOUR

const reading = successRate({
  attempts: counter('attempts'),
  failed: counter('failed_attempts'),
  units: counter('units'),
  failedUnits: counter('failed_units'),
  wording: { rate: 'Fetch success rate', units: 'calls', unitsInFull: 'calls to Apple' },
})
const below = (warning: number, critical: number) => sentence('low_success_rate').when(reading).below(warning, '%').critical(critical)
const usual = compiled(below(80, 50))

interface Judged {
  readonly open?: OpenAlert | undefined
  readonly rule?: typeof usual
  readonly uptimeSeconds?: number
  readonly reachSeconds?: number
  readonly attemptsPerUnit?: number
}

function judge(happened: readonly Happened[], options: Judged = {}): Verdict {
  const { open, rule = usual, attemptsPerUnit = 1, uptimeSeconds = Infinity, reachSeconds = Math.min(DAY, uptimeSeconds) } = options
  const [all, failed] = [countOf(happened, ({ n }) => n), countOf(happened, ({ bad }) => bad)]
  const events = {
    units: all,
    failed_units: failed,
    attempts: (seconds: number) => attemptsPerUnit * all(seconds),
    failed_attempts: (seconds: number) => attemptsPerUnit * failed(seconds),
  }
  return rule.judge(fixedReadings({ events, uptimeSeconds, reachSeconds }), open)
}

function short(verdict: Verdict): string {
  return verdict.kind === 'breach' ? verdict.severity : verdict.kind === 'ok' ? 'ok' : verdict.reason
}

/** `now` after `before`, which ended when `now` began. */
function after(before: readonly Happened[], now: readonly Happened[], seconds: number): readonly Happened[] {
  return [...now, ...later(before, seconds)]
}

const firing = (severity: OpenAlert['severity']): OpenAlert => ({ state: 'firing', severity })
const resolved = (sinceClearSeconds: number): OpenAlert => ({ state: 'resolved', severity: 'WARNING', sinceClearSeconds })

/** Every `of`-th of the events fails, the newest of them first. */
const oneIn = (of: number, stretch: Parameters<typeof evenly>[0]): readonly Happened[] =>
  evenly(stretch).map((each, i) => ({ ...each, bad: i % of === 0 ? each.n : 0 }))

const quietDay = (every: number) => evenly({ from: DAY, every })
const outage = (minutes: number, every: number) => evenly({ from: 60 * minutes, every, bad: 1 })

describe('what is a breach', () => {
  test.for([
    { why: 'nothing was tried in a day', happened: [], expected: 'no_data' },
    { why: 'all is well', happened: quietDay(12), expected: 'ok' },
    { why: 'few are tried and all is well', happened: evenly({ from: 7 * 900, every: 900 }), expected: 'low_sample' },
    { why: '15 % fail, where 20 % may', happened: oneIn(7, { from: DAY, every: 12 }), expected: 'ok' },
    { why: 'all fail for a minute, 300 an hour', happened: after(quietDay(12), outage(1, 12), 60), expected: 'low_sample' },
    { why: 'all fail for three minutes, 300 an hour', happened: after(quietDay(12), outage(3, 12), 180), expected: 'WARNING' },
    { why: 'all fail for six minutes, 300 an hour', happened: after(quietDay(12), outage(6, 12), 360), expected: 'CRITICAL' },
    { why: 'all fail for four minutes, 3,000 an hour', happened: after(quietDay(1.2), outage(4, 1.2), 240), expected: 'CRITICAL' },
    { why: 'all fail for half an hour, 30 an hour', happened: after(quietDay(120), outage(30, 120), 1800), expected: 'CRITICAL' },
    { why: 'three of three fail, 4 an hour', happened: after(quietDay(900), outage(45, 900), 2700), expected: 'low_sample' },
    { why: 'four of four fail, 4 an hour', happened: after(quietDay(900), outage(60, 900), 3600), expected: 'WARNING' },
    {
      why: 'half fail for twenty minutes, 300 an hour',
      happened: after(quietDay(12), oneIn(2, { from: 1200, every: 12 }), 1200),
      expected: 'WARNING',
    },
    {
      why: '67 % succeed of 4 an hour for a day',
      happened: oneIn(3, { from: DAY, every: 900 }),
      expected: 'WARNING',
    },
    {
      why: 'all fail from the start of a service without a past, six minutes after it',
      happened: outage(6, 12),
      uptimeSeconds: 360,
      expected: 'CRITICAL',
    },
    {
      why: 'three fail at once in the first minute of a service',
      happened: evenly({ from: 30, every: 10, bad: 1 }),
      uptimeSeconds: 60,
      expected: 'low_sample',
    },
  ])('$why: $expected', ({ happened, uptimeSeconds, expected }) => {
    expect(short(judge(happened, uptimeSeconds === undefined ? {} : { uptimeSeconds }))).toBe(expected)
  })

  test.for([4, 30])('one in three of %i an hour fails: found within 48 h, whatever was before', (anHour) => {
    const every = HOUR / anHour
    const found = Array.from({ length: 48 }, (_, hour) => hour + 1).find((hours) => {
      const bad = oneIn(3, { from: hours * HOUR, every })
      return short(judge(after(quietDay(every), bad, hours * HOUR))) === 'WARNING'
    })
    expect(found).toBeGreaterThan(0)
  })

  test('a job of 1,000 calls each quarter of an hour, the last 10 of 24,000 of which fail, is none, however long it is ago', () => {
    const job = (failed: number) =>
      Array.from({ length: 1000 }, (_, i): Happened => ({ agoSeconds: Math.floor(i / 40), n: 1, bad: i < failed ? 1 : 0 }))
    const jobs = [...job(10), ...Array.from({ length: 23 }, (_, i) => later(job(0), 900 * (i + 1))).flat()]
    for (let seconds = 0; seconds <= 900; seconds += 30) expect(judge(later(jobs, seconds)).kind).not.toBe('breach')
    expect(short(judge(jobs))).toBe('ok')
  })

  test.for([
    { anHour: 4, days: 30 },
    { anHour: 30, days: 10 },
    { anHour: 300, days: 3 },
  ])('$anHour an hour, of which 15 % fail by chance where 20 % may, page nobody in $days days', ({ anHour, days }) => {
    const random = new Random(15)
    const every = HOUR / anHour
    const happened = evenly({ from: (days + 1) * DAY, every }).map((each) => ({ ...each, bad: random.chance(0.15) ? 1 : 0 }))
    const found: string[] = []
    for (let ago = days * DAY; ago >= 0; ago -= Math.max(120, every)) {
      const then = happened.filter(({ agoSeconds }) => agoSeconds >= ago && agoSeconds < ago + DAY)
      found.push(short(judge(then.map((each) => ({ ...each, agoSeconds: each.agoSeconds - ago })))))
    }
    expect(found.filter((each) => each === 'WARNING' || each === 'CRITICAL')).toEqual([])
    expect(found).toContain('ok')
  })
})

describe('what the alert was before', () => {
  const cliff = after(quietDay(12), outage(30, 12), 1800)
  /** So many good ones after the outage. */
  const recovered = (n: number, every = 12) => after(cliff, evenly({ from: n * every, every }), n * every)

  test.for([
    { why: 'a CRITICAL that goes on is one', happened: cliff, open: firing('CRITICAL'), expected: 'CRITICAL' },
    { why: 'one success does not end it', happened: recovered(1), open: firing('CRITICAL'), expected: 'CRITICAL' },
    { why: 'half an hour of successes does', happened: recovered(150), open: firing('CRITICAL'), expected: 'ok' },
    { why: 'a WARNING is over as well', happened: recovered(150), open: firing('WARNING'), expected: 'ok' },
    {
      why: 'what nobody watched for a while is over as well',
      happened: recovered(150),
      open: { state: 'unknown', severity: 'CRITICAL' } as const,
      expected: 'ok',
    },
    {
      why: 'two successes in half an hour do not end what few units found',
      happened: after(after(quietDay(900), outage(180, 900), 10_800), evenly({ from: 1800, every: 900 }), 1800),
      open: firing('CRITICAL'),
      expected: 'low_sample',
    },
    {
      why: 'what fires stays while nobody can tell: it is no WARNING only because it is no longer surely CRITICAL',
      happened: after(after(quietDay(120), outage(60, 120), HOUR), evenly({ from: 480, every: 120 }), 480),
      open: firing('CRITICAL'),
      expected: 'low_sample',
    },
    { why: 'an alert without data is frozen', happened: [], open: firing('WARNING'), expected: 'no_data' },
    {
      why: 'between the limit and two points above it nobody says that it is over',
      happened: after(
        quietDay(12),
        evenly({ from: HOUR, every: 12 }).map((each, i) => ({ ...each, bad: i % 21 < 4 ? 1 : 0 })),
        HOUR,
      ),
      open: firing('WARNING'),
      expected: 'low_sample',
    },
    { why: 'what was told and cleared is not counted again', happened: recovered(150), open: resolved(600), expected: 'ok' },
    {
      why: 'nor are failures of before the all-clear added to those since',
      happened: after(after(quietDay(900), outage(120, 900), 7200), outage(30, 900), 1800),
      open: resolved(1800),
      expected: 'low_sample',
    },
    {
      why: 'without an all-clear between them they are',
      happened: after(after(quietDay(900), outage(120, 900), 7200), outage(30, 900), 1800),
      open: undefined,
      expected: 'CRITICAL',
    },
    { why: 'what came after the all-clear counts', happened: cliff, open: resolved(1800), expected: 'CRITICAL' },
  ])('$why', ({ happened, open, expected }) => {
    expect(short(judge(happened, { open }))).toBe(expected)
  })

  test('the same evidence is a WARNING where no CRITICAL fires', () => {
    const happened = after(after(quietDay(120), outage(60, 120), HOUR), evenly({ from: 480, every: 120 }), 480)
    expect(short(judge(happened, { open: firing('WARNING') }))).toBe('WARNING')
    expect(short(judge(happened, { open: firing('CRITICAL') }))).toBe('low_sample')
  })

  test('a CRITICAL that is over stays over', () => {
    const found = Array.from({ length: 150 }, (_, n) => short(judge(recovered(n + 1), { open: firing('CRITICAL') })))
    expect(found[0]).toBe('CRITICAL')
    expect(found).toContain('ok')
    expect(new Set(found.slice(found.indexOf('ok')))).toEqual(new Set(['ok']))
  })
})

describe('what is too old says nothing', () => {
  test.for([
    { why: 'a run, an hour after its last call', happened: later(after(quietDay(12), outage(30, 12), 1800), 3600) },
    { why: 'successes, two hours after the last one', happened: later(quietDay(60), 7200) },
  ])('$why', ({ happened }) => {
    expect(short(judge(happened))).toBe('low_sample')
    expect(short(judge(happened, { open: firing('CRITICAL') }))).toBe('low_sample')
  })

  test('a service that is watched since a moment ago is not judged by what earlier processes did', () => {
    const happened = outage(60, 12)
    expect(short(judge(happened, { uptimeSeconds: 5, reachSeconds: DAY }))).toBe('starting')
    expect(short(judge(happened, { uptimeSeconds: 6, reachSeconds: DAY }))).toBe('CRITICAL')
  })
})

describe('limits at the ends', () => {
  const all = compiled(below(100, 50))
  const none = compiled(below(0, 0))
  test.for([
    { why: 'of 100 %: all succeed', rule: all, happened: quietDay(60), open: undefined, expected: 'ok' },
    { why: 'of 100 %: it can be cleared', rule: all, happened: quietDay(60), open: firing('WARNING'), expected: 'ok' },
    { why: 'of 100 %: two fail', rule: all, happened: after(quietDay(60), outage(2, 60), 120), open: undefined, expected: 'low_sample' },
    { why: 'of 100 %: three fail', rule: all, happened: after(quietDay(60), outage(3, 60), 180), open: undefined, expected: 'WARNING' },
    { why: 'of 0 %: all succeed', rule: none, happened: quietDay(60), open: undefined, expected: 'ok' },
    { why: 'of 0 %: all fail', rule: none, happened: outage(600, 60), open: undefined, expected: 'low_sample' },
  ])('$why', ({ rule, happened, open, expected }) => {
    expect(short(judge(happened, { rule, open }))).toBe(expected)
  })

  test('limits the wrong way round are refused at construction', () => {
    expect(() => compiled(below(50, 80))).toThrow('The critical limit of low_success_rate is 80 %, expected at most its limit (50 %).')
  })
})

describe('what people are told', () => {
  test.for([
    {
      why: 'a run is said as one, with how long it lasts',
      happened: after(quietDay(900), outage(60, 900), 3600),
      message: /^The last 4 calls to Apple all failed, over 1 h \(limit 80 %\); a service at 80 % does this once in [\d,]+ times$/,
      value: { current: 0, threshold: 80, unit: 'percent', n: 4, failures: 4, window_seconds: 3600 },
    },
    {
      why: 'a share says rate, window, limit and counts, and how rare it is',
      happened: after(quietDay(900), oneIn(2, { from: 6 * HOUR, every: 900 }), 6 * HOUR),
      message:
        /^Fetch success rate is 50 % over 6 h \(limit 80 %\): 12 of 24 attempts failed; a service at 80 % does this once in [\d,]+ times$/,
      value: { current: 50, threshold: 80, unit: 'percent', n: 24, failures: 12, window_seconds: 6 * HOUR },
    },
    {
      why: 'batches carry their attempts',
      happened: after(quietDay(900), oneIn(2, { from: 6 * HOUR, every: 900 }), 6 * HOUR),
      attemptsPerUnit: 290,
      message:
        /^Fetch success rate is 50 % over 6 h \(limit 80 %\): 12 of 24 batches failed \(3,480 of 6,960 attempts\); a service at 80 % does this once in [\d,]+ times$/,
      value: { current: 50, threshold: 80, unit: 'percent', n: 24, failures: 12, window_seconds: 6 * HOUR },
    },
  ])('$why', ({ happened, attemptsPerUnit = 1, message, value }) => {
    expect(judge(happened, { attemptsPerUnit })).toMatchObject({ kind: 'breach', message: expect.stringMatching(message), value })
  })

  test('a limit is said with all its digits', () => {
    const verdict = judge(quietDay(12), { rule: compiled(below(99.95, 50)) })
    expect(verdict).toMatchObject({ kind: 'ok', message: expect.stringContaining('(limit 99.95 %)'), value: { threshold: 99.95 } })
  })
})

describe('a plain one', () => {
  const plain = compiled(below(80, 50).plain())
  /** Of the last 5 minutes. */
  const share = (n: number, bad: number): readonly Happened[] => [{ agoSeconds: 0, n, bad }]
  test.for([
    {
      why: 'compares the last five minutes with the limit, however few there are',
      happened: share(1, 1),
      open: undefined,
      expected: 'CRITICAL',
    },
    { why: 'is just at the limit', happened: share(10, 2), open: undefined, expected: 'ok' },
    { why: 'is below it', happened: share(100, 21), open: undefined, expected: 'WARNING' },
    { why: 'forgets what is older', happened: later(share(100, 100), 300), open: undefined, expected: 'no_data' },
    { why: 'is held two points above', happened: share(100, 19), open: firing('WARNING'), expected: 'WARNING' },
    { why: 'is over beyond them', happened: share(100, 18), open: firing('WARNING'), expected: 'ok' },
    {
      why: 'has nothing to hold while it is pending',
      happened: share(100, 19),
      open: { state: 'pending', severity: 'WARNING' } as const,
      expected: 'ok',
    },
    { why: 'falls from CRITICAL two points above that limit', happened: share(100, 48), open: firing('CRITICAL'), expected: 'WARNING' },
    { why: 'is held there', happened: share(100, 49), open: firing('CRITICAL'), expected: 'CRITICAL' },
    { why: 'is no CRITICAL that has to be held', happened: share(100, 49), open: firing('WARNING'), expected: 'WARNING' },
  ])('$why', ({ happened, open, expected }) => {
    expect(short(judge(happened, { rule: plain, open }))).toBe(expected)
  })

  test('tells of no luck, and of the limit that holds it', () => {
    expect(judge(share(100, 21), { rule: plain })).toMatchObject({
      message: 'Fetch success rate is 79 % over 5 min (limit 80 %): 21 of 100 attempts failed',
    })
    expect(judge(share(100, 19), { rule: plain, open: firing('WARNING') })).toMatchObject({
      message: 'Fetch success rate is 81 % over 5 min (limit 82 %): 19 of 100 attempts failed',
      value: { current: 81, threshold: 82 },
    })
  })
})
