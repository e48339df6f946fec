import { expect, test } from 'vitest'

import { freshnessOf } from '../../../src/panel/page/live/freshness.ts'

test.for([
  { says: 'nothing was heard yet', given: { link: 'connecting', silentMs: undefined }, is: { is: 'waiting' } },
  {
    says: 'nothing was heard yet, and the server is away',
    given: { link: 'lost', silentMs: undefined },
    is: { is: 'reconnecting', forMs: 0 },
  },
  { says: 'the last word is fresh', given: { link: 'streaming', silentMs: 2999 }, is: { is: 'live', agoMs: 2999, polled: false } },
  { says: 'it is asked again and again', given: { link: 'polling', silentMs: 100 }, is: { is: 'live', agoMs: 100, polled: true } },
  { says: 'a stream that says nothing for 3 s', given: { link: 'streaming', silentMs: 3000 }, is: { is: 'reconnecting', forMs: 3000 } },
  {
    says: 'a stream that has just ended is as a rule back at once',
    given: { link: 'lost', silentMs: 999 },
    is: { is: 'live', agoMs: 999, polled: false },
  },
  { says: 'a stream that is not back', given: { link: 'lost', silentMs: 1000 }, is: { is: 'reconnecting', forMs: 1000 } },
  {
    says: 'the server hears nothing of Redis',
    given: { link: 'streaming', silentMs: 10, staleSince: 5, staleReason: 'refused' },
    is: { is: 'stale', since: 5, why: 'refused' },
  },
  {
    says: 'both are away: the nearer one is said',
    given: { link: 'lost', silentMs: 9000, staleSince: 5 },
    is: { is: 'reconnecting', forMs: 9000 },
  },
] as const)('$says', ({ given, is }) => {
  expect(freshnessOf(given)).toEqual(is)
})
