import fc from 'fast-check'
import { expect, test } from 'vitest'

import { columns, cut, plain, wrapped } from '../../src/cli/text.ts'

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

test('the last column is broken between words, under itself', () => {
  expect(columns([['name', 'a sentence that is longer than there is room for it here']], '  ', 36)).toEqual([
    '  name  a sentence that is longer',
    '        than there is room for it',
    '        here',
  ])
})

test('where hardly any room is left for it, it goes below the others', () => {
  expect(columns([['a name of twenty letters', 'of a sentence that is longer']], '', 32)).toEqual([
    'a name of twenty letters',
    '    of a sentence that is longer',
  ])
})

test('what is broken has no line that is too long, and loses nothing', () => {
  const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '-', '\u001b'), minLength: 1, maxLength: 30 }), { minLength: 1 })
  fc.assert(
    fc.property(words, fc.integer({ min: 8, max: 60 }), fc.integer({ min: 0, max: 4 }), (given, width, indent) => {
      const text = given.join(' ').replaceAll('\u001b', 'c')
      const lines = wrapped(text, width, ' '.repeat(indent), '* ')
      expect(lines.filter((line) => line.length > width)).toEqual([])
      expect(lines.join('').replaceAll(/[ *]/g, '')).toBe(text.replaceAll(' ', ''))
    }),
  )
})

test('a line for a terminal ends where that ends', () => {
  expect([cut('abcdef', 6), cut('abcdefg', 6), cut('\u001b[31mabc\u001b[39m', 3)]).toEqual(['abcdef', 'abcde…', '\u001b[31mabc\u001b[39m'])
})
