// What otel-health needs to know of this service; the service knows nothing of otel-health.

/** What Fetcher.processBatch resolves to, in otel-health's words. */
const toBatch = ({ tier, attempts, retries, skipped, geofence, errorType }) => ({
  tier,
  attempts: attempts.map((attempt) => ({
    success: attempt.outcome !== 'failed',
    reportsFound: attempt.newReports,
    duplicateReports: attempt.duplicateReports,
    tier,
    errorType: attempt.errorType,
  })),
  retries,
  skipped,
  geofenceEvents: geofence,
  errorType,
})

const apple = { module: './apple-client.ts', class: 'AppleClient', records: 'api_call', upstream: 'apple' }

export default {
  profile: 'tracker_fetcher',
  methods: [
    { module: './fetcher.ts', class: 'Fetcher', method: 'processBatch', records: 'batch', result: toBatch },
    { ...apple, method: 'fetchReports' },
    { ...apple, method: 'login' },
    { ...apple, method: 'submitCode' },
    { module: './anisette-client.ts', class: 'AnisetteClient', method: 'requestHeaders', records: 'api_call', upstream: 'anisette' },
    { module: './account-pool.ts', class: 'AccountPool', method: 'setState', records: 'account' },
  ],
  queues: {
    immediate: { key: 'tracker:queue:immediate', type: 'list' },
    hot: { key: 'tracker:queue:hot', type: 'zset' },
    warm: { key: 'tracker:queue:warm', type: 'zset' },
    cold: { key: 'tracker:queue:cold', type: 'zset' },
    retry: { key: 'tracker:queue:retry', type: 'zset' },
    leased: { key: 'tracker:queue:leased', type: 'zset' },
  },
  control: {
    allow: ['pause', 'drain', 'stop', 'restart'],
    holds: [{ module: './fetcher.ts', class: 'Fetcher', method: 'leaseNext' }],
  },
  anisetteUrl: process.env.ANISETTE_URL,
}
