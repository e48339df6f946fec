import { expect, test } from 'vitest'

import { following } from '../../../src/panel/page/live/feed-id.ts'

test.for([
  { last: 'a-1', id: 'a-2', is: 'next', says: 'the next of the same run' },
  { last: 'a-b-9', id: 'a-b-10', is: 'next', says: 'a run may have dashes, and numbers are not texts' },
  { last: 'a-2', id: 'a-2', is: 'old', says: 'the same once more' },
  { last: 'a-9', id: 'a-3', is: 'old', says: 'one from before' },
  { last: 'a-1', id: 'a-3', is: 'gap', says: 'one is missing between them' },
  { last: 'a-1', id: 'b-2', is: 'gap', says: 'the server has begun anew' },
  { last: undefined, id: 'a-1', is: 'gap', says: 'nothing was heard before' },
  { last: 'a-1', id: '', is: 'gap', says: 'an event without an id' },
  { last: 'a-1', id: 'a-x', is: 'gap', says: 'an id that is none' },
] as const)('$says: $is', ({ last, id, is }) => {
  expect(following(last, id)).toBe(is)
})
