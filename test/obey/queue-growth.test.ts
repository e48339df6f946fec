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
  growth.begin()
  waiting = now
  expect(growth.words()).toBe(words)
})
