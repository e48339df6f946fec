import { expect, test } from 'vitest'

import { isCovered, isWatchedWhole } from '../../src/judge/covered.ts'

test.for([
  { why: 'three ticks', windowSeconds: 10, tickSeconds: 1, least: 3 },
  { why: 'three ticks, however long they are', windowSeconds: 3600, tickSeconds: 60, least: 180 },
  { why: 'a tenth of the window', windowSeconds: 60, tickSeconds: 1, least: 6 },
  { why: 'half a minute of a long one', windowSeconds: 3600, tickSeconds: 1, least: 30 },
])('a window of $windowSeconds s is judged once so much of it was watched: $why', ({ windowSeconds, tickSeconds, least }) => {
  expect(isCovered({ windowSeconds, coveredSeconds: least }, tickSeconds)).toBe(true)
  expect(isCovered({ windowSeconds, coveredSeconds: least - 0.1 }, tickSeconds)).toBe(false)
})

test('what is not in a window did not happen if all but a tenth of it was watched', () => {
  expect(isWatchedWhole({ windowSeconds: 300, coveredSeconds: 270 })).toBe(true)
  expect(isWatchedWhole({ windowSeconds: 300, coveredSeconds: 269 })).toBe(false)
})
