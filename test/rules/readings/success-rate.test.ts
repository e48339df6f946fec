import fc from 'fast-check'
import { expect, test } from 'vitest'

import { counter, gauge } from '../../../src/rules/metric-ref.ts'
import { successRate } from '../../../src/rules/readings.ts'
import { rule as sentence } from '../../../src/rules/rule.ts'
import type { OpenAlert } from '../../../src/types.ts'
import { compiled } from '../compiled.ts'
import { fixedReadings } from '../fixed-readings.ts'

const WINDOWS = [60, 300, 900, 3600, 21_600]
const reading = successRate({
  attempts: counter('attempts'),
  failed: counter('failed_attempts'),
  units: counter('units'),
  failedUnits: counter('failed_units'),
  streak: gauge('streak'),
  wording: { rate: 'Fetch success rate', units: 'calls', unitsInFull: 'calls to Apple' },
})
const below = (warning: number, critical: number) =>
  compiled(sentence('low_success_rate').when(reading).below(warning, '%').critical(critical))
const rule = below(80, 50)

/** `looks`: [units, failed] in the windows from one minute to six hours; the last one stands for those left out. */
function judge(
  looks: readonly (readonly [number, number])[],
  streak: number,
  open?: OpenAlert,
  uptimeSeconds = Infinity,
  attemptsPerUnit = 1,
) {
  const counts = (index: 0 | 1, factor = 1) =>
    Object.fromEntries(WINDOWS.map((seconds, i) => [seconds, factor * (looks[i] ?? looks.at(-1)!)[index]]))
  return rule.judge(
    fixedReadings({
      events: {
        units: counts(0),
        failed_units: counts(1),
        attempts: counts(0, attemptsPerUnit),
        failed_attempts: counts(1, attemptsPerUnit),
      },
      levels: { streak },
      uptimeSeconds,
    }),
    open,
  )
}

const firing = (severity: OpenAlert['severity']): OpenAlert => ({ state: 'firing', severity })
const recovering: OpenAlert = { state: 'recovering', severity: 'WARNING' }
const quiet = [0, 0] as const

test.for([
  { why: 'the plain limit holds for the shortest window with 50 units', looks: [quiet, [70, 20]] as const, streak: 1, expected: 'WARNING' },
  { why: 'just at the limit is not below it', looks: [quiet, [50, 10]] as const, streak: 1, expected: 'ok' },
  { why: 'below the second limit is critical', looks: [quiet, [70, 36]] as const, streak: 1, expected: 'CRITICAL' },
  {
    why: 'a busy minute does not wait for five',
    looks: [
      [60, 20],
      [300, 20],
    ] as const,
    streak: 1,
    expected: 'WARNING',
  },
  {
    why: 'longer windows are not asked where a shorter one knows',
    looks: [quiet, [60, 2], [200, 100]] as const,
    streak: 1,
    expected: 'ok',
  },
  { why: 'four of four failed', looks: [quiet, quiet, [4, 4]] as const, streak: -4, expected: 'WARNING' },
  { why: 'nine of nine are not rare enough to be critical', looks: [quiet, quiet, [9, 9]] as const, streak: -9, expected: 'WARNING' },
  { why: 'three of three may be bad luck', looks: [quiet, quiet, [3, 3]] as const, streak: -3, expected: 'low_sample' },
  { why: 'a small sample that ends with a success is over', looks: [quiet, [20, 12]] as const, streak: 1, expected: 'low_sample' },
  { why: '5 in a row, whatever the windows hold', looks: [quiet, quiet, quiet, quiet, [45, 5]] as const, streak: -5, expected: 'WARNING' },
  { why: '10 in a row are critical', looks: [quiet, quiet, quiet, quiet, [45, 10]] as const, streak: -10, expected: 'CRITICAL' },
  { why: 'one failure in an hour is nothing', looks: [quiet, quiet, quiet, [1, 1]] as const, streak: -1, expected: 'low_sample' },
  { why: 'nothing at all is no data', looks: [quiet], streak: 0, expected: 'no_data' },
  {
    why: 'ten successes end what six hours still hold',
    looks: [quiet, quiet, quiet, [30, 15], [180, 90]] as const,
    streak: 10,
    expected: 'ok',
  },
  { why: 'nine do not', looks: [quiet, quiet, quiet, [30, 15], [180, 80]] as const, streak: 9, expected: 'WARNING' },
  { why: 'ten successes by luck do not end a rate over five minutes', looks: [quiet, [250, 75]] as const, streak: 10, expected: 'WARNING' },
])('$why', ({ looks, streak, expected }) => {
  const verdict = judge(looks, streak)
  expect(verdict.kind === 'breach' ? verdict.severity : verdict.kind === 'ok' ? 'ok' : verdict.reason).toBe(expected)
})

test.for([
  { why: 'in between, a firing alert stays', looks: [quiet, [200, 38]] as const, streak: 1, open: firing('WARNING'), expected: 'WARNING' },
  { why: 'in between, a recovering one recovers', looks: [quiet, [200, 38]] as const, streak: 1, open: recovering, expected: 'ok' },
  {
    why: 'in between, a pending one has nothing to hold',
    looks: [quiet, [200, 38]] as const,
    streak: 1,
    open: { state: 'pending', severity: 'WARNING' } as const,
    expected: 'ok',
  },
  { why: 'two points above the limit it is over', looks: [quiet, [200, 35]] as const, streak: 1, open: firing('WARNING'), expected: 'ok' },
  {
    why: 'critical is held just above its own limit',
    looks: [quiet, [200, 98]] as const,
    streak: 1,
    open: firing('CRITICAL'),
    expected: 'CRITICAL',
  },
  {
    why: 'critical falls to warning two points above',
    looks: [quiet, [200, 95]] as const,
    streak: 1,
    open: firing('CRITICAL'),
    expected: 'WARNING',
  },
  {
    why: 'a warning is not held at the critical limit',
    looks: [quiet, [200, 98]] as const,
    streak: 1,
    open: firing('WARNING'),
    expected: 'WARNING',
  },
  {
    why: 'one success does not end a small outage',
    looks: [quiet, quiet, [9, 8]] as const,
    streak: 1,
    open: firing('WARNING'),
    expected: 'WARNING',
  },
  { why: 'ten do', looks: [quiet, quiet, [18, 8]] as const, streak: 10, open: firing('CRITICAL'), expected: 'ok' },
  {
    why: 'an alert that nobody watched for a while stays',
    looks: [[9, 1]] as const,
    streak: 1,
    open: { state: 'unknown', severity: 'WARNING' } as const,
    expected: 'WARNING',
  },
  { why: 'an open alert without data is frozen', looks: [quiet], streak: -7, open: firing('WARNING'), expected: 'no_data' },
  {
    why: 'what was told and cleared is not counted again',
    looks: [quiet, quiet, quiet, [30, 10], [180, 90]] as const,
    streak: -1,
    open: { state: 'resolved', severity: 'WARNING', sinceClearSeconds: 1800 } as const,
    expected: 'low_sample',
  },
  {
    why: 'nor is it in a small sample',
    looks: [quiet, quiet, quiet, [30, 20]] as const,
    streak: -1,
    open: { state: 'resolved', severity: 'WARNING', sinceClearSeconds: 1800 } as const,
    expected: 'low_sample',
  },
  {
    why: 'what came after the all-clear is',
    looks: [quiet, quiet, quiet, [30, 20], [180, 90]] as const,
    streak: -1,
    open: { state: 'pending', severity: 'WARNING', sinceClearSeconds: 3600 } as const,
    expected: 'WARNING',
  },
])('$why', ({ looks, streak, open, expected }) => {
  const verdict = judge(looks, streak, open)
  expect(verdict.kind === 'breach' ? verdict.severity : verdict.kind === 'ok' ? 'ok' : verdict.reason).toBe(expected)
})

test('the first seconds are not judged, and then only the windows that have seen enough', () => {
  expect(judge([[60, 60]], -60, undefined, 5)).toMatchObject({ kind: 'inconclusive', reason: 'starting' })
  expect(judge([[60, 60]], -60, undefined, 6)).toMatchObject({ kind: 'breach', severity: 'CRITICAL' })
  expect(judge([quiet, [60, 60]], 1, undefined, 29)).toMatchObject({ kind: 'inconclusive' })
})

test.for([
  {
    why: 'a plain breach says rate, window, limit and counts',
    verdict: () => judge([quiet, [70, 20]], 1),
    message: 'Fetch success rate is 71.4 % over 5 min (limit 80 %): 20 of 70 attempts failed',
    value: { current: 71.4, threshold: 80, unit: 'percent', n: 70, failures: 20, window_seconds: 300 },
  },
  {
    why: 'batches carry their attempts',
    verdict: () => judge([quiet, [70, 20]], 1, undefined, Infinity, 290),
    message: 'Fetch success rate is 71.4 % over 5 min (limit 80 %): 20 of 70 batches failed (5,800 of 20,300 attempts)',
    value: { current: 71.4, threshold: 80, unit: 'percent', n: 70, failures: 20, window_seconds: 300 },
  },
  {
    why: 'a small sample says how rare it is',
    verdict: () => judge([quiet, quiet, quiet, [20, 10]], -1, undefined, Infinity, 50),
    message:
      'Fetch success rate is 50 % over 1 h (limit 80 %): 10 of 20 batches failed (500 of 1,000 attempts); a service at 80 % does this once in 390 times',
    value: { current: 50, threshold: 80, unit: 'percent', n: 20, failures: 10, window_seconds: 3600 },
  },
  {
    why: 'a run is said as one',
    verdict: () => judge([quiet, quiet, quiet, [45, 7]], -7),
    message: 'The last 7 calls to Apple all failed',
    value: { current: 0, threshold: 80, unit: 'percent', n: 7, failures: 7 },
  },
])('$why', ({ verdict, message, value }) => {
  expect(verdict()).toMatchObject({ kind: 'breach', message, value })
})

test('a limit of 100 % can be cleared', () => {
  const strict = below(100, 50)
  const readings = fixedReadings({ events: { units: 200, failed_units: 0 }, levels: { streak: 3 } })
  expect(strict.judge(readings, firing('WARNING'))).toMatchObject({ kind: 'ok' })
})

test('two failures are never a breach, even where they are rare', () => {
  const strict = below(99, 50)
  const judged = (failed: number) =>
    strict.judge(fixedReadings({ events: { units: failed, failed_units: failed }, levels: { streak: -failed } }), undefined)
  expect(judged(2)).toMatchObject({ reason: 'low_sample' })
  expect(judged(3)).toMatchObject({ severity: 'WARNING' })
})

test('limits the wrong way round are refused at construction', () => {
  expect(() => below(50, 80)).toThrow('The critical limit of low_success_rate is 80 %, expected at most its limit (50 %).')
})

test('whatever the counts, there is a verdict with finite figures, and critical is never easier to reach than warning', () => {
  const nested = fc
    .array(fc.tuple(fc.nat(80), fc.nat(80)), { minLength: 5, maxLength: 5 })
    .map((added) =>
      added.map((_, i) => added.slice(0, i + 1).reduce(([n, k], [a, b]) => [n + a, k + Math.min(a, b)] as const, [0, 0] as const)),
    )
  fc.assert(
    fc.property(
      nested,
      fc.integer({ min: -30, max: 30 }),
      fc.constantFrom(undefined, firing('WARNING'), firing('CRITICAL'), recovering),
      (looks, streak, open) => {
        const verdict = judge(looks, streak, open)
        if (verdict.kind === 'inconclusive') return
        for (const figure of Object.values(verdict.value)) expect(typeof figure === 'number' ? Number.isFinite(figure) : true).toBe(true)
        expect(verdict.message).not.toMatch(/NaN|undefined|Infinity/)
        const lenient = below(50, 50)
        const counts = (index: 0 | 1) => Object.fromEntries(WINDOWS.map((seconds, i) => [seconds, looks[i]![index]]))
        const other = lenient.judge(fixedReadings({ events: { units: counts(0), failed_units: counts(1) }, levels: { streak } }), open)
        if (verdict.kind === 'ok') expect(other.kind).not.toBe('breach')
      },
    ),
  )
})
