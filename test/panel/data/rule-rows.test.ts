import { expect, test } from 'vitest'

import { ceilingOf, limitOf } from '../../../src/panel/data/rule-limits.ts'
import { ruleRows } from '../../../src/panel/data/rule-rows.ts'
import type { RuleRow } from '../../../src/panel/protocol.ts'
import { AT, instanceView, iso } from './views.ts'

test('rules stand nearest to a breach first, and what nobody can say last', () => {
  const rules = [
    { rule: 'blind', says: 'inconclusive', reason: 'no_data' },
    { rule: 'far', says: 'ok', current: 10, threshold: 100, side: 'above' },
    { rule: 'states', says: 'ok', current: 'logged_in', threshold: 'logged_out' },
    { rule: 'near', says: 'ok', current: 90, threshold: 100, side: 'above', unit: 'items', for_seconds: 60 },
    { rule: 'broken', says: 'breach', current: 50, threshold: 80, side: 'below' },
  ] as const
  const rows = ruleRows([instanceView({ rules })], AT)!
  expect(rows.map(({ rule, distance }) => [rule, distance])).toEqual([
    ['broken', -0.375],
    ['near', 0.1],
    ['far', 0.9],
    ['states', undefined],
    ['blind', undefined],
  ])
  expect(rows[1]).toEqual({
    rule: 'near',
    says: 'ok',
    current: 90,
    threshold: 100,
    unit: 'items',
    forSeconds: 60,
    distance: 0.1,
    instance: 'a',
  })
  expect(rows.at(-1)).toEqual({ rule: 'blind', says: 'inconclusive', reason: 'no_data', instance: 'a' })
})

test('of several instances the one that is nearest to a breach is shown, of each set of labels', () => {
  const rules = (current: number) => [{ rule: 'r', labels: { q: 'hot' }, says: 'ok', current, threshold: 100, side: 'above' }] as const
  const rows = ruleRows(
    [
      instanceView({ instance: 'a', rules: rules(10) }),
      instanceView({ instance: 'b', rules: [...rules(70), { rule: 'r', labels: { q: 'cold' }, says: 'ok' }] }),
    ],
    AT,
  )!
  expect(rows.map(({ instance, current, labels }) => [instance, current, labels])).toEqual([
    ['b', 70, { q: 'hot' }],
    ['b', undefined, { q: 'cold' }],
  ])
})

test('what is starting says how long it has been watched, of how long it takes', () => {
  const rules = [{ rule: 'r', says: 'inconclusive', reason: 'starting' }] as const
  const watchedAfter = (uptime: number) => ruleRows([instanceView({ rules, uptime_seconds: uptime, agoMs: 2500 })], AT)![0]!.watched
  expect(watchedAfter(10)).toEqual({ seconds: 12, of: 30 })
  expect(watchedAfter(27.4)).toEqual({ seconds: 29, of: 30 })
  expect(watchedAfter(27.5)).toBeUndefined()
})

test('a breach that has not fired says for how long it has held: until the message, and since', () => {
  const pending = { id: 'p', rule: 'r', severity: 'WARNING', state: 'pending', since: iso(AT - 30_000), message: 'm' } as const
  const rules = [{ rule: 'r', says: 'breach', current: 1, threshold: 2, side: 'below', for_seconds: 30 }] as const
  // Its clock is an hour behind: only differences of one clock are made.
  const view = instanceView({ rules, alerts: [{ ...pending, since: iso(AT - 3_620_000) }], timestamp: iso(AT - 3_608_000), agoMs: 8000 })
  expect(ruleRows([view], AT)![0]).toMatchObject({ heldSeconds: 20, forSeconds: 30 })
  expect(ruleRows([instanceView({ rules, alerts: [{ ...pending, state: 'firing' }] })], AT)![0]).not.toHaveProperty('heldSeconds')
})

test('where no instance says its rules nothing is said of them', () => {
  expect(ruleRows([instanceView(), instanceView({ missing: true })], AT)).toBeUndefined()
  expect(ruleRows([instanceView({ rules: [], phase: 'stopped' })], AT)).toBeUndefined()
  expect(ruleRows([instanceView({ rules: [] })], AT)).toEqual([])
})

const FIGURES = ['work_rate_per_hour', 'success_rate_percent', 'total_queue_size', 'queue_sizes.hot', 'quota_used_percent.google']
const rule = (name: string, threshold: number): RuleRow => ({ rule: name, says: 'ok', threshold, instance: 'a' })
const DETAIL = {
  alerts: [],
  rules: [rule('large_queue', 500), rule('low_success_rate', 80), rule('low_work_rate', 10), rule('slow_upstream', 5)],
}

test.for([
  ['work_rate_per_hour', [], undefined],
  ['success_rate_percent', [80], undefined],
  ['total_queue_size', [500], 500],
  ['queue_sizes.hot', [], undefined],
  ['quota_used_percent.google', [], 100],
] as const)('limits of %s', ([figure, limits, ceiling]) => {
  expect(limitOf(figure, FIGURES, DETAIL).map(({ value }) => value)).toEqual(limits)
  expect(ceilingOf(figure, FIGURES, DETAIL)).toBe(ceiling)
})
