'use strict'

module.exports = {
  profile: 'tracker_fetcher',
  methods: [
    { module: './fetcher.js', class: 'Fetcher', method: 'start', records: 'start' },
    { module: './fetcher.js', class: 'Fetcher', method: 'stop', records: 'stop' },
    { module: './fetcher.js', class: 'Fetcher', method: 'request', records: 'api_call', upstream: 'apple' },
    {
      module: './fetcher.js',
      class: 'Fetcher',
      method: 'fetchTracker',
      records: 'attempt',
      success: (result) => result.ok,
      reportsFound: 'reports',
      events: 'zones',
      errorType: 'reason',
    },
  ],
  queues: {
    immediate: { key: 'trackers:immediate', type: 'list' },
    hot: { key: 'trackers:hot', type: 'zset' },
    cold: { key: 'trackers:cold', type: 'zset' },
    retry: { key: 'trackers:retry', type: 'zset' },
  },
  rules: { low_success_rate: { for: 0, plain: true } },
}
