import { expect, test } from 'vitest'

import { meant, nearest } from '../../src/config/nearest.ts'

const COMMANDS = ['status', 'watch', 'ack', 'silence', 'simulate', 'unsilence']

test.for([
  { why: 'letters exchanged', word: 'statsu', is: 'status' },
  { why: 'a letter left out', word: 'sttus', is: 'status' },
  { why: 'capitals', word: 'WATCH', is: 'watch' },
  { why: 'the beginning of one', word: 'sim', is: 'simulate' },
  { why: 'a beginning of none', word: 'simx', is: undefined },
  { why: 'the beginning of several', word: 'unsil', is: 'unsilence' },
  { why: 'too short to be one', word: 's', is: undefined },
  { why: 'another word altogether', word: 'frobnicate', is: undefined },
  { why: 'of a short word one letter at most', word: 'xyk', is: undefined },
  { why: 'of a short word one letter', word: 'ak', is: 'ack' },
])('somebody meant by $word, $why: $is', ({ word, is }) => {
  expect(meant(word, COMMANDS)).toBe(is)
})

test('the nearest is named however far it is, and there may be none', () => {
  expect(nearest('frobnicate', COMMANDS)).toBeDefined()
  expect(nearest('x', [])).toBe(undefined)
})
