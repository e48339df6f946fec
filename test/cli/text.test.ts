import { expect, test } from 'vitest'
import { columns, plain } from '../../src/cli/text.ts'

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
