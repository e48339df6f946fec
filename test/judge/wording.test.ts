import { expect, test } from 'vitest'

import { amount, duration, grouped } from '../../src/judge/wording.ts'

test.for([
  { value: 0, grouped: '0', amount: '0' },
  { value: 999.94, grouped: '999.94', amount: '999.9' },
  { value: 999.96, grouped: '999.96', amount: '1,000' },
  { value: 1234.5678, grouped: '1,234.5678', amount: '1,234.6' },
  { value: -1_234_567.75, grouped: '-1,234,567.75', amount: '-1,234,567.7' },
  { value: 1e21, grouped: '1e+21', amount: '1e+21' },
  { value: 1e-7, grouped: '1e-7', amount: '0' },
])('$value is $grouped in full, and $amount to one decimal', ({ value, ...is }) => {
  expect({ grouped: grouped(value), amount: amount(value) }).toEqual(is)
})

test.for([
  { seconds: 45, is: '45 s' },
  { seconds: 300, is: '5 min' },
  { seconds: 21_600, is: '6 h' },
  { seconds: 172_800, is: '2 d' },
])('$seconds s are $is', ({ seconds, is }) => {
  expect(duration(seconds)).toBe(is)
})
