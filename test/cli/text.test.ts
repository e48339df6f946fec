import { expect, test } from 'vitest'
import { columns, duration, plain } from '../../src/cli/text.ts'

test.for([
  { ms: -5, is: '0 s' },
  { ms: 12_400, is: '12 s' },
  { ms: 60_000, is: '1 min' },
  { ms: 3_600_000, is: '1 h' },
  { ms: 7_500_000, is: '2 h 5 min' },
  { ms: 349_200_000, is: '4 d 1 h' },
])('$ms ms are $is', ({ ms, is }) => {
  expect(duration(ms)).toBe(is)
})

test('nothing that came over the wire can steer the terminal', () => {
  expect(plain('a\u001b[31mred\u001b]0;title\u0007\nb\u009b2J\u0000')).toMatch(/^[^\p{Cc}]*$/u)
})

test('columns are as wide as their widest cell, colours not counted', () => {
  expect(
    columns(
      [
        ['a', 'long'],
        ['\u001b[32mgreen\u001b[39m', 'x'],
      ],
      '  ',
    ),
  ).toEqual(['  a      long', '  \u001b[32mgreen\u001b[39m  x'])
})
