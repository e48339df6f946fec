import fc from 'fast-check'
import { expect, test } from 'vitest'

import { marksOf } from '../../src/zero-code/error-marks.ts'

class HttpError extends Error {}
class UnauthorizedError extends HttpError {}

test.for([
  { why: 'a code', error: Object.assign(new Error('x'), { code: 'ECONNRESET' }), is: ['ECONNRESET'] },
  { why: 'a status, and that of axios and got', error: { status: 401, response: { statusCode: 403 } }, is: ['401', '403'] },
  { why: 'the status of the AWS SDK', error: { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } }, is: ['403', 'AccessDenied'] },
  { why: 'its class and those it extends', error: new UnauthorizedError('x'), is: ['UnauthorizedError', 'HttpError'] },
  { why: 'its name, which need not be that of its class', error: Object.assign(new Error('x'), { name: 'Forbidden' }), is: ['Forbidden'] },
  { why: 'what caused it', error: new TypeError('fetch failed', { cause: { code: 'ENOTFOUND' } }), is: ['TypeError', 'ENOTFOUND'] },
  { why: 'a time limit, whose code is a number', error: new DOMException('x', 'TimeoutError'), is: ['TimeoutError', 'DOMException'] },
  { why: 'nothing of a plain Error', error: new Error('401'), is: [] },
  { why: 'nothing of a text', error: 'Unauthorized', is: [] },
])('an error is told by $why', ({ error, is }) => {
  expect(marksOf(error)).toEqual(is)
})

test('an error that caused itself comes to an end, and one that cannot be read has no marks', () => {
  const error: { status: number; cause?: unknown } = { status: 401 }
  error.cause = error
  expect(marksOf(error)).toEqual(['401'])
  const hidden = {
    get status(): number {
      throw new Error('hidden')
    },
  }
  expect(marksOf(hidden)).toEqual([])
})

test('whatever is thrown has marks or none', () => {
  fc.assert(
    fc.property(fc.anything(), (error) => {
      expect(marksOf(error).every((mark) => mark !== '')).toBe(true)
    }),
  )
})
