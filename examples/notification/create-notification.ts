import { count, type CallCounts } from '../service/call-counts.ts'
import type { Environment } from '../service/environment.ts'
import { Loops } from '../service/loops.ts'
import { LISTS, type FenceEvent } from '../service/pipeline.ts'
import type { Service } from '../service/service.ts'
import { commit } from '../service/transaction.ts'
import { WorkQueue } from '../service/work-queue.ts'
import type { Config } from './config.ts'
import { DeadLetters } from './dead-letters.ts'
import { Gateway } from './gateway.ts'
import { notificationsFor, type Channel, type Delivery, type Notification } from './notification.ts'
import { Notifier } from './notifier.ts'
import { PendingReceipts } from './pending-receipts.ts'
import { OUTBOX, RetryQueue } from './retry-queue.ts'

type Counts = Record<string, number>

export interface NotificationCounts {
  /** Events by transition. */
  readonly events: Readonly<Counts>
  /** Notifications that were made of them, by channel. */
  readonly notifications: Readonly<Counts>
  /** Notifications that ended, by channel and outcome. */
  readonly deliveries: Readonly<Record<Channel, Readonly<Counts>>>
  /** Why deliveries bounced or failed. */
  readonly reasons: Readonly<Counts>
  /** Repetitions that were scheduled, by reason. */
  readonly retries: Readonly<Counts>
  readonly gatewayCalls: Readonly<Record<Channel | 'receipts', CallCounts>>
}

export interface NotificationService extends Service {
  counts(): NotificationCounts
}

/** Puts the service together from its configuration and the world it lives in. */
export function createNotification(config: Config, { clock, fetch, redis, random, log }: Environment): NotificationService {
  const loops = new Loops({ clock, log, drainMs: config.drainMs })
  const gateway = new Gateway({ fetch, clock, giveUp: loops.giveUp }, config.gatewayUrl, config.gatewayTimeoutMs)
  const events = new WorkQueue<FenceEvent>(redis, LISTS.events, config.instance)
  const outbox = new WorkQueue<Notification>(redis, OUTBOX, config.instance)
  const retries = new RetryQueue({ redis, clock, random, outbox, settings: config.retry })
  const dead = new DeadLetters(outbox)
  const pending = new PendingReceipts(redis, outbox)
  const notifier = new Notifier({ clock, gateway, outbox, retries, dead, pending, retryMax: config.retryMax })
  const counts = {
    events: {} as Counts,
    notifications: {} as Counts,
    deliveries: { push: {} as Counts, mail: {} as Counts, sms: {} as Counts },
    reasons: {} as Counts,
  }
  const delivered = (delivery: Delivery | undefined): void => {
    if (!delivery) return
    count(counts.deliveries[delivery.channel], delivery.outcome)
    if (delivery.reason !== undefined) count(counts.reasons, delivery.reason)
  }

  const expand = async (event: FenceEvent): Promise<void> => {
    const notifications = notificationsFor(event, config.routes)
    const transaction = events.finish()
    if (notifications.length > 0) transaction.rpush(OUTBOX, ...notifications.map((each) => JSON.stringify(each)))
    await commit(transaction)
    count(counts.events, event.transition)
    for (const { channel } of notifications) count(counts.notifications, channel)
  }

  const settleReceipts = async (): Promise<boolean> => {
    const page = await gateway.receipts(await pending.after())
    for (const receipt of page.receipts) delivered(await notifier.settle(receipt))
    if (page.receipts.length > 0) await pending.settledUpTo(page.after)
    return page.receipts.length > 0
  }

  return {
    async start() {
      const { idlePollMs, receiptsEveryMs, outagePauseMs: failedMs } = config
      const idle = { idleMs: idlePollMs, failedMs }
      loops.repeat('events', idle, () => events.work(1, async ([event]) => expand(event!)))
      loops.repeat('send', idle, () => outbox.work(1, async ([notification]) => delivered(await notifier.send(notification!))))
      loops.repeat('retry', idle, () => retries.release())
      loops.repeat('receipts', { idleMs: receiptsEveryMs, failedMs }, settleReceipts)
    },
    drain: () => loops.end(),
    counts: () => structuredClone({ ...counts, retries: retries.scheduled(), gatewayCalls: gateway.calls() }),
  }
}
