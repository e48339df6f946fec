import { describe, expect, test } from 'vitest'

import { plainSentence, sentenceOf, type Facts } from '../../src/rules/sentence.ts'

const COUNT = { name: 'tracker', suffix: '', factor: 1 }
const PERCENT = { name: 'percent', suffix: ' %', factor: 1 }
const facts = (change: Partial<Facts>): Facts => ({ current: 1, limit: 10, unit: COUNT, ...change })

describe('words for one, and for others', () => {
  const DUE = '{current} {current:tracker is|trackers are} due, {failures} of {n} {n:call|calls} failed'
  test.for([
    { current: 1, n: 1, failures: 1, said: '1 tracker is due, 1 of 1 call failed' },
    { current: 0, n: 0, failures: 0, said: '0 trackers are due, 0 of 0 calls failed' },
    { current: 2, n: 20, failures: 1, said: '2 trackers are due, 1 of 20 calls failed' },
    { current: -1, n: 1, failures: 0, said: '-1 trackers are due, 0 of 1 call failed' },
    { current: 1.04, n: 1.04, failures: 0, said: '1.04 trackers are due, 0 of 1 call failed' },
    {
      current: 'more than 1',
      n: undefined,
      failures: undefined,
      said: 'more than 1 trackers are due, an unknown number of an unknown number calls failed',
    },
  ])('of $current and $n: $said', ({ said, ...given }) => {
    expect(sentenceOf(DUE, 'large_queue')(facts(given))).toBe(said)
  })

  test('may have any sign between them, and none', () => {
    expect(sentenceOf('{n} call{n:|s}: {n:one: all|several}', 'r')(facts({ n: 1 }))).toBe('1 call: one: all')
    expect(sentenceOf('{n} call{n:|s}: {n:one: all|several}', 'r')(facts({ n: 3 }))).toBe('3 calls: several')
  })

  test.for([
    { why: 'one word', says: '{n:call}' },
    { why: 'three words', says: '{n:call|calls|many calls}' },
    { why: 'words of what is not counted', says: '{window:minute|minutes}' },
    { why: 'words of the value it is split by', says: '{of:one|others}' },
  ])('$why are refused', ({ says }) => {
    expect(() => sentenceOf(says, 'r')).toThrow(
      `The sentence of the rule r has the words ${says}, expected a figure with a word for one and a word for others, such as {n:event|events}.`,
    )
  })

  test('a place that is none is refused as it stands', () => {
    expect(() => sentenceOf('{m:event|events}', 'r')).toThrow('The sentence of the rule r has the place {m:event|events}, expected one of')
  })
})

test.for([
  { current: 79.97, limit: 80, is: 'The rate is 79.97 % (limit 80 %)' },
  { current: 82.27, limit: 82.25, is: 'The rate is 82.27 % (limit 82.25 %)' },
  { current: 12_345.678, limit: 12_345.5, is: 'The rate is 12,345.678 % (limit 12,345.5 %)' },
  { current: 1e-7, limit: 0, is: 'The rate is 1e-7 % (limit 0 %)' },
])('figure and limit are shown in full: $is', ({ current, limit, is }) => {
  expect(plainSentence('The rate')(facts({ current, limit, unit: PERCENT }))).toBe(is)
})
