import { expect, test } from 'vitest'

import type { Aim, Extent } from '../../bench/small-numbers.ts'
import { drops, falsePages, flapping, outages } from '../../bench/small-numbers.ts'

const SEEDS = [1001, 1002, 1003]

/** A thirtieth of what the bench runs or less: enough to notice a rule that is broken, but a figure may stray. */
const STRAY = 1.1
const some = (days: number): Extent => ({ seeds: SEEDS, days })

test.for<{ rate: number; aims: () => readonly Aim[] }>([
  { rate: 4, aims: () => [falsePages(4, 1, some(60)), ...outages(4, some(60)), flapping(4, some(10))] },
  { rate: 30, aims: () => [falsePages(30, 50, some(10)), ...outages(30, some(10)), flapping(30, some(5))] },
  { rate: 300, aims: () => [falsePages(300, 290, some(3)), ...outages(300, some(3)), flapping(300, some(3)), drops(300, some(3))] },
  { rate: 3000, aims: () => [falsePages(3000, 50, some(2)), ...outages(3000, some(2)), flapping(3000, some(2))] },
])('at $rate units an hour no aim is missed', ({ aims }) => {
  for (const { aim, figure = 0, limit = 0 } of aims()) expect({ aim, isMet: figure <= limit * STRAY }).toEqual({ aim, isMet: true })
})
