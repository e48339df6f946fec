import fc from 'fast-check'
import { expect, test } from 'vitest'

import { hasCredentials, maskedText, maskedValue } from '../src/credentials.ts'

test.for([
  { why: 'user and password', text: 'no answer of redis://me:hunter2@redis:6379/1 yet', is: 'no answer of redis://***@redis:6379/1 yet' },
  { why: 'a password alone', text: 'rediss://:hunter2@redis', is: 'rediss://***@redis' },
  { why: 'a user alone, which may be a token', text: 'https://hunter2@git/x', is: 'https://***@git/x' },
  { why: 'each of several', text: '(redis://a:b@c) (redis://d:e@f)', is: '(redis://***@c) (redis://***@f)' },
  { why: 'a slash that was not encoded', text: 'redis://:hun/ter2@redis/1', is: 'redis://***@redis/1' },
  { why: 'an @ that was not encoded', text: 'redis://:hun@ter2@redis', is: 'redis://***@redis' },
  { why: 'a blank, where nothing comes before the URL', text: 'redis://:hun ter2@redis', is: 'redis://***@redis' },
  { why: 'a key of the query', text: 'GET https://x/?a=1&api_key=hunter2&b=2', is: 'GET https://x/?a=1&api_key=***&b=2' },
  { why: 'a port is no password', text: 'http://localhost:4318/v1/metrics', is: 'http://localhost:4318/v1/metrics' },
  { why: 'an @ of a path', text: 'file:///app/node_modules/@acme/x/index.js', is: 'file:///app/node_modules/@acme/x/index.js' },
  { why: 'an @ of the path of a page', text: 'https://pages/@acme/x', is: 'https://pages/@acme/x' },
  { why: 'an address of mail', text: 'ask: ops@acme.org // now', is: 'ask: ops@acme.org // now' },
])('a text: $why', ({ text, is }) => {
  expect(maskedText(text)).toBe(is)
  expect(hasCredentials(text)).toBe(text !== is)
})

test.for([
  { why: 'a URL without its scheme', value: 'me:hunter2@redis:6379', is: '***@redis:6379' },
  { why: 'blanks in it', value: 'redis://me:hun ter2@redis', is: 'redis://***@redis' },
  { why: 'an address of mail', value: 'ops@acme.org', is: 'ops@acme.org' },
  { why: 'nothing of that', value: 'redis.internal', is: 'redis.internal' },
])('a value: $why', ({ value, is }) => {
  expect(maskedValue(value)).toBe(is)
})

test('what is masked once stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ':', '/', '@', '?', '#', '=', '&', ' ', 'key', '://') }), (text) => {
      expect(maskedText(maskedText(text))).toBe(maskedText(text))
    }),
  )
})

test.for(['//a:', '//a@/', '?key', '://', 'a '])('a megabyte of %j takes no time', (piece) => {
  const before = performance.now()
  maskedText(`${piece.repeat(2 ** 20 / piece.length)}@`)
  expect(performance.now() - before).toBeLessThan(1000)
})
