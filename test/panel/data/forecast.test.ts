import { expect, test } from 'vitest'

import { forecast, slopeOf, type Point } from '../../../src/panel/data/forecast.ts'
import { randomOf, type Random } from '../../../src/simulate/random.ts'

const MINUTE = 60_000
const DAY = 86_400_000

function series(minutes: number, valueAt: (day: number, i: number) => number): readonly Point[] {
  return Array.from({ length: minutes }, (_, i) => ({ at: i * MINUTE, value: valueAt((i * MINUTE) / DAY, i) }))
}

/** What hangs on the minute before, as queues do. */
function noise(random: Random, memory: number): () => number {
  let value = 0
  return () => {
    const shock = random.next() + random.next() + random.next() + random.next() - 2
    return (value = memory * value + Math.sqrt(1 - memory ** 2) * shock)
  }
}

const about = { figure: 'total_queue_size', unit: '', leastHours: 6 }

test('a line is found as it is, without an error', () => {
  const { perDay, error } = slopeOf(series(600, (day) => 100 + 24 * day))!
  expect(perDay).toBeCloseTo(24, 6)
  expect(error).toBeCloseTo(0, 6)
})

test.for<{ readonly sentence: string; readonly points: readonly Point[]; readonly says: string }>([
  { sentence: 'nothing is known', points: [], says: 'not enough data: nothing is known of it' },
  { sentence: 'forty minutes', points: series(41, (day) => 100 + day), says: 'not enough data: 40 min of 6 h' },
  {
    sentence: 'two readings far apart',
    points: [...series(2, () => 5), { at: DAY, value: 6 }],
    says: 'not enough data: 3 readings in 24 h',
  },
  { sentence: 'it falls', points: series(1440, (day) => 500 - day), says: 'does not grow' },
  { sentence: 'it stays', points: series(1440, () => 500), says: 'does not grow' },
  { sentence: 'it is there', points: series(1440, () => 1000), says: 'is at its limit, or beyond' },
  { sentence: 'it is far from it', points: series(1440, (day) => 100 + day), says: 'not within a year' },
  {
    sentence: 'it goes up and down',
    points: series(1440, (_, i) => 500 - 50 * Math.cos(i / 130)),
    says: 'not enough data: no growth that could not be chance',
  },
])('no days are said where $sentence', ({ points, says }) => {
  const found = forecast({ ...about, limit: 1000, points })
  expect(found.says).toBe(says)
  expect(found).not.toHaveProperty('days')
})

test('days until the limit are said with the pace at its slowest and fastest', () => {
  const random = noise(randomOf(1), 0.9)
  const { now, days, perDay } = forecast({ ...about, limit: 1000, points: series(1440, (day) => 100 + 200 * day + 5 * random()) })
  expect(perDay!.value).toBeCloseTo(200, -1)
  expect(days!.value).toBeCloseTo((1000 - now!) / perDay!.value, 6)
  expect(days!.atLeast).toBeLessThan(days!.value)
  expect(days!.atMost).toBeGreaterThan(days!.value)
})

test('of series that do not grow but remember, hardly more are taken for growing than one in twenty', () => {
  const share = (memory: number) => {
    let wrong = 0
    for (let seed = 1; seed <= 400; seed++) {
      const next = noise(randomOf(seed), memory)
      const points = series(720, () => next())
      const { perDay, error } = slopeOf(points)!
      if (Math.abs(perDay) > error) wrong++
    }
    return wrong / 400
  }
  expect(share(0)).toBeLessThan(0.08)
  // The usual error of such a line would be wrong more than half of the time here.
  expect(share(0.95)).toBeLessThan(0.1)
})
