import fc from 'fast-check'
import { expect, test } from 'vitest'

import { holdOrder, worseAlert, worseService, worstOf } from '../../../src/panel/page/now/order.ts'
import { alertRow, serviceRow } from './rows.ts'

test('the worst service comes first, then the one with more alerts, then by name', () => {
  const rows = [
    serviceRow({ service: 'h' }),
    serviceRow({ service: 's', status: 'stopped' }),
    serviceRow({ service: 'u', status: 'unknown' }),
    serviceRow({ service: 'd', status: 'degraded' }),
    serviceRow({ service: 'b', status: 'unhealthy', alerts: 1 }),
    serviceRow({ service: 'a', status: 'unhealthy', alerts: 1 }),
    serviceRow({ service: 'c', status: 'unhealthy', alerts: 2 }),
  ]
  expect(rows.toSorted(worseService).map(({ service }) => service)).toEqual(['c', 'a', 'b', 'd', 'u', 's', 'h'])
  expect(worstOf(rows.map(({ status }) => status))).toBe('unhealthy')
  expect(worstOf([])).toBeUndefined()
})

test('CRITICAL comes first, then the oldest', () => {
  const rows = [
    alertRow({ id: '1', since: 1 }),
    alertRow({ id: '2', since: 9, severity: 'CRITICAL' }),
    alertRow({ id: '3', since: 5, severity: 'CRITICAL' }),
  ]
  expect(rows.toSorted(worseAlert).map(({ id }) => id)).toEqual(['3', '2', '1'])
})

test.for([
  { says: 'nothing has moved', held: 'abc', wanted: 'abc', shown: 'abc', moved: 0 },
  { says: 'what would move stays', held: 'abc', wanted: 'cab', shown: 'abc', moved: 1 },
  { says: 'what is gone is gone', held: 'abc', wanted: 'ac', shown: 'ac', moved: 0 },
  { says: 'what is new comes last', held: 'ab', wanted: 'xab', shown: 'abx', moved: 1 },
  { says: 'all the other way round', held: 'abcd', wanted: 'dcba', shown: 'abcd', moved: 3 },
  { says: 'nothing was shown before', held: '', wanted: 'ab', shown: 'ab', moved: 0 },
])('an order is held: $says', ({ held, wanted, shown, moved }) => {
  const order = holdOrder(held.split(''), wanted.split(''), (item) => item)
  expect({ shown: order.items.join(''), moved: order.moved }).toEqual({ shown, moved })
})

test('an order that is held has everything that is wanted, once', () => {
  const names = fc.uniqueArray(fc.string({ maxLength: 2 }))
  fc.assert(
    fc.property(names, names, (held, wanted) => {
      expect(holdOrder(held, wanted, (item) => item).items.toSorted()).toEqual(wanted.toSorted())
    }),
  )
})
