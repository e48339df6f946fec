const jobs = { module: './jobs.js', records: 'attempt' }

export default {
  methods: [
    { ...jobs, function: 'resize', errorType: 'code' },
    { ...jobs, function: 'deliver', success: 'delivered', events: 'copies', errorType: 'reason' },
  ],
  queues: {
    jobs: { key: 'jobs', type: 'stream', group: 'workers' },
    done: { key: 'done', type: 'list' },
  },
  rules: { low_success_rate: { for: 0, plain: true, limit: 60 } },
}
