const watcher = { module: './watcher.cjs', callback: true }

export default {
  profile: 'realtime_geofence',
  methods: [
    { ...watcher, class: 'Watcher', method: 'holdAgainst', records: 'evaluation', result: evaluation },
    { ...watcher, function: 'fencesOf', records: 'geofences', result: ({ length }) => ({ active: length }) },
  ],
  eventsLearning: '1s',
  queues: { reports: { key: 'reports', type: 'list' }, events: { key: 'events', type: 'list' } },
  rules: { slow_detection: { for: 0 }, no_events: { for: 0 } },
}

function evaluation({ order, moves = [] }, [{ at, receivedAt }]) {
  return { timing: order, events: moves.map((transition) => ({ transition, latencyMs: receivedAt - at })) }
}
