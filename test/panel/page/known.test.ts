import { expect, test } from 'vitest'

import { knownOf, withChanges } from '../../../src/panel/page/live/known.ts'
import { alertRow, changeOf, nowOf, serviceRow } from './rows.ts'

const a = serviceRow({ service: 'a' })
const b = serviceRow({ service: 'b' })
const base = knownOf(nowOf({ services: [a, b], alerts: [alertRow({ id: '1' }), alertRow({ id: '2' })] }))

test('a change takes the place of whole rows, and what is gone is gone', () => {
  const worse = serviceRow({ service: 'b', status: 'unhealthy' })
  const next = withChanges(base, [changeOf({ services: [worse, serviceRow({ service: 'c' })], servicesGone: ['a'], alertsGone: ['2'] })])
  expect([...next.services.values()]).toEqual([worse, serviceRow({ service: 'c' })])
  expect([...next.alerts.keys()]).toEqual(['1'])
  expect(next.head).toEqual({ at: 2000, epoch: 'e', seq: 2, problems: [] })
})

test('several changes count in their order', () => {
  const next = withChanges(base, [
    changeOf({ servicesGone: ['a'], at: 3000 }),
    changeOf({ services: [serviceRow({ service: 'a', status: 'degraded' })], at: 4000 }),
  ])
  expect(next.services.get('a')?.status).toBe('degraded')
  expect(next.head.at).toBe(4000)
})

test('what has not changed keeps its object, so that nothing of it is drawn again', () => {
  const next = withChanges(base, [changeOf({ services: [serviceRow({ service: 'b', status: 'degraded' })] })])
  expect(next.services.get('a')).toBe(a)
  expect(next.alerts).toBe(base.alerts)
  expect(withChanges(base, [changeOf()]).services).toBe(base.services)
})

test('a head that is no longer stale says nothing of it', () => {
  const stale = withChanges(base, [changeOf({ staleSince: 1500, staleReason: 'gone' })])
  expect(stale.head.staleSince).toBe(1500)
  expect(withChanges(stale, [changeOf()]).head).not.toHaveProperty('staleSince')
})
