import { expect, test } from 'vitest'
import { EventBuffer } from '../../src/subscribe/event-buffer.ts'
import type { HealthEvent, ToldEvent } from '../../src/subscribe/health-event.ts'
import type { HealthView } from '../../src/subscribe/health-view.ts'

const gap = (from: number): ToldEvent => ({ kind: 'gap', shard: 0, epoch: 'e', from, to: from, missed: 1 })
const viewAt = (at: number): HealthView => ({ at, epoch: 'e', seq: 0, services: [], alerts: [] })

async function take(buffer: EventBuffer, count: number): Promise<HealthEvent[]> {
  const events: HealthEvent[] = []
  while (events.length < count) events.push((await buffer.next()).value!)
  return events
}

test('whoever waits gets what comes next, in the order in which they asked', async () => {
  const buffer = new EventBuffer(
    10,
    () => viewAt(0),
    () => {},
  )
  const both = Promise.all([buffer.next(), buffer.next()])
  for (const from of [1, 2]) buffer.push(gap(from))
  expect((await both).map(({ value }) => value)).toEqual([gap(1), gap(2)])
})

test('of views the last one is yielded, once', async () => {
  let at = 1
  const buffer = new EventBuffer(
    10,
    () => viewAt(at),
    () => {},
  )
  for (at = 1; at < 5; at++) buffer.push({ kind: 'view', view: viewAt(at) })
  buffer.push(gap(1))
  expect(await take(buffer, 2)).toEqual([{ kind: 'view', view: viewAt(5) }, gap(1)])
})

test('what there is no room for is counted where it would have been, and what comes after the reader has caught up is yielded again', async () => {
  const buffer = new EventBuffer(
    2,
    () => viewAt(0),
    () => {},
  )
  for (const from of [1, 2, 3, 4]) buffer.push(gap(from))
  expect(await take(buffer, 1)).toEqual([gap(1)])
  // In order: nothing slips in before the count.
  buffer.push(gap(5))
  expect(await take(buffer, 2)).toEqual([gap(2), { kind: 'overflow', events: 3, transitions: 0 }])
  buffer.push(gap(6))
  expect(await take(buffer, 1)).toEqual([gap(6)])
})

test('messages are counted by their size as well', async () => {
  const buffer = new EventBuffer(
    1000,
    () => viewAt(0),
    () => {},
  )
  for (let i = 0; i < 100; i++) buffer.push(gap(i), 64 * 1024)
  const events = await take(buffer, 62)
  expect(events.at(-1)).toEqual({ kind: 'overflow', events: 39, transitions: 0 })
})

test('an end yields what waits, a return does not', async () => {
  let returned = 0
  const [ended, left] = [1, 2].map(
    () =>
      new EventBuffer(
        10,
        () => viewAt(0),
        () => returned++,
      ),
  ) as [EventBuffer, EventBuffer]
  for (const buffer of [ended, left]) buffer.push(gap(1))
  ended.end()
  expect(await take(ended, 1)).toEqual([gap(1)])
  expect(await ended.next()).toEqual({ done: true, value: undefined })
  await left.return()
  expect(await left.next()).toEqual({ done: true, value: undefined })
  expect(returned).toBe(1)
})
