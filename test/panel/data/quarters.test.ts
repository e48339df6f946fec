import { expect, test } from 'vitest'

import { QUARTER_MS, QUARTERS, quartersUntil, worstOf } from '../../../src/panel/data/quarters.ts'

const LAST = 1000
const at = (quarter: number) => quarter * QUARTER_MS + 1

test('a day has 96 quarters, and of those of which nothing was said nothing is known', () => {
  const quarters = quartersUntil(
    LAST,
    new Map([
      [LAST, 'healthy'],
      [LAST - 95, 'degraded'],
      [LAST - 96, 'unhealthy'],
    ]),
    [],
  )
  expect(quarters).toHaveLength(QUARTERS)
  expect([quarters[0], quarters[1], quarters[95]]).toEqual(['degraded', null, 'healthy'])
})

test('an alert is as bad as it is in every quarter that it touches', () => {
  const known = new Map([
    [LAST, 'healthy'],
    [LAST - 1, 'unhealthy'],
  ] as const)
  const quarters = quartersUntil(LAST, known, [
    { severity: 'WARNING', from: at(LAST - 2), to: at(LAST - 1) },
    { severity: 'CRITICAL', from: at(LAST - 4), to: at(LAST - 4) },
    { severity: 'WARNING', from: at(LAST) },
    { severity: 'CRITICAL', from: at(LAST - 200), to: at(LAST - 150) },
  ])
  expect(quarters.slice(-6)).toEqual([null, 'unhealthy', null, 'degraded', 'unhealthy', 'degraded'])
})

test('an alert of which nobody is left to say anything is open until now', () => {
  expect(quartersUntil(LAST, new Map(), [{ severity: 'CRITICAL', from: at(LAST - 200) }])).toEqual(
    Array.from({ length: 96 }, () => 'unhealthy'),
  )
})

test('the worst of several instances counts', () => {
  expect(worstOf([{ status: 'healthy' }, { status: 'degraded' }, { status: undefined }])).toBe('degraded')
  expect(worstOf([])).toBeNull()
})
