/** NotificationHealthMonitor: a WorkerHealthMonitor that knows of channels and of what becomes of a notification. */
import type { Fields } from '../../record/tallies.ts'
import type { ServiceHealthMonitorOptions } from '../../service/monitor-options.ts'
import { WorkerHealthMonitor } from '../worker/monitor.ts'
import { notificationJudging } from './judging.ts'
import type { Success } from '../../types.ts'
import type { DeliveryOutcome } from './metrics.ts'

/** One notification of which the last is known. */
export interface Delivery {
  /** `push`, `mail`, `sms`; the first 50 are told apart. */
  readonly channel: string
  readonly outcome: DeliveryOutcome
  /** Why it bounced or failed: a code, an HTTP status or the name of an error class, never a message. */
  readonly reason?: string | number
  /** Milliseconds from when there was something to tell, >= 0. */
  readonly latencyMs?: number
}

/** Why a delivery of a channel was put off, or given up. */
export interface Undelivered {
  readonly channel: string
  readonly reason?: string | number
}

/** Recording calls never throw: what cannot be used is dropped and counted in `health.records.dropped`. */
export class NotificationHealthMonitor extends WorkerHealthMonitor {
  /** Throws one sentence if an option or an environment variable cannot be used. */
  constructor(options: ServiceHealthMonitorOptions = {}) {
    super(options, notificationJudging)
  }

  /** A notification whose end is known, once for each channel: one piece of work that has the name of the channel. */
  recordDelivery(delivery: Delivery): void {
    this.record('delivery', delivery)
  }

  /** A delivery that is put off to be tried again. */
  recordRetry(retry: Undelivered): void {
    this.record('retry', retry)
  }

  /** A delivery that was given up and became a dead letter. */
  recordGiveUp(giveUp: Undelivered): void {
    this.record('give_up', giveUp)
  }

  protected override completed(name: string, fields: Fields): Fields {
    return name === 'delivery' ? asWork(fields) : fields
  }
}

/** The outcome says whether the work succeeded, unless nobody can tell; of a call that threw nothing is known but that it failed, and what its work is called. */
function asWork(fields: Fields): Fields {
  const { channel = fields['name'] } = fields
  const untold = fields['success'] === 'unknown' && fields['outcome'] === undefined
  const said = fields['outcome'] ?? (untold ? 'unknown' : 'sent')
  const outcome = fields['success'] === false && said !== 'bounced' ? 'failed' : said
  const reason = fields['reason'] ?? fields['errorType']
  const success: Success = untold ? 'unknown' : outcome === 'sent' || outcome === 'delivered'
  return {
    ...fields,
    channel,
    outcome,
    success,
    ...(typeof channel === 'string' && { name: channel }),
    ...(!success && { reason, errorType: reason ?? outcome }),
  }
}
