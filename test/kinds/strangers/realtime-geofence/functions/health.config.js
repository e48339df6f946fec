export default {
  profile: 'realtime_geofence',
  methods: [
    { module: './geofence.js', function: 'check', records: 'evaluation', result: evaluation },
    { module: './geofence.js', function: 'readFences', records: 'geofences', result: (fences) => ({ active: fences.length }) },
  ],
  eventsLearning: '1s',
  queues: { reports: { key: 'reports', type: 'list' }, events: { key: 'events', type: 'list' } },
  rules: { slow_detection: { for: 0 }, no_events: { for: 0 } },
}

function evaluation(found) {
  if (found === 'stale') return { timing: 'out_of_order' }
  const events = found.crossings.map((transition) => ({ transition, latencyMs: 1000 * found.delay }))
  return { timing: found.delay > 3600 ? 'late' : 'in_order', events }
}
