// What otel-health needs to know of this service; the service knows nothing of otel-health.

const { FENCES_URL = '', EVENTS_LEARNING = '24h' } = process.env

export default {
  profile: 'realtime_geofence',
  dependsOn: ['location_aggregator', 'redis'],
  methods: [
    { module: './geofence-engine.ts', class: 'GeofenceEngine', method: 'evaluate', records: 'evaluation' },
    {
      module: './fence-registry.ts',
      class: 'FenceRegistry',
      method: 'refresh',
      records: 'geofences',
      result: (fences) => ({ active: fences }),
    },
  ],
  upstreams: { fences: { host: URL.canParse(FENCES_URL) ? new URL(FENCES_URL).host : 'localhost' } },
  queues: { positions: { key: 'geofence:positions', type: 'list' } },
  eventsLearning: EVENTS_LEARNING,
}
