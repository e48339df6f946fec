import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { upstreamOf } from '../../../src/instrument/http/upstream-hosts.ts'

const UPSTREAMS = {
  all: { host: '*.icloud.com' },
  apple: { host: ['gateway.icloud.com', 'GSA.apple.com'] },
  deep: { host: '*.gateway.icloud.com' },
  anisette: { host: 'localhost:6969' },
  local: { host: 'localhost' },
  six: { host: ['[::1]:8080', '2001:DB8::1'] },
  german: { host: 'münchen.example' },
  secure: { host: 'plain.example:443' },
}

test.for<{ why: string; host: string; port: number; upstream: string | undefined }>([
  { why: 'a host, whatever its port', host: 'gateway.icloud.com', port: 8443, upstream: 'apple' },
  { why: 'one of several, without regard to case', host: 'gsa.apple.com', port: 443, upstream: 'apple' },
  { why: 'a wildcard', host: 'p42-fmip.icloud.com', port: 443, upstream: 'all' },
  { why: 'a wildcard, however deep', host: 'a.b.c.icloud.com', port: 443, upstream: 'all' },
  { why: 'the longer wildcard wins', host: 'a.gateway.icloud.com', port: 443, upstream: 'deep' },
  { why: 'a wildcard is not its own domain', host: 'icloud.com', port: 443, upstream: undefined },
  { why: 'nor one that only ends so', host: 'evilicloud.com', port: 443, upstream: undefined },
  { why: 'a host with a port', host: 'localhost', port: 6969, upstream: 'anisette' },
  { why: 'the same host with another port', host: 'localhost', port: 3000, upstream: 'local' },
  { why: 'an IPv6 address with a port', host: '::1', port: 8080, upstream: 'six' },
  { why: 'an IPv6 address with another port', host: '::1', port: 80, upstream: undefined },
  { why: 'an IPv6 address without', host: '2001:db8::1', port: 80, upstream: 'six' },
  { why: 'a name in its own script', host: 'xn--mnchen-3ya.example', port: 443, upstream: 'german' },
  { why: "a scheme's own port", host: 'plain.example', port: 443, upstream: 'secure' },
  { why: "not the other scheme's", host: 'plain.example', port: 80, upstream: undefined },
  { why: 'a fully qualified name', host: 'gateway.icloud.com.', port: 443, upstream: 'apple' },
  { why: 'any other host', host: 'example.com', port: 443, upstream: undefined },
  { why: 'what is no host', host: '_OTHER', port: 0, upstream: undefined },
])('$why', ({ host, port, upstream }) => {
  const find = upstreamOf(UPSTREAMS)
  expect([find(host, port), find(host, port)]).toEqual([upstream, upstream])
})

test('the first of two that match alike', () => {
  expect(upstreamOf({ one: { host: 'a.test' }, two: { host: 'a.test' } })('a.test', 80)).toBe('one')
})

test('what it remembers is what it finds, also beyond what it remembers', () => {
  const find = upstreamOf(UPSTREAMS)
  const name = fc.constantFrom('gateway.icloud.com', 'x.icloud.com', 'localhost', '::1')
  fc.assert(
    fc.property(fc.oneof(name, fc.domain()), fc.integer({ min: 1, max: 65_535 }), (host, port) => {
      expect(find(host, port)).toBe(upstreamOf(UPSTREAMS)(host, port))
    }),
    { numRuns: 2000 },
  )
})

describe('no host', () => {
  test.for(['', '*', '*.', 'https://a.test', 'a.test/path', 'a b', 'user@a.test', 'a.test:', 'a.test:99999', 'a.*.test', '[::1', ':80'])(
    '%j',
    (host) => {
      expect(() => upstreamOf({ apple: { host } })).toThrow(`The host of upstream "apple" in health.config is "${host}": give a host`)
    },
  )
})
