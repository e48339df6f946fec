import { expect, test } from 'vitest'

import type { Aggregation } from '../../../src/kinds/location-aggregator/monitor.ts'
import { LocationAggregatorHealthMonitor } from '../../../src/kinds/location-aggregator/monitor.ts'
import { locationAggregator } from '../../../src/kinds/location-aggregator/kind.ts'
import { diagLines } from '../../contracts/diag-lines.ts'
import { judgedService } from '../judged-service.ts'

test('an aggregation is a batch of reports, and says what became of each', async () => {
  const service = await judgedService(LocationAggregatorHealthMonitor)
  service.minutes(1, (monitor) => {
    monitor.recordAggregation({ received: 10, merged: 7, duplicates: 2, implausible: 1, lagMs: 4000, durationMs: 250 })
    monitor.recordAggregation({ success: true, received: 6, merged: 6, lagMs: 2500, durationMs: 150 })
    monitor.recordAggregation({ success: false, errorType: 'ETIMEDOUT', durationMs: 800 })
  })
  expect(service.status).toMatchObject({
    kind: 'location_aggregator',
    metrics: {
      reports_per_hour: 960,
      reports_last_hour: { merged: 13, duplicate: 2, implausible: 1 },
      dropped_percent: 18.8,
      batch_size: 8,
      lag_seconds: 2.5,
      batch_processing_time_ms: 400,
      success_rate_percent: 94.1,
      // Of three aggregations nobody knows the 95th percentile.
      aggregation_p95_ms: null,
    },
    evidence: {
      dropped_percent: { n: 16, count: 3 },
      success_rate_percent: { attempts: 17, failures: 1, units: 3, failed_units: 1 },
    },
    totals: {
      attempts: { ok: 16, failed: { ETIMEDOUT: 1 } },
      'location_aggregator.reports': { merged: 13, duplicate: 2, implausible: 1 },
    },
  })
})

test.for<{ why: string; given: object; totals: object; metrics: object }>([
  {
    why: 'of nothing is no work, and a batch of size 0',
    given: { received: 0, merged: 0 },
    totals: { attempts: { ok: 0, failed: {} }, 'location_aggregator.reports': {} },
    metrics: { batch_size: 0, lag_seconds: null },
  },
  {
    why: 'that gives lists is as many as they are long',
    given: { received: ['a', 'b', 'c'], merged: ['a', 'b'], duplicates: ['c'] },
    totals: { attempts: { ok: 3, failed: {} }, 'location_aggregator.reports': { merged: 2, duplicate: 1 } },
    metrics: { batch_size: 3 },
  },
  {
    why: 'with a clock that is behind has no lag, which is dropped alone',
    given: { received: 1, merged: 1, lagMs: -3_600_000 },
    totals: { attempts: { ok: 1, failed: {} }, 'location_aggregator.reports': { merged: 1 } },
    metrics: { lag_seconds: null },
  },
])('an aggregation $why', async ({ given, totals, metrics }) => {
  const service = await judgedService(LocationAggregatorHealthMonitor)
  service.minutes(1, (monitor) => monitor.recordAggregation(given as Aggregation))
  expect(service.status).toMatchObject({ totals, metrics })
})

test('a lag that nobody tells of any more is not shown', async () => {
  const service = await judgedService(LocationAggregatorHealthMonitor)
  service.minutes(1, (monitor) => monitor.recordAggregation({ received: 1, merged: 1, lagMs: 5000 }))
  expect(service.minutes(1).status.metrics['lag_seconds']).toBe(5)
  expect(service.minutes(1).status.metrics['lag_seconds']).toBeNull()
})

test('may be told any rubbish, drops it and is judged no worse', async () => {
  const lines = diagLines()
  const service = await judgedService(LocationAggregatorHealthMonitor)
  const rubbish: unknown[] = [undefined, null, Number.NaN, -1, Infinity, 'x'.repeat(10_000), {}, [], () => {}, Symbol('s'), 1n]
  service.minutes(3, (monitor) => {
    for (const value of rubbish as never[]) {
      monitor.recordAggregation(value)
      monitor.recordAggregation({ success: value, received: value, merged: value, duplicates: value, lagMs: value, durationMs: value })
    }
  })
  expect([service.told, service.status.status]).toEqual([[], 'healthy'])
  expect(lines.join('\n')).toContain('lagMs of aggregation that is no amount was dropped')
})

test('zero-code tells it of aggregations, those that threw among them', async () => {
  const service = await judgedService(LocationAggregatorHealthMonitor)
  const { recorder, monitor } = locationAggregator.monitor({
    clock: service.clock,
    exporter: service.exporter,
    env: { OTEL_METRICS_EXPORTER: 'none' },
  })
  await monitor.start()
  const facts = { name: 'aggregate', success: true, durationMs: 3, errorType: undefined, reportsFound: undefined, events: undefined }
  recorder.record('aggregation', facts, { received: 5, merged: 4, implausible: 1, lagMs: 100 })
  recorder.record('aggregation', { ...facts, success: false, errorType: 'ECONNRESET' })
  const { totals } = await monitor.collectHealthData()
  expect(totals).toMatchObject({
    attempts: { ok: 5, failed: { ECONNRESET: 1 } },
    'location_aggregator.reports': { merged: 4, implausible: 1 },
  })
  await monitor.stop(0)
})
