import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { Keeper } from '../../src/compute/keeper.ts'
import { Listeners } from '../../src/compute/listeners.ts'
import type { Series } from '../../src/types.ts'

const all: readonly Series[] = Array.from({ length: 9 }, (_, i) => ({ metric: `metric_${i}`, attributes: {} }))

/** Each series has a list of its own, so that nobody can take one for another. */
function searched() {
  const asked: Series[] = []
  const lists = new Map<Series, readonly Keeper[]>(all.map((series) => [series, []]))
  const listeners = new Listeners((series) => {
    asked.push(series)
    return lists.get(series)!
  })
  return { asked, lists, listeners }
}

test('whatever series come in whatever order, each has its own listeners, and is searched for once', () => {
  const collection = fc.array(fc.constantFrom(...all), { maxLength: 12 })
  fc.assert(
    fc.property(fc.array(collection, { maxLength: 8 }), (collections) => {
      const { asked, lists, listeners } = searched()
      for (const series of collections) {
        for (const [place, each] of series.entries()) expect(listeners.at(place, each, 0)).toBe(lists.get(each))
      }
      expect(asked).toEqual([...new Set(collections.flat())])
    }),
  )
})

test('series that come between collections leave the places as they are', () => {
  const { lists, listeners } = searched()
  const [first, second, other] = all
  for (const [place, series] of [first!, second!].entries()) listeners.at(place, series, 0)
  expect(listeners.of(other!, 0)).toBe(lists.get(other!))
  for (const [place, series] of [first!, second!].entries()) expect(listeners.at(place, series, 0)).toBe(lists.get(series))
})
