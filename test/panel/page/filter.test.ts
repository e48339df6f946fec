import { expect, test } from 'vitest'

import { isFound, showsAlert, showsService } from '../../../src/panel/page/now/filter.ts'
import { groupsOf, prefixOf } from '../../../src/panel/page/now/group.ts'
import { NO_FILTER } from '../../../src/panel/page/route/route.ts'
import { alertRow, serviceRow } from './rows.ts'

test.for([
  { q: '', found: true, says: 'nothing is searched for' },
  { q: 'FETCH', found: true, says: 'large and small letters are the same' },
  { q: 'fetch  tracker', found: true, says: 'words in any order' },
  { q: 'fetch queue', found: false, says: 'every word must be there' },
  { q: 'fetcherworker', found: false, says: 'a word does not go over two texts' },
])('$says', ({ q, found }) => {
  expect(isFound(q, 'tracker_fetcher', 'worker', undefined)).toBe(found)
})

test('services are found by name, kind and state', () => {
  const row = serviceRow({ service: 'a-1', kind: 'worker', status: 'degraded' })
  expect(showsService({ ...NO_FILTER, q: 'work' }, row)).toBe(true)
  expect(showsService({ ...NO_FILTER, states: ['degraded', 'unknown'] }, row)).toBe(true)
  expect(showsService({ ...NO_FILTER, states: ['healthy'] }, row)).toBe(false)
})

test('alerts are found by service, rule and label, severity, and whether somebody looks after them', () => {
  const row = alertRow({ id: '1', labels: { check: 'redis' } })
  const acked = { ...row, ack: { by: 'ada', why: 'looking', at: 1, until: 2 } }
  expect(showsAlert({ ...NO_FILTER, q: 'redis queue fetcher' }, row)).toBe(true)
  expect(showsAlert({ ...NO_FILTER, severity: 'CRITICAL' }, row)).toBe(false)
  expect(showsAlert({ ...NO_FILTER, unacked: true }, row)).toBe(true)
  expect(showsAlert({ ...NO_FILTER, unacked: true }, acked)).toBe(false)
})

test.for([
  { service: 'tracker_fetcher', prefix: 'tracker' },
  { service: 'a-b.c', prefix: 'a' },
  { service: 'team/app', prefix: 'team' },
  { service: 'geocoder', prefix: 'geocoder' },
  { service: '_hidden', prefix: '_hidden' },
])('$service belongs to $prefix', ({ service, prefix }) => {
  expect(prefixOf(service)).toBe(prefix)
})

test('groups stand where the worst of them stands', () => {
  const rows = [
    serviceRow({ service: 'b-1', status: 'unhealthy' }),
    serviceRow({ service: 'a-1', status: 'degraded' }),
    serviceRow({ service: 'b-2' }),
  ]
  expect(groupsOf(rows).map(({ prefix, worst, services }) => [prefix, worst, services.length])).toEqual([
    ['b', 'unhealthy', 2],
    ['a', 'degraded', 1],
  ])
})
