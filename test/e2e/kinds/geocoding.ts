/** A hundred positions: sixty places nobody has looked up before, thirty of them again, ten after two days. */
import { GeocodingHealthMonitor } from '../../../src/index.ts'
import { between, upTo, type KindContract } from './contract.ts'

const HOUR = 3_600_000
const MONDAY = Date.UTC(2026, 0, 5, 12)

const known = upTo(60).filter((n) => n % 3 !== 0)
/** Every third place Nominatim refuses, and of those every third Photon as well. */
const refused = upTo(20).map((n) => `${n <= 18 ? 500 : 429}-${n % 3 === 0 ? 429 : 200}-${3 * n}`)
const placeOf = (n: number) => (n % 3 === 0 ? refused[n / 3 - 1]! : `200-0-${n}`)

const POSITIONS = [
  ...upTo(60).map((n) => ({ place: placeOf(n), at: MONDAY })),
  ...known.slice(0, 30).map((n) => ({ place: placeOf(n), at: MONDAY + HOUR })),
  ...known.slice(0, 10).map((n) => ({ place: placeOf(n), at: MONDAY + 48 * HOUR })),
]

const LEDGER = {
  attempts: { ok: 94, failed: { 429: 6 } },
  lookups: { hit: 30, miss: 60, stale: 10 },
  calls: { nominatim: { ok: 50, 429: 2, 500: 18 }, photon: { ok: 14, 429: 6 } },
  due: { positions: 0, unplaced: 6 },
}

export const geocoding: KindContract = {
  kind: 'geocoding',
  folder: 'geocoding',
  lists: () => ({ positions: POSITIONS.map((position) => JSON.stringify(position)) }),
  ledger: LEDGER,
  monitor(options) {
    const monitor = new GeocodingHealthMonitor({
      ...options,
      quotas: { nominatim: { requests: 80, per: 'day' } },
      rules: {
        failing_provider: { for: 0, plain: true },
        rate_limited: { for: 0, plain: true },
        low_cache_hit_rate: { for: 0, plain: true },
      },
    })
    return { monitor, tell: () => tell(monitor) }
  },
  totals: {
    attempts: LEDGER.attempts,
    found: 0,
    events: 0,
    api_calls: LEDGER.calls,
    'geocoding.cache.lookups': LEDGER.lookups,
  },
  soon: () => ({
    queue_sizes: LEDGER.due,
    total_queue_size: 6,
    // Of Nominatim 68 calls that it did not refuse were counted, of 80 a day; Photon says it by itself.
    quota_used_percent: { nominatim: 85, photon: 96 },
  }),
  later: {
    success_rate_percent: 94,
    cache_hit_rate_percent: 30,
    cache_lookups_last_hour: LEDGER.lookups,
    provider_failed_percent: { nominatim: 25.7, photon: 0 },
    provider_rate_limited_percent: { nominatim: 2.857, photon: 30 },
    provider_requests_per_hour: { nominatim: between(70, 70 * 120), photon: between(20, 20 * 120) },
    provider_p95_ms: { nominatim: between(0.1, 5000), photon: between(0.1, 5000) },
  },
  alerts: [
    { rule: 'failing_provider', labels: { 'work.upstream': 'nominatim' }, severity: 'WARNING' },
    { rule: 'low_cache_hit_rate', severity: 'WARNING' },
    { rule: 'quota_nearly_used', labels: { 'work.upstream': 'nominatim' }, severity: 'WARNING' },
    { rule: 'quota_nearly_used', labels: { 'work.upstream': 'photon' }, severity: 'CRITICAL' },
    { rule: 'rate_limited', labels: { 'work.upstream': 'photon' }, severity: 'WARNING' },
  ],
}

function tell(monitor: GeocodingHealthMonitor): void {
  for (const [result, count] of Object.entries(LEDGER.lookups) as ['hit' | 'miss' | 'stale', number][]) {
    for (const _ of upTo(count)) monitor.recordLookup({ result })
  }
  for (const [upstream, answers] of Object.entries(LEDGER.calls)) {
    for (const [answer, count] of Object.entries(answers)) {
      for (const _ of upTo(count)) monitor.recordApiCall({ upstream, durationMs: 12, ...(answer !== 'ok' && { errorType: answer }) })
    }
  }
  monitor.recordQuota({ provider: 'photon', used: 96, limit: 100 })
  for (const n of upTo(100)) monitor.recordAttempt({ name: 'geocode', success: n > 6, ...(n <= 6 && { errorType: 429 }) })
  for (const [queue, due] of Object.entries(LEDGER.due)) monitor.recordQueue(queue, { due })
}
