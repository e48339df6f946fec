import { describe, expect, test } from 'vitest'
import fc from 'fast-check'

import { grew, spanOf } from '../../src/generate/growth.ts'
import { parsePromql } from './promql.ts'

describe('a window is looked at in', () => {
  test.for([
    { why: 'steps of one export', window: 300, exportInterval: 60, span: { window: 300, step: 60 } },
    { why: 'the largest steps that fit into it where exports do not', window: 300, exportInterval: 45, span: { window: 300, step: 30 } },
    { why: 'one step where it is as long as an export', window: 60, exportInterval: 60, span: { window: 60, step: 60 } },
    { why: 'one export where it is shorter', window: 30, exportInterval: 60, span: { window: 60, step: 60 } },
    { why: 'no more steps than 360', window: 21_600, exportInterval: 10, span: { window: 21_600, step: 60 } },
    { why: 'whole seconds where exports are closer', window: 10, exportInterval: 0.5, span: { window: 10, step: 1 } },
  ])('$why', ({ window, exportInterval, span }) => {
    expect(spanOf(window, exportInterval)).toEqual(span)
  })

  test('whole steps, whatever the window and the exports', () => {
    const tens = fc.integer({ min: 1, max: 2160 }).map((n) => 10 * n)
    fc.assert(
      fc.property(tens, fc.double({ min: 0.1, max: 600, noNaN: true }), (seconds, exportInterval) => {
        const { window, step } = spanOf(seconds, exportInterval)
        expect(window % step).toBe(0)
        expect(window).toBeGreaterThanOrEqual(seconds)
        expect(window / step).toBeLessThanOrEqual(360)
      }),
    )
  })
})

test('growth is PromQL over the selector alone', () => {
  const expr = grew('lookups_total{result="hit"}', { window: 300, step: 60 })
  const { errors, selectors } = parsePromql(expr)
  expect(errors).toEqual([])
  expect(new Set(selectors.map(({ metric, matchers }) => metric + matchers.join()))).toEqual(new Set(['lookups_totalresult="hit"']))
  expect(expr).toContain('[5m:1m]')
})
