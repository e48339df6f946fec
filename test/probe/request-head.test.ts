/** Requests as any client, and anybody who is none, may send them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { LONGEST_HEAD, readHead } from '../../src/probe/request-head.ts'

const KUBELET = 'GET /livez HTTP/1.1\r\nHost: 10.1.0.7:8011\r\nUser-Agent: kube-probe/1.34\r\nAccept: */*\r\nConnection: close\r\n\r\n'

test.for([
  { why: 'of the kubelet', text: KUBELET, is: { method: 'GET', path: '/livez' } },
  { why: 'of HTTP/1.0', text: 'HEAD /readyz HTTP/1.0\r\n\r\n', is: { method: 'HEAD', path: '/readyz' } },
  { why: 'with a query', text: 'GET /health?verbose=1 HTTP/1.1\r\n\r\n', is: { method: 'GET', path: '/health' } },
  {
    why: 'with a token',
    text: 'GET /health HTTP/1.1\r\naUTHORIZATION: \tBearer abc \r\n\r\n',
    is: { method: 'GET', path: '/health', authorization: 'Bearer abc' },
  },
  { why: 'with what comes after it', text: 'POST /livez HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc', is: { method: 'POST', path: '/livez' } },
  { why: 'that is not all there yet', text: 'GET /livez HTTP/1.1\r\nHost: a\r\n', is: 'incomplete' },
  { why: 'of two tokens', text: 'GET /health HTTP/1.1\r\nauthorization: a\r\nauthorization: b\r\n\r\n', is: 400 },
  { why: 'with a folded line', text: 'GET / HTTP/1.1\r\nhost: a\r\n b\r\n\r\n', is: 400 },
  { why: 'with a control character in it', text: 'GET / HTTP/1.1\r\nhost: a\u0000b\r\n\r\n', is: 400 },
  { why: 'with a lone line end in it', text: 'GET / HTTP/1.1\r\nhost: a\nauthorization: b\r\n\r\n', is: 400 },
  { why: 'of HTTP/2', text: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', is: 400 },
  { why: 'of a proxy', text: 'GET http://example.org/ HTTP/1.1\r\n\r\n', is: 400 },
  { why: 'of TLS', text: '\u0016\u0003\u0001\u0002\r\n\r\n', is: 400 },
  { why: 'without a method', text: '\r\n\r\n', is: 400 },
  { why: 'that never ends', text: `GET / HTTP/1.1\r\nx: ${'a'.repeat(LONGEST_HEAD)}`, is: 431 },
  { why: 'that ends too late', text: `GET / HTTP/1.1\r\nx: ${'a'.repeat(LONGEST_HEAD)}\r\n\r\n`, is: 431 },
] as const)('a request $why', ({ text, is }) => {
  expect(readHead(text)).toEqual(is)
})

describe('whatever is sent', () => {
  const piece = fc.constantFrom('GET', ' ', '/livez', 'HTTP/1.1', '\r\n', '\n', ':', 'authorization', 'Bearer x', '\u0000', '\u00e9')
  const sent = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
  )

  test('is answered, and never thrown at', () => {
    fc.assert(
      fc.property(sent, (text) => {
        const head = readHead(text)
        if (typeof head !== 'object') {
          expect(['incomplete', 400, 431]).toContain(head)
          return
        }
        expect(head.method).toMatch(/^[A-Z]+$/)
        expect(head.path).toMatch(/^\/[!-~]*$/)
        expect(head.authorization ?? '').not.toMatch(/[\r\n]/)
      }),
    )
  })

  test('is not read otherwise when it comes in pieces: until the end is there, more is waited for', () => {
    const heads = Array.from(KUBELET, (_, at) => readHead(KUBELET.slice(0, at)))
    expect(new Set(heads)).toEqual(new Set(['incomplete']))
  })
})
