import { describe, expect, test } from 'vitest'

import { counter, gauge } from '../../../src/rules/metric-ref.ts'
import { throughput } from '../../../src/rules/readings.ts'
import { rule as sentence } from '../../../src/rules/rule.ts'
import type { LastReading, OpenAlert, Verdict } from '../../../src/types.ts'
import { counter as countOf, evenly, later, type Happened } from '../../support/past.ts'
import { compiled } from '../compiled.ts'
import { fixedReadings } from '../fixed-readings.ts'

const HOUR = 3600
const DAY = 24 * HOUR

const reading = throughput({
  of: counter('fetched'),
  owed: gauge('due', { unit: '{tracker}' }),
  staleAfter: 90,
  wording: { done: 'fetched {current}', unit: 'trackers' },
})
const said = sentence('low_fetch_rate').when(reading).below(10, '/h')
const usual = compiled(said)

interface Judged {
  readonly open?: OpenAlert | undefined
  readonly rule?: typeof usual
  readonly uptimeSeconds?: number
  readonly reachSeconds?: number
  readonly due?: number | Partial<LastReading<number>>
  /** Seconds ago, since when work is owed. Default: always. */
  readonly owedSince?: number
  /** Seconds ago, until when work was owed. */
  readonly owedUntil?: number
}

function judge(happened: readonly Happened[], options: Judged = {}): Verdict {
  const { open, rule = usual, uptimeSeconds = Infinity, reachSeconds = Math.min(DAY, uptimeSeconds), due = 41 } = options
  const { owedSince = Math.min(DAY, reachSeconds), owedUntil = 0 } = options
  const readings = fixedReadings({
    events: { fetched: countOf(happened, ({ n }) => n) },
    levels: { due },
    above: (seconds) => Math.max(0, Math.min(seconds, owedSince) - owedUntil),
    uptimeSeconds,
    reachSeconds,
  })
  return rule.judge(readings, open)
}

function short(verdict: Verdict): string {
  return verdict.kind === 'breach' ? verdict.severity : verdict.kind === 'ok' ? 'ok' : verdict.reason
}

const firing: OpenAlert = { state: 'firing', severity: 'WARNING' }
const stalled = (minutes: number, before: readonly Happened[]) => later(before, 60 * minutes)
const steady = (every: number, n = 1) => evenly({ from: DAY, every, n })

describe('what is a breach', () => {
  test.for([
    { why: 'as many as ever', happened: steady(240), expected: 'ok' },
    { why: 'a stall of ten minutes of a service that fetches every four', happened: stalled(10, steady(240)), expected: 'ok' },
    { why: 'a stall of three quarters of an hour', happened: stalled(45, steady(240)), expected: 'WARNING' },
    { why: 'a stall of three quarters of an hour, twelve an hour', happened: stalled(45, steady(300)), expected: 'WARNING' },
    { why: 'twelve an hour, a little more than the limit', happened: steady(300), expected: 'ok' },
    { why: 'a batch of 50 each quarter of an hour, between two of them', happened: stalled(14, steady(900, 50)), expected: 'ok' },
    {
      why: 'two an hour, of a service without a past',
      happened: evenly({ from: 4 * HOUR, every: 1800 }),
      uptimeSeconds: 4 * HOUR,
      expected: 'WARNING',
    },
    { why: 'three an hour for half a day', happened: evenly({ from: DAY / 2, every: 1200 }), uptimeSeconds: DAY / 2, expected: 'WARNING' },
    { why: 'nothing in the first hour and a half of a service', happened: [], uptimeSeconds: 1.5 * HOUR, expected: 'WARNING' },
    { why: 'nothing in its first 20 minutes', happened: [], uptimeSeconds: 1200, expected: 'low_sample' },
  ])('$why: $expected', ({ happened, uptimeSeconds, expected }) => {
    expect(short(judge(happened, uptimeSeconds === undefined ? {} : { uptimeSeconds }))).toBe(expected)
  })

  test.for([
    { why: 'batches of 50 at 4 an hour', every: 900, n: 50 },
    { why: 'batches of 290 at 2 an hour', every: 1800, n: 290 },
  ])('between two $why there is no breach', ({ every, n }) => {
    for (let seconds = 0; seconds < every; seconds += 60) expect(judge(later(steady(every, n), seconds)).kind).not.toBe('breach')
  })
})

describe('what is not known', () => {
  test.for([
    { why: 'without sizes nobody knows what is owed', options: { due: { value: NaN, stale: true } }, expected: 'stale' },
    { why: 'the first seconds are not judged', options: { uptimeSeconds: 20 }, expected: 'starting' },
  ] as const)('$why: $expected', ({ options, expected }) => {
    expect(short(judge([], options))).toBe(expected)
  })

  test('a size that was never set is no data', () => {
    expect(short(usual.judge(fixedReadings({}), undefined))).toBe('no_data')
  })

  test('a stall is not over because a process has just begun, of which little could be expected', () => {
    for (const uptimeSeconds of [151, 300, 600, 900]) {
      expect(short(judge([], { open: firing, uptimeSeconds }))).toBe('low_sample')
    }
  })

  test('what earlier processes have done goes on being known', () => {
    const happened = stalled(50, steady(240))
    expect(short(judge(happened, { open: firing, uptimeSeconds: 60, reachSeconds: DAY }))).toBe('WARNING')
  })
})

describe('work that is watched from outside', () => {
  const watched = compiled(
    sentence('low_work_rate')
      .when(
        throughput({
          ...{ of: counter('fetched'), owed: gauge('due', { unit: '{tracker}' }), staleAfter: 90, watched: true },
          ...{ left: gauge('all', { unit: '{tracker}' }), wording: { done: 'fetched {current}', unit: 'trackers' } },
        }),
      )
      .below(10, '/h'),
  )
  const hours = (seconds: number) => Math.min(seconds, 4 * HOUR)
  const judged = (sources: number | undefined, falls: { times: number; amount: number }, done = 0) =>
    short(
      watched.judge(
        fixedReadings({
          events: { fetched: (seconds) => (done * hours(seconds)) / HOUR },
          levels: { due: 41, ...(sources !== undefined && { 'health.work.sources': sources }) },
          above: hours,
          uptimeSeconds: 4 * HOUR,
          falls,
        }),
        undefined,
      ),
    )

  test.for([
    { why: 'nobody watches', sources: 0, expected: 'unwatched' },
    { why: 'somebody watches', sources: 1, expected: 'WARNING' },
    { why: 'the service tells of its work itself', sources: undefined, expected: 'WARNING' },
    { why: 'the service tells of its work itself, and its queue falls', sources: undefined, times: 100, amount: 100, expected: 'WARNING' },
    { why: 'the queue falls all the time', sources: 1, times: 100, amount: 3, expected: 'unwatched' },
    { why: 'a worker took a few and hangs', sources: 1, times: 2, amount: 8, expected: 'WARNING' },
    { why: 'a person emptied the queue', sources: 1, times: 1, amount: 9000, expected: 'WARNING' },
    {
      why: 'some is seen, and as much as is expected leaves the queue',
      sources: 1,
      times: 100,
      amount: 1000,
      done: 2,
      expected: 'unwatched',
    },
    { why: 'some is seen, and no more leaves the queue', sources: 1, times: 8, amount: 8, done: 2, expected: 'WARNING' },
  ])('nothing is seen, and $why: $expected', ({ sources, times = 0, amount = 0, done, expected }) => {
    expect(judged(sources, { times, amount }, done)).toBe(expected)
  })

  test('the rate that nobody sees is no figure', () => {
    const figure = (sources: number) =>
      watched.figure!(fixedReadings({ levels: { due: 1, 'health.work.sources': sources }, uptimeSeconds: HOUR })).value
    expect([figure(0), figure(1)]).toEqual([null, 0])
  })
})

describe('a stall', () => {
  const stall = stalled(60, steady(240))
  test.for([
    { why: 'goes on', happened: stall, expected: 'WARNING' },
    { why: 'is not over with one', happened: [...evenly({ from: 60, every: 60 }), ...later(stall, 60)], expected: 'WARNING' },
    {
      why: 'is over after an hour at the old rate',
      happened: [...evenly({ from: HOUR, every: 240 }), ...later(stall, HOUR)],
      expected: 'ok',
    },
  ])('$why', ({ happened, expected }) => {
    expect(short(judge(happened, { open: firing }))).toBe(expected)
  })

  test('before the all-clear is not counted again', () => {
    const happened = later(steady(240), 1500)
    expect(short(judge(happened, { open: { state: 'resolved', severity: 'WARNING', sinceClearSeconds: 900 } }))).toBe('low_sample')
  })
})

describe('idle', () => {
  test.for([
    {
      why: 'for a day',
      happened: [],
      options: { due: 0, owedSince: 0 },
      message: /^Idle: no work was owed in the last hour \(fetched 0\)$/,
    },
    { why: 'after a stall that is an hour ago', happened: [], options: { due: 0, owedUntil: HOUR, open: firing }, message: /^Idle/ },
  ])('$why is well', ({ happened, options, message }) => {
    expect(judge(happened, options)).toMatchObject({ kind: 'ok', message: expect.stringMatching(message) })
  })

  test('work that is owed since a moment ago is no breach', () => {
    expect(judge([], { owedSince: 600 }).kind).not.toBe('breach')
  })
})

test('a breach says what was done, what was expected and what is owed, with figures that agree', () => {
  const verdict = judge(stalled(60, steady(240)))
  expect(verdict).toMatchObject({ kind: 'breach', value: { current: 0, n: 0 } })
  const told =
    'message' in verdict
      ? /^Fetched 0 in the last (.+); ([\d.]+) expected at the limit of 10 an hour, with work owed for (.+); 41 due$/.exec(verdict.message)
      : null
  expect(told).not.toBeNull()
  expect(told![3]).toBe(told![1])
  expect('value' in verdict && verdict.value.threshold).toBeCloseTo(Number(told![2]), 0)
})

describe('a plain one', () => {
  const plain = compiled(said.plain())
  test.for([
    { why: 'is within with as many as an hour asks for', happened: evenly({ from: HOUR, every: 360 }), options: {}, expected: 'ok' },
    { why: 'is beyond with one less', happened: evenly({ from: HOUR, every: 400 }), options: {}, expected: 'WARNING' },
    { why: 'asks for work that is owed only', happened: evenly({ from: HOUR, every: 720 }), options: { owedSince: 1800 }, expected: 'ok' },
    { why: 'looks back an hour', happened: later(steady(360), HOUR), options: {}, expected: 'WARNING' },
    { why: 'is well while it is idle', happened: [], options: { due: 0, owedSince: 0 }, expected: 'ok' },
  ])('$why', ({ happened, options, expected }) => {
    expect(short(judge(happened, { ...options, rule: plain }))).toBe(expected)
  })

  test('says what was expected in the hour', () => {
    expect(judge(evenly({ from: HOUR, every: HOUR }), { rule: plain, owedSince: 2700 })).toMatchObject({
      message: 'Fetched 1 in the last hour; 7.5 expected at the limit of 10 an hour, with work owed for 45 min; 41 due',
      value: { current: 1, threshold: 7.5, unit: 'trackers in the last hour', n: 1, window_seconds: HOUR },
    })
  })
})
