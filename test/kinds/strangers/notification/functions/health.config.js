const inModule = (name, records, result) => ({ module: './deliver.js', function: name, records, result })
const why = ({ channel, because }) => ({ channel, reason: because })

export default {
  profile: 'notification',
  methods: [inModule('deliver', 'delivery', delivery), inModule('putOff', 'retry', why), inModule('bury', 'give_up', why)],
  upstreams: { gateway: { host: new URL(process.env.GATEWAY_URL).host } },
  queues: { outbox: { key: 'outbox', type: 'list' }, dead: { key: 'dead', type: 'list' } },
  rules: { low_delivery_rate: { for: 0, plain: true }, slow_delivery: { for: 0 }, dead_letters_growing: { limit: 5 } },
}

function delivery({ is, because, notification }) {
  if (is === 'put off') return undefined
  return { channel: notification.channel, outcome: is, reason: because, latencyMs: Date.now() - notification.at }
}
