import { expect, test } from 'vitest'

import { judgeShare, type BadShareLimit } from '../../src/rules/judge-share.ts'
import type { OpenAlert } from '../../src/types.ts'
import { evenly, shareIn } from '../support/past.ts'

const LIMITS: readonly BadShareLimit[] = [
  { severity: 'CRITICAL', share: 0.5, clear: 0.4 },
  { severity: 'WARNING', share: 0.2, clear: 0.1 },
]
/** So many of twenty are bad, for a day. */
const badOf20 = (bad: number) =>
  shareIn(evenly({ from: 86_400, every: 12 }).map((each, i) => ({ ...each, bad: (7 * i) % 20 < bad ? 1 : 0 })))
const tell = () => () => ({ message: 'm', value: { current: 1, threshold: 1, unit: 'percent' } })

function judged(bad: number, open?: OpenAlert): string {
  const verdict = judgeShare({ name: 'r', limits: LIMITS, share: badOf20(bad), open, tell })
  return verdict.kind === 'breach' ? verdict.severity : verdict.kind === 'ok' ? 'ok' : verdict.reason
}

test.for([
  { why: 'below the limit it is fine while nothing is open', bad: 3, open: undefined, is: 'ok' },
  { why: 'not while an alert is open, which is over only below the clear limit', bad: 3, open: 'firing', is: 'low_sample' },
  { why: 'nor while it recovers', bad: 3, open: 'recovering', is: 'low_sample' },
  { why: 'below the clear limit it is over', bad: 1, open: 'firing', is: 'ok' },
  { why: 'an alert that is resolved holds nothing', bad: 3, open: 'resolved', is: 'ok' },
] as const)('$why', ({ bad, open, is }) => {
  expect(judged(bad, open && { state: open, severity: 'WARNING' })).toBe(is)
})

test('what fires as CRITICAL stays so between its limit and its clear limit, for nobody can tell that it is less', () => {
  expect(judged(9)).toBe('WARNING')
  expect(judged(9, { state: 'firing', severity: 'WARNING' })).toBe('WARNING')
  expect(judged(9, { state: 'firing', severity: 'CRITICAL' })).toBe('low_sample')
})
