// What otel-health needs to know of this service; the service knows nothing of otel-health.

const { STORE_URL = '' } = process.env

export default {
  profile: 'location_aggregator',
  dependsOn: ['tracker_fetcher', 'redis'],
  methods: [{ module: './aggregator.ts', class: 'Aggregator', method: 'processBatch', records: 'aggregation', name: 'aggregate' }],
  upstreams: { store: { host: URL.canParse(STORE_URL) ? new URL(STORE_URL).host : 'localhost' } },
  queues: { reports: { key: 'location:reports', type: 'list' } },
}
