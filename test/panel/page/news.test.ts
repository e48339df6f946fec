import { expect, test } from 'vitest'

import { isNews } from '../../../src/panel/page/live/news.ts'

test.for([
  { type: 'fired', severity: 'CRITICAL', deliver: true, is: true, says: 'something CRITICAL has begun' },
  { type: 'escalated', severity: 'CRITICAL', deliver: true, is: true, says: 'something has become CRITICAL' },
  { type: 'reopened', severity: 'CRITICAL', deliver: true, is: true, says: 'it is open again' },
  { type: 'fired', severity: 'WARNING', deliver: true, is: false, says: 'a WARNING wakes nobody' },
  { type: 'fired', severity: 'CRITICAL', deliver: false, is: false, says: 'people are not told of it' },
  { type: 'resolved', severity: 'CRITICAL', deliver: true, is: false, says: 'it is over' },
  { type: 'updated', severity: 'CRITICAL', deliver: true, is: false, says: 'it was told before' },
] as const)('$says', ({ is, says: _says, ...transition }) => {
  expect(isNews(transition)).toBe(is)
})
