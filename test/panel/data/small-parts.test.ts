import { expect, test } from 'vitest'

import { grafanaLink } from '../../../src/panel/data/grafana-link.ts'
import { Remembered } from '../../../src/panel/data/remembered.ts'
import { startsOf } from '../../../src/panel/data/starts.ts'
import { Turns } from '../../../src/panel/turns.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { AT, instanceView } from './views.ts'

test.for([
  ['https://g', 'tracker_fetcher', 'https://g/d/otel-health-tracker-fetcher?var-service=mailer'],
  ['https://g/grafana/', 'worker', 'https://g/grafana/d/otel-health-worker?var-service=mailer'],
  ['https://g', undefined, 'https://g/d/otel-health-fleet?var-service=mailer'],
  ['https://g', '../../admin?x=', 'https://g/d/otel-health-fleet?var-service=mailer'],
] as const)('at %s the dashboard of a %s', ([base, kind, link]) => {
  expect(grafanaLink(base, 'mailer', kind)).toBe(link)
})

test('an answer is found once, kept for a while, and found again; what failed is not kept', async () => {
  const clock = new VirtualClock()
  const remembered = new Remembered<number>(clock, { keptMs: 1000, most: 2 })
  let asked = 0
  const find = () => Promise.resolve(++asked)
  expect(await Promise.all([remembered.get('a', find), remembered.get('a', find)])).toEqual([1, 1])
  clock.advance(999)
  expect(await remembered.get('a', find)).toBe(1)
  clock.advance(1)
  expect(await remembered.get('a', find)).toBe(2)
  await expect(remembered.get('b', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await remembered.get('b', find)).toBe(3)
  expect(await remembered.get('c', find)).toBe(4)
  expect(await remembered.get('a', find)).toBe(5)
})

test('no more than so many are done at a time, each in its turn, though some fail', async () => {
  const turns = new Turns(2)
  let [running, most] = [0, 0]
  const order: number[] = []
  const work = async (i: number) => {
    most = Math.max(most, ++running)
    await Promise.resolve()
    await Promise.resolve()
    running--
    order.push(i)
    if (i % 3 === 0) throw new Error('no')
  }
  const outcomes = await Promise.allSettled(Array.from({ length: 9 }, (_, i) => turns.take(() => work(i))))
  expect(most).toBe(2)
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(3)
})

test('processes began when they say it, or a minute before they were first heard of', () => {
  const minute = (instance: string, ago: number) => ({ instance, at: AT - ago, status: undefined, values: new Map() })
  const live = instanceView({ instance: 'live', uptime_seconds: 100 })
  const old = instanceView({ instance: 'old', uptime_seconds: 1e6 })
  const minutes = [minute('first', 3_590_000), minute('came', 1_000_000), minute('came', 940_000), minute('live', 60_000)]
  expect(startsOf([live, old], minutes, AT - 3_600_000)).toEqual([
    { at: AT - 1_060_000, instance: 'came' },
    { at: AT - 100_000, instance: 'live' },
  ])
})
