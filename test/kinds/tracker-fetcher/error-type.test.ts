import { expect, test } from 'vitest'

import { ERROR_TYPES } from '../../../src/kinds/tracker-fetcher/metrics.ts'
import { toErrorType } from '../../../src/kinds/tracker-fetcher/error-type.ts'

test.for([
  ['ECONNREFUSED', 'ECONNREFUSED'],
  [429, '429'],
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
  ['418', '_OTHER'],
  [undefined, '_OTHER'],
  [{ code: 'x' }, '_OTHER'],
] as const)('%s is recorded as %s', ([code, expected]) => {
  expect(toErrorType(code)).toBe(expected)
  expect(ERROR_TYPES).toContain(expected)
})
