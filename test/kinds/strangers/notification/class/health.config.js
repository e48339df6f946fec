const notifier = { module: './notifier.js', class: 'Notifier' }
const why = (_, [{ channel }, reason]) => ({ channel, reason })

export default {
  profile: 'notification',
  methods: [
    { ...notifier, method: 'deliver', records: 'delivery', result: (end, [{ channel }]) => end && { channel, ...end } },
    { ...notifier, method: 'retry', records: 'retry', result: why },
    { ...notifier, method: 'giveUp', records: 'give_up', result: why },
  ],
  upstreams: { gateway: { host: new URL(process.env.GATEWAY_URL).host } },
  queues: { outbox: { key: 'outbox', type: 'list' }, dead: { key: 'dead', type: 'list' } },
  rules: { low_delivery_rate: { for: 0, plain: true }, slow_delivery: { for: 0 }, dead_letters_growing: { limit: 5 } },
}
