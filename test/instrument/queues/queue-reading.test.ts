import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { QueueReading } from '../../../src/instrument/queues/queue-reading.ts'
import { sumOf } from '../../../src/instrument/queues/queue-reading.ts'

test('a sum is that of all keys, or not known; the oldest is the oldest of them', () => {
  const figure = fc.option(fc.nat(), { nil: undefined })
  const reading = fc
    .record({ due: figure, scheduled: figure, oldestAgeSeconds: figure })
    .map((each) => Object.fromEntries(Object.entries(each).filter(([, known]) => known !== undefined)) as QueueReading)
  fc.assert(
    fc.property(fc.array(reading, { minLength: 1 }), (readings) => {
      const sum = sumOf(readings)
      const ages = readings.flatMap(({ oldestAgeSeconds }) => oldestAgeSeconds ?? [])
      expect(sum.oldestAgeSeconds).toBe(ages.length > 0 ? Math.max(...ages) : undefined)
      const due = readings.flatMap((each) => each.due ?? [])
      expect(sum.due).toBe(due.length === readings.length ? due.reduce((a, b) => a + b, 0) : undefined)
      expect('leased' in sum).toBe(false)
    }),
  )
})

test.for([
  { why: 'nobody knows', paused: [undefined, undefined], is: undefined },
  { why: 'all of it is', paused: [true, true], is: true },
  { why: 'a part of it is', paused: [true, false], is: false },
  { why: 'of a part nobody knows', paused: [true, undefined], is: false },
])('a sum is paused as it should be where $why', ({ paused, is }) => {
  expect(sumOf(paused.map((each) => (each === undefined ? {} : { paused: each }))).paused).toBe(is)
})
