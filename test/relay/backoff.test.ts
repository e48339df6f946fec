import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffMs, retryAfterMs } from '../../src/relay/backoff.ts'

test('pauses double from a second to a minute, less up to a half', () => {
  expect([1, 2, 3, 7, 100].map((failures) => backoffMs(failures, 0))).toEqual([1000, 2000, 4000, 60_000, 60_000])
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      const wait = backoffMs(failures, random)
      expect(wait).toBeGreaterThanOrEqual(500)
      expect(wait).toBeLessThanOrEqual(60_000)
    }),
  )
})

test('what is asked for is kept to, up to a quarter of an hour', () => {
  expect([backoffMs(1, 0, 30_000), backoffMs(7, 0, 1000), backoffMs(1, 0, 1e9)]).toEqual([30_000, 60_000, 900_000])
})

const NOW = Date.UTC(2026, 10, 29, 10)
test.for([
  { header: null, ms: undefined },
  { header: '120', ms: 120_000 },
  { header: 'Sun, 29 Nov 2026 10:00:30 GMT', ms: 30_000 },
  { header: 'Sun, 29 Nov 2026 09:00:00 GMT', ms: 0 },
  { header: 'soon', ms: undefined },
])('Retry-After: $header', ({ header, ms }) => {
  expect(retryAfterMs(header, NOW)).toBe(ms)
})
