const sender = { module: './sender.cjs', class: 'Sender', callback: true }
const why = (_, [{ channel }, reason]) => ({ channel, reason })

export default {
  profile: 'notification',
  methods: [
    // What was put off has no end yet: nothing to record.
    { ...sender, method: 'send', records: 'delivery', result: (end) => end },
    { ...sender, method: 'later', records: 'retry', result: why },
    { ...sender, method: 'bury', records: 'give_up', result: why },
  ],
  upstreams: { gateway: { host: new URL(process.env.GATEWAY_URL).host } },
  queues: { outbox: { key: 'outbox', type: 'list' }, dead: { key: 'dead', type: 'list' } },
  rules: { low_delivery_rate: { for: 0, plain: true }, slow_delivery: { for: 0 }, dead_letters_growing: { limit: 5 } },
}
