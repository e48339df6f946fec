/** A worker that tells people, over channels of which each may fail by itself. */
import type { Kind } from '../kind.ts'
import { kindOfWorker } from '../worker/kind-of-worker.ts'
import { notificationJudging } from './judging.ts'
import { NotificationHealthMonitor } from './monitor.ts'

export const notification: Kind = kindOfWorker({
  judging: notificationJudging,
  title: 'notification service',
  about:
    'For a service that tells people over channels such as push, mail and sms; an attempt is one notification, its name that of the channel.',
  monitor: (options) => new NotificationHealthMonitor(options),
  dashboard: {
    description: 'A notification service: how it stands, its deliveries by channel, retries and dead letters, its work and queues.',
    rule: 'low_delivery_rate',
    rows: async () => (await import('./dashboard.ts')).notificationRows,
  },
})
