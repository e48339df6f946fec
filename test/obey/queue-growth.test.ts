import { expect, test } from 'vitest'

import { QueueGrowth } from '../../src/obey/queue-growth.ts'

test.for<{ says: string; before: number | undefined; now: number | undefined; words: string }>([
  { says: 'what came to wait is told', before: 3, now: 1207, words: '; 1,204 more wait in its queues than when it was paused' },
  { says: 'one is one', before: 0, now: 1, words: '; 1 more waits in its queues than when it was paused' },
  { says: 'nothing more is no word', before: 7, now: 7, words: '' },
  { says: 'less is no word', before: 7, now: 2, words: '' },
  { says: 'a size that was not known then is not 0', before: undefined, now: 5, words: '' },
  { says: 'a size that is not known now is not 0', before: 5, now: undefined, words: '' },
])('$says', ({ before, now, words }) => {
  let waiting = before
  const growth = new QueueGrowth(() => waiting)
  growth.begin('it was paused')
  waiting = now
  expect(growth.words()).toBe(words)
})

test.for<{ says: string; read: readonly (number | undefined)[]; words: string }>([
  {
    says: 'from what it finds first',
    read: [undefined, undefined, 40, 50, 70],
    words: '; 30 more wait in its queues than when it came back',
  },
  { says: 'from what was known at once', read: [30, 40, 70], words: '; 40 more wait in its queues than when it came back' },
  { says: 'where nobody knows, not at all', read: [undefined, undefined], words: '' },
])('of a process that came back paused what came to wait is counted $says', ({ read, words }) => {
  const left = [...read]
  let waiting = left.shift()
  const growth = new QueueGrowth(() => waiting)
  growth.begin('it came back')
  while (left.length > 0) {
    waiting = left.shift()
    growth.goesOn()
  }
  expect(growth.words()).toBe(words)
})

test('what was not known as it was paused is not known later', () => {
  let waiting: number | undefined
  const growth = new QueueGrowth(() => waiting)
  growth.begin('it was paused')
  waiting = 5
  growth.goesOn()
  waiting = 9
  expect(growth.words()).toBe('')
})
