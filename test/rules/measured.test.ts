import { expect, test } from 'vitest'

import { measuredReading, type Measured } from '../../src/rules/measured.ts'
import { plainSentence } from '../../src/rules/sentence.ts'
import type { OpenAlert } from '../../src/types.ts'
import { fixedReadings } from './fixed-readings.ts'

const UNIT = { name: 'percent', suffix: ' %', factor: 1 }
const limit = (value: number) => ({ value, shown: value, unit: UNIT })
const RULE = {
  name: 'r',
  limits: { breach: 'above', warning: limit(80), critical: limit(90), clear: limit(70) },
  sentence: plainSentence('It'),
} as const

function judged(measured: Measured, open?: OpenAlert['state']) {
  const reading = measuredReading({ needs: [], unit: '%', scope: 'any', title: 'It' }, () => measured)
  const verdict = reading.judge(RULE, fixedReadings({}), open && { state: open, severity: 'WARNING' })
  return verdict.kind === 'inconclusive' ? verdict.reason : `${verdict.kind}: ${verdict.message}`
}

test.for([
  { why: 'below its limit', measured: { value: 75 }, is: 'ok: It is 75 % (limit 80 %)' },
  { why: 'above it by little', measured: { value: 80.04 }, is: 'breach: It is 80.04 % (limit 80 %)' },
  {
    why: 'above it, though only that is known',
    measured: { value: Infinity, moreThan: 90.04, passes: () => 'passed' as const },
    is: 'breach: It is more than 90.04 % (limit 90 %)',
  },
  { why: 'no number', measured: { value: NaN }, is: 'no_data' },
  { why: 'endless', measured: { value: Infinity }, is: 'no_data' },
  { why: 'endless below', measured: { value: -Infinity }, is: 'no_data' },
  { why: 'of no number of events', measured: { value: 95, n: NaN }, is: 'no_data' },
  { why: 'the share of no number', measured: { value: 95, n: 10, count: NaN }, is: 'no_data' },
  { why: 'more than no number', measured: { value: Infinity, moreThan: NaN }, is: 'no_data' },
])('a value that is $why: $is', ({ measured, is }) => {
  expect(judged(measured)).toBe(is)
})

test.for([
  { why: 'is held by the clear limit, which is then the limit', measured: { value: 75 }, is: 'breach: It is 75 % (limit 70 %)' },
  { why: 'is clear of it', measured: { value: 69.97 }, is: 'ok: It is 70 % (limit 80 %)' },
  {
    why: 'may be clear of it: that is not known',
    measured: { value: 75, passes: (of: number) => (of === 70 ? ('unsure' as const) : ('within' as const)) },
    is: 'low_sample',
  },
])('once an alert fires, a value $why', ({ measured, is }) => {
  expect(judged(measured, 'firing')).toBe(is)
  expect(judged(measured, 'unknown')).toBe(is)
})
