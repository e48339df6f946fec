/**
 * npm run test:integration: what a team that adopts otel-health wants to see once with its own eyes. A monitor is made,
 * fed, made to alert and read back over a real Valkey; each step says what it found. Exit 1 if any step failed.
 */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { once } from 'node:events'

import { Redis } from 'ioredis'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import {
  GeocodingHealthMonitor,
  LocationAggregatorHealthMonitor,
  NotificationHealthMonitor,
  RealtimeGeofenceHealthMonitor,
  ServiceHealthMonitor,
  TrackerFetcherHealthMonitor,
} from '../../src/index.ts'

interface Message {
  readonly [key: string]: unknown
  readonly type?: string
  readonly rule?: string
  readonly status?: string
  readonly message?: string
}

let passed = 0
let failed = 0

async function step(title: string, run: () => string | Promise<string>): Promise<void> {
  try {
    console.log(`ok    ${title}: ${await run()}`)
    passed++
  } catch (error) {
    console.log(`FAIL  ${title}: ${(error as Error).message}`)
    failed++
  }
}

const valkey = await startValkey()
const subscriber = new Redis(valkey.port)
const service = new Redis(valkey.port)
const queue: Message[] = []
subscriber.on('message', (_channel: string, text: string) => {
  queue.push(JSON.parse(text) as Message)
  subscriber.emit('health')
})
await subscriber.subscribe('health:service:tracker_fetcher:status', 'health:service:tracker_fetcher:metrics', 'health:system:alerts')

/** The first message that fits, from those that came or will come. */
async function message(fits: (message: Message) => boolean): Promise<Message> {
  const signal = AbortSignal.timeout(10_000)
  for (;;) {
    const index = queue.findIndex(fits)
    if (index >= 0) return queue.splice(index, 1)[0]!
    await once(subscriber, 'health', { signal })
  }
}

const env = {
  HEALTH_SERVICE_NAME: 'tracker_fetcher',
  HEALTH_REDIS_HOST: '127.0.0.1',
  HEALTH_REDIS_PORT: String(valkey.port),
  OTEL_METRICS_EXPORTER: 'none',
}
const database = { query: (sql: string) => (sql === 'SELECT 1' ? Promise.resolve([{ one: 1 }]) : Promise.reject(new Error(sql))) }
const monitor = new TrackerFetcherHealthMonitor({
  env,
  redis: service,
  database,
  evaluationInterval: 0.1,
  metricsInterval: 0.5,
  config: { rules: { anisette_unreachable: { keepFiring: 0.2 } } },
})

console.log('Creation')
await step('a monitor of any service has its checks', async () => {
  const any = new ServiceHealthMonitor({ env, redis: service, database })
  const { checks } = await any.collectHealthData()
  deepStrictEqual(Object.keys(checks), ['redis', 'database'])
  ok(Object.values(checks).every(({ status }) => status === 'healthy'))
  return `redis in ${checks['redis']!.latencyMs?.toFixed(1)} ms, database in ${checks['database']!.latencyMs?.toFixed(1)} ms`
})
await step('a fetcher’s monitor starts and says so', async () => {
  await monitor.start()
  const { phase, status } = await message((each) => each['phase'] === 'running')
  deepStrictEqual(status, 'healthy')
  return `${String(phase)}, ${status}`
})

console.log('Indicators')
await step('account and anisette', async () => {
  monitor.setAppleAccount('logged_in')
  monitor.setAnisette('reachable')
  const { metrics } = await monitor.collectHealthData()
  deepStrictEqual([metrics['apple_account_authenticated'], metrics['anisette_server_reachable']], [true, true])
  return 'authenticated, reachable'
})
await step('queue sizes', async () => {
  monitor.recordQueueSizes({ immediate: 0, hot: 12, warm: 9, cold: 20, retry: 0 })
  const { metrics } = await monitor.collectHealthData()
  deepStrictEqual(metrics['total_queue_size'], 41)
  return '41 trackers are due'
})

console.log('Recording')
await step('attempts, API calls, batches and events', async () => {
  for (let i = 0; i < 12; i++)
    monitor.recordFetchAttempts([{ success: true, reportsFound: 3 }, { success: true }, { success: i !== 0, errorType: 'timeout' }])
  monitor.recordFetchAttempt({ success: true, reportsFound: 2, geofenceEvents: 1 })
  monitor.recordApiCall({ durationMs: 431 })
  monitor.recordBatchProcessingTime(812)
  const { totals } = await monitor.collectHealthData()
  deepStrictEqual(totals['attempts'], { reports: 13, empty: 23, failed: { timeout: 1 } })
  return JSON.stringify(totals)
})
await step('what makes no sense is dropped, not thrown', async () => {
  monitor.recordFetchAttempt({ success: true, reportsFound: Number.NaN })
  monitor.recordQueueSizes({ hot: -1 })
  const { metrics } = await monitor.collectHealthData()
  deepStrictEqual(metrics['total_queue_size'], 41)
  return 'still 41 trackers'
})

console.log('Alerts')
await step('anisette gone fires within milliseconds', async () => {
  const started = performance.now()
  monitor.setAnisette('unreachable')
  const alert = await message(({ type, rule }) => type === 'fired' && rule === 'anisette_unreachable')
  const elapsed = performance.now() - started
  const { status } = await message((each) => each['phase'] !== undefined && each.status === 'unhealthy')
  return `${String(alert['severity'])} after ${elapsed.toFixed(1)} ms: "${alert.message}"; status ${status}`
})
await step('anisette back resolves it', async () => {
  monitor.setAnisette('reachable')
  await message(({ type, rule }) => type === 'resolved' && rule === 'anisette_unreachable')
  const { status } = await message((each) => each['phase'] !== undefined && each.status === 'healthy')
  return `resolved; status ${status}`
})

console.log('Sibling services')
const sibling = (name: string) => ({ env: { ...env, HEALTH_SERVICE_NAME: name }, dependsOn: ['tracker_fetcher'] })
await step('geocoding: cache, providers, quota', async () => {
  const quotas = { nominatim: { requests: 4, per: 'day' } } as const
  const geocoding = new GeocodingHealthMonitor({ ...sibling('geocoding'), quotas })
  for (const result of ['hit', 'hit', 'hit', 'stale', 'miss'] as const) geocoding.recordLookup({ result })
  for (let call = 0; call < 4; call++) geocoding.recordApiCall({ upstream: 'nominatim', durationMs: 80 })
  geocoding.recordApiCall({ upstream: 'nominatim', durationMs: 9, errorType: 429 })
  const { totals, verdicts } = await geocoding.collectHealthData()
  deepStrictEqual(totals['geocoding.cache.lookups'], { hit: 3, stale: 1, miss: 1 })
  const quota = verdicts.find(({ rule }) => rule === 'quota_nearly_used')
  ok(quota?.kind === 'breach' && quota.severity === 'CRITICAL')
  return `${JSON.stringify(totals['geocoding.cache.lookups'])}; ${quota.message}`
})
await step('realtime geofence: reports, events, how late they are seen', async () => {
  const geofence = new RealtimeGeofenceHealthMonitor(sibling('realtime_geofence'))
  geofence.recordGeofences(12)
  geofence.recordEvaluation({ success: true, timing: 'in_order', durationMs: 2, events: [{ transition: 'enter', latencyMs: 900_000 }] })
  geofence.recordEvaluation({ success: true, timing: 'out_of_order', durationMs: 1 })
  geofence.recordEvaluation({ success: false, errorType: 'BrokenFenceError' })
  const { totals, metrics } = await geofence.collectHealthData()
  deepStrictEqual(totals['realtime_geofence.events'], { enter: 1 })
  deepStrictEqual(totals['realtime_geofence.reports'], { in_order: 1, out_of_order: 1 })
  deepStrictEqual(totals['attempts'], { ok: 2, failed: { BrokenFenceError: 1 } })
  deepStrictEqual(metrics['active_geofences'], 12)
  return `${JSON.stringify(totals['realtime_geofence.reports'])}, ${JSON.stringify(totals['realtime_geofence.events'])}`
})
await step('location aggregator: what becomes of reports, and the lag', async () => {
  const aggregator = new LocationAggregatorHealthMonitor(sibling('location_aggregator'))
  aggregator.recordAggregation({ received: 10, merged: 7, duplicates: 2, implausible: 1, lagMs: 400, durationMs: 31 })
  aggregator.recordAggregation({ success: false, durationMs: 5000, errorType: 'timeout' })
  const { totals, metrics } = await aggregator.collectHealthData()
  deepStrictEqual(totals['location_aggregator.reports'], { merged: 7, duplicate: 2, implausible: 1 })
  deepStrictEqual(totals['attempts'], { ok: 10, failed: { timeout: 1 } })
  deepStrictEqual(metrics['lag_seconds'], 0.4)
  return `${JSON.stringify(totals['location_aggregator.reports'])}, lag ${String(metrics['lag_seconds'])} s`
})
await step('notification: deliveries by channel, retries, give-ups', async () => {
  const notification = new NotificationHealthMonitor(sibling('notification'))
  notification.recordDelivery({ channel: 'push', outcome: 'sent', latencyMs: 300 })
  notification.recordDelivery({ channel: 'mail', outcome: 'bounced', reason: 'no_such_user', latencyMs: 4000 })
  notification.recordRetry({ channel: 'sms', reason: 503 })
  notification.recordGiveUp({ channel: 'sms', reason: 503 })
  notification.recordDelivery({ channel: 'sms', outcome: 'failed', reason: 503, latencyMs: 60_000 })
  const { totals, dependsOn } = await notification.collectHealthData()
  deepStrictEqual(totals['notification.deliveries'], { 'push sent': 1, 'mail bounced no_such_user': 1, 'sms failed 503': 1 })
  deepStrictEqual([totals['notification.retries'], totals['notification.give_ups']], [{ 'sms 503': 1 }, { 'sms 503': 1 }])
  deepStrictEqual(dependsOn, ['tracker_fetcher'])
  return JSON.stringify(totals['notification.deliveries'])
})

console.log('Complete collection')
await step('collectHealthData tells everything', async () => {
  const data = await monitor.collectHealthData()
  deepStrictEqual([data.status, data.alerts.length, data.reasons.length], ['healthy', 0, 0])
  return `${data.service}: ${data.status}\n${JSON.stringify(data.metrics, undefined, 2).replaceAll(/^/gm, '      ')}`
})
await step('the metrics channel says the same', async () => {
  const published = await message(({ evidence, totals }) => evidence !== undefined && (totals as { reports?: number }).reports === 38)
  return `reports ${String((published['totals'] as { reports: number }).reports)}, evidence of ${Object.keys(published['evidence'] as object).length} figures`
})
await step('stopping says stopped', async () => {
  await monitor.stop()
  const { status } = await message(({ phase }) => phase === 'stopped')
  return `stopped, last status ${status}`
})

service.disconnect()
subscriber.disconnect()
await valkey.stop()
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
