import { expect, test } from 'vitest'

import { RateLimit } from '../../../src/panel/http/rate-limit.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

test('some at once, then so many a minute, of each alone', () => {
  const clock = new VirtualClock()
  const limit = new RateLimit({ burst: 3, perMinute: 6 }, clock)
  expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([0, 0, 0, 10])
  expect(limit.take('b')).toBe(0)
  clock.advance(9_000)
  expect(limit.take('a')).toBeCloseTo(1)
  clock.advance(1_000)
  expect([limit.take('a'), limit.take('a')]).toEqual([0, 10])
  clock.advance(3_600_000)
  expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([0, 0, 0, 10])
})

test('what is given back can be taken again, and never more than there was', () => {
  const limit = new RateLimit({ burst: 2, perMinute: 1 }, new VirtualClock())
  for (let i = 0; i < 5; i++) {
    expect(limit.take('a')).toBe(0)
    limit.giveBack('a')
  }
  limit.giveBack('a')
  expect([limit.take('a'), limit.take('a'), limit.take('a') > 0]).toEqual([0, 0, true])
})

test('who has not been seen for longest is forgotten first', () => {
  const limit = new RateLimit({ burst: 1, perMinute: 1 }, new VirtualClock(), 2)
  limit.take('a')
  limit.take('b')
  limit.take('a')
  limit.take('c')
  expect(limit.size).toBe(2)
  expect([limit.take('a') > 0, limit.take('b')]).toEqual([true, 0])
})
