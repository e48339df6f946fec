import { expect, test } from 'vitest'
import { encodeMetrics } from '../../src/wire/metrics-message.ts'
import { snapshotOf } from './fixtures.ts'

test('a metrics message, to the letter', () => {
  expect(encodeMetrics(snapshotOf(), 82).json).toBe(
    '{"v":1,"service":"tracker_fetcher","instance":"4f2c","beat":82,"timestamp":"2026-11-22T10:00:00.000Z",' +
      '"metrics":{"fetch_rate_per_hour":713.2,"success_rate_percent":null,"queue_sizes":{"immediate":0,"hot":12},"anisette_server_reachable":true},' +
      '"evidence":{"success_rate_percent":{"attempts":713,"failures":11,"window_seconds":300,"covered_seconds":300}},' +
      '"totals":{"since":"2026-11-22T09:58:34.000Z","attempts":{"reports":1,"empty":2,"failed":{"timeout":3}},"reports":4}}',
  )
})
