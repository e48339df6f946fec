// What otel-health needs to know of this service; the service knows nothing of otel-health.

const { GATEWAY_URL = '' } = process.env

/** Nothing where the notification goes on: it waits for a receipt, or to be sent again. */
const delivery = { module: './notifier.ts', class: 'Notifier', records: 'delivery', result: (ended) => ended ?? null }
const undelivered = (_, [{ channel }, reason]) => ({ channel, reason })

export default {
  profile: 'notification',
  dependsOn: ['realtime_geofence', 'redis'],
  methods: [
    { ...delivery, method: 'send' },
    { ...delivery, method: 'settle' },
    { module: './retry-queue.ts', class: 'RetryQueue', method: 'schedule', records: 'retry', result: undelivered },
    { module: './dead-letters.ts', class: 'DeadLetters', method: 'add', records: 'give_up', result: undelivered },
  ],
  upstreams: { gateway: { host: URL.canParse(GATEWAY_URL) ? new URL(GATEWAY_URL).host : 'localhost' } },
  queues: {
    events: { key: 'notification:events', type: 'list' },
    outbox: { key: 'notification:outbox', type: 'list' },
    retry: { key: 'notification:retry', type: 'zset' },
  },
}
