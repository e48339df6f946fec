import fc from 'fast-check'
import { expect, test } from 'vitest'

import { toServiceName } from '../../src/config/service-name.ts'
import { isServiceName } from '../../src/wire/names.ts'

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
  { why: 'what comes before the first letter or digit goes', name: '__proto__', is: 'proto__' },
  { why: 'a scope goes', name: '@acme/mailer', is: 'acme_mailer' },
  { why: 'characters that were replaced before it go as well', name: `${'é'.repeat(64)}abc`, is: 'abc' },
  { why: 'a digit may begin it', name: '-1-', is: '1-' },
  { why: 'it is cut after what goes', name: `.${'x'.repeat(65)}`, is: 'x'.repeat(64) },
])('$why', ({ name, is }) => {
  expect(toServiceName(name)).toBe(is)
})

test('any name becomes one that fits, or none; one that fits stays', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (name) => {
      const clean = toServiceName(name)
      if (clean === undefined) return
      expect(isServiceName(clean)).toBe(true)
      expect(toServiceName(clean)).toBe(clean)
    }),
  )
})
