/**
 * Twenty-five batches of five reports: two are merged, two come twice, one is too fast to be true. One batch is refused.
 * Three more are no batch yet: as long as they wait, it is as far behind as it was last.
 */
import { expect } from 'vitest'

import { LocationAggregatorHealthMonitor } from '../../../src/index.ts'
import { between, upTo, type KindContract } from './contract.ts'

/** How old the newest report is when work begins. */
const AGE_MS = 100_000
const REFUSED = 10

function batchOf(batch: number, receivedAt: number): readonly object[] {
  const ids = [`${batch}-1`, `${batch}-2`, `${batch}-1`, `${batch}-2`, `${batch}-3`]
  return ids.map((id, index) => ({
    id,
    tracker: batch === REFUSED ? 'refused' : `t${batch}`,
    x: batch,
    at: receivedAt - 60_000,
    receivedAt,
    speed: index === 4 ? 900 : 20,
  }))
}

const LEDGER = {
  attempts: { ok: 120, failed: { conflict: 1 } },
  batches: 24,
  reports: { merged: 48, duplicate: 48, implausible: 24 },
  due: { reports: 3, refused: 5 },
}

export const locationAggregator: KindContract = {
  kind: 'location_aggregator',
  folder: 'location-aggregator',
  lists(now) {
    const reports = upTo(26).flatMap((batch) => batchOf(batch, now - AGE_MS))
    return { reports: reports.slice(0, 25 * 5 + 3).map((report) => JSON.stringify(report)) }
  },
  ledger: { ...LEDGER, lagMs: expect.any(Number) },
  monitor(options) {
    const monitor = new LocationAggregatorHealthMonitor({
      ...options,
      rules: { aggregation_lag: { for: 0 }, high_drop_share: { for: 0, plain: true } },
    })
    return { monitor, tell: () => tell(monitor) }
  },
  totals: {
    attempts: LEDGER.attempts,
    found: 0,
    events: 0,
    api_calls: {},
    'location_aggregator.reports': LEDGER.reports,
  },
  soon: ({ lagMs = AGE_MS }) => ({
    queue_sizes: LEDGER.due,
    total_queue_size: 8,
    lag_seconds: Math.round(Number(lagMs) / 100) / 10,
  }),
  later: {
    success_rate_percent: 99.2,
    reports_per_hour: between(120, 120 * 120),
    reports_last_hour: LEDGER.reports,
    dropped_percent: 60,
    aggregation_p95_ms: between(0, 5000),
    batch_size: 5,
    batch_processing_time_ms: between(0, 5000),
  },
  alerts: [
    { rule: 'aggregation_lag', severity: 'WARNING' },
    { rule: 'high_drop_share', severity: 'WARNING' },
  ],
}

function tell(monitor: LocationAggregatorHealthMonitor): void {
  for (const batch of upTo(25)) {
    if (batch === REFUSED) monitor.recordAggregation({ success: false, durationMs: 3, errorType: 'conflict' })
    else monitor.recordAggregation({ received: 5, merged: 2, duplicates: 2, implausible: 1, lagMs: AGE_MS, durationMs: 3 })
  }
  for (const [queue, due] of Object.entries(LEDGER.due)) monitor.recordQueue(queue, { due })
}
