import fc from 'fast-check'
import { expect, test } from 'vitest'

import { EventRing } from '../../../src/panel/data/event-ring.ts'

test.for([
  { id: 'run-1', after: ['run-2', 'run-3'], sentence: 'what came after it' },
  { id: 'run-3', after: [], sentence: 'nothing after the last' },
  { id: 'run-0', after: ['run-1', 'run-2', 'run-3'], sentence: 'everything after none' },
  { id: 'run-4', after: undefined, sentence: 'nothing is known of an id that has not been' },
  { id: 'other-1', after: undefined, sentence: 'nothing is known of another run' },
  { id: 'run', after: undefined, sentence: 'what is no id' },
  { id: 'run--1', after: undefined, sentence: 'what is no number' },
  { id: 'run-1e3', after: undefined, sentence: 'a number in other words' },
])('after $id: $sentence', ({ id, after }) => {
  const ring = new EventRing('run', { events: 10, size: 1000 })
  for (const json of ['{}', '[]', '""']) ring.add('change', json)
  expect(ring.after(id)?.map((event) => event.id)).toEqual(after)
})

test('it is bounded by number and by size, and tells all that came after or nothing', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 200 })
  fc.assert(
    fc.property(sizes, (added) => {
      const ring = new EventRing('r', { events: 10, size: 100 })
      for (const size of added) ring.add('change', 'x'.repeat(size))
      for (let n = 0; n <= added.length; n++) {
        const after = ring.after(`r-${n}`)
        const wanted = added.slice(n)
        const fits = wanted.length <= 10 && wanted.reduce((sum, size) => sum + size, 0) <= 100
        expect(after?.map(({ json }) => json.length)).toEqual(fits ? wanted : undefined)
      }
    }),
  )
})
