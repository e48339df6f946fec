import { expect, test } from 'vitest'

import { HEALTH_WORK_INTERRUPTED } from '../../src/catalogue.ts'
import { CellStore } from '../../src/record/cells.ts'
import { Interruptions } from '../../src/record/interruptions.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

test('the process after one that was killed counts what that had in hand, by queue, and no more queues than can be told apart', () => {
  const store = new CellStore(new VirtualClock())
  const interruptions = new Interruptions(store)
  const names = ['mails', 'mails', 'digests', ...Array.from({ length: 100 }, (_, i) => `queue ${i}`)]
  interruptions.add(names.map((name) => ({ name, times: 1 })))
  const counted = store.samples().filter(({ series }) => series.metric === HEALTH_WORK_INTERRUPTED.name)
  const byName = new Map(counted.map(({ series, value }) => [Object.values(series.attributes)[0], value]))
  expect([byName.get('mails'), byName.get('digests')]).toEqual([2, 1])
  expect(byName.size).toBeLessThanOrEqual(51)
  expect([...byName.values()].reduce((sum, value) => Number(sum) + Number(value), 0)).toBe(103)
})

test('of its jobs those five are told to which it has happened most often; what has no id is none', () => {
  const interruptions = new Interruptions(new CellStore(new VirtualClock()))
  const job = (id: number, times: number) => ({ name: 'mails', id: `${id}`, times })
  expect(interruptions.jobs).toEqual([])
  interruptions.add([{ name: 'digests', times: 9 }, ...[1, 3, 1, 2, 1, 4, 1].map((times, id) => job(id, times))])
  expect(interruptions.jobs).toEqual([job(5, 4), job(1, 3), job(3, 2), job(0, 1), job(2, 1)])
})
