import { expect, test } from 'vitest'

import { drops, falsePages, flapping, outages } from '../../bench/small-numbers.ts'

/** Short of what the bench runs; enough to notice a rule that is broken. */
const SEEDS = [1001, 1002]

test.for([
  { rate: 4, days: 90 },
  { rate: 30, days: 20 },
  { rate: 300, days: 4 },
  { rate: 3000, days: 2 },
])('at $rate units an hour the aims hold', ({ rate, days }) => {
  const extent = { seeds: SEEDS, days }
  const aims = [falsePages(rate, 50, extent), ...outages(rate, extent), drops(rate, extent), flapping(rate, extent)]
  expect(aims.filter(({ passed }) => passed === false)).toEqual([])
})
