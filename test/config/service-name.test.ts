import fc from 'fast-check'
import { expect, test } from 'vitest'

import { toServiceName } from '../../src/config/service-name.ts'

test.for([
  { why: 'a name that fits stays', name: 'tracker_fetcher.eu-1', is: 'tracker_fetcher.eu-1' },
  { why: 'names are lower case', name: 'TrackerFetcher', is: 'trackerfetcher' },
  { why: 'blanks around it are no part of it', name: ' \tfetcher\n', is: 'fetcher' },
  { why: 'characters that mean something in keys and channels are replaced', name: 'a:{b}*c d', is: 'a__b__c_d' },
  { why: 'control characters are replaced', name: 'a\u0000\u001b[31mb\r\nc', is: 'a___31mb__c' },
  { why: 'an emoji is one character', name: 'a🛰️b', is: 'a__b' },
  { why: 'letters of other scripts are replaced', name: 'müller', is: 'm_ller' },
  { why: 'ten kilobytes are cut to 64 characters', name: 'x'.repeat(10_240), is: 'x'.repeat(64) },
  { why: 'only dots are no name', name: '...', is: undefined },
  { why: 'only emoji are no name', name: '🛰️🛰️', is: undefined },
  { why: 'nothing is no name', name: '', is: undefined },
  { why: 'a name that begins after 64 replaced characters is none', name: `${'é'.repeat(64)}abc`, is: undefined },
])('$why', ({ name, is }) => {
  expect(toServiceName(name)).toBe(is)
})

test('any name becomes one that fits, or none; one that fits stays', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (name) => {
      const clean = toServiceName(name)
      if (clean === undefined) return
      expect(clean).toMatch(/^[a-z0-9._-]{1,64}$/)
      expect(toServiceName(clean)).toBe(clean)
    }),
  )
})
