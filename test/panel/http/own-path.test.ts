import fc from 'fast-check'
import { expect, test } from 'vitest'

import { ownPath } from '../../../src/panel/http/own-path.ts'

test.for([
  { then: '/service/a?hours=6', is: '/service/a?hours=6', why: 'a page of the panel' },
  { then: '/alert/a%2Fb', is: '/alert/a%2Fb', why: 'with what is encoded in it' },
  { then: '/a/../map', is: '/map', why: 'made plain' },
  { then: undefined, is: '/', why: 'nothing' },
  { then: 7, is: '/', why: 'no text' },
  { then: '', is: '/', why: 'an empty text' },
  { then: 'map', is: '/', why: 'a path from wherever one is' },
  { then: 'https://evil.example/', is: '/', why: 'another site' },
  { then: '//evil.example/', is: '/', why: 'another site, by the same protocol' },
  { then: '/\\evil.example', is: '/', why: 'what browsers take for two slashes' },
  { then: '/\t/evil.example', is: '/', why: 'what browsers leave out before they look' },
  { then: '/.//evil.example', is: '/', why: 'what becomes two slashes when it is made plain' },
  { then: '/a/..//evil.example', is: '/', why: 'the same by another way' },
  { then: '/%2e%2e//evil.example', is: '/', why: 'the same, encoded' },
  { then: 'javascript:alert(1)', is: '/', why: 'a script' },
  { then: '/map\r\nset-cookie: a=b', is: '/', why: 'another header' },
  { then: `/${'a'.repeat(2001)}`, is: '/', why: 'more than any page is called' },
])('$why: $then leads to $is', ({ then, is }) => {
  expect(ownPath(then)).toBe(is)
})

test('a browser that follows it stays on the site, whatever was given', () => {
  const pieces = fc.constantFrom('/', '\\', '.', '..', '%2e', '%2f', '@', ':', '?', '#', 'evil.example', '\t', '\n', ' ', 'http:', 'a')
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
      for (const base of ['', '/health']) {
        const followed = new URL(base + ownPath(`/${parts.join('')}`), 'https://ops.example/login?then=x')
        expect(followed.origin).toBe('https://ops.example')
        expect(followed.pathname.startsWith(`${base}/`)).toBe(true)
      }
    }),
    { numRuns: 2000 },
  )
})
