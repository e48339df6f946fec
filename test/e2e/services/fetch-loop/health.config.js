export default {
  upstreams: { feed: { host: new URL(process.env.UPSTREAM_URL).host, records: 'attempt' } },
  queues: { inbox: { key: 'inbox', type: 'list' } },
  rules: { low_success_rate: { for: 0, plain: true } },
}
