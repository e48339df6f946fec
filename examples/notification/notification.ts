import type { GeofenceTransition } from '../service/geofence.ts'
import type { FenceEvent } from '../service/pipeline.ts'

export const CHANNELS = ['push', 'mail', 'sms'] as const
export type Channel = (typeof CHANNELS)[number]

/** Which transitions each channel is for. */
export type Routes = Readonly<Record<Channel, readonly GeofenceTransition[]>>

export interface Notification extends FenceEvent {
  /** The same whenever this notification is sent again, so that the gateway can tell. */
  readonly id: string
  readonly channel: Channel
  readonly retries: number
}

/** What the gateway learned later about a mail or an sms it had accepted. */
export interface Receipt {
  /** The notification's. */
  readonly id: string
  readonly outcome: 'delivered' | 'bounced'
  readonly reason?: string
}

/** How a notification ended. */
export interface Delivery {
  readonly channel: Channel
  /** `sent` is all that is ever known of a push; `failed` was never accepted by the gateway. */
  readonly outcome: 'sent' | 'delivered' | 'bounced' | 'failed'
  readonly reason?: string
  /** Since the event was put on the queue. */
  readonly latencyMs: number
  readonly retries: number
}

/** One notification for each channel that is for this transition. */
export function notificationsFor(event: FenceEvent, routes: Routes): readonly Notification[] {
  const { trackerId, fence, transition, at } = event
  return CHANNELS.filter((channel) => routes[channel].includes(transition)).map((channel) => ({
    ...event,
    id: [trackerId, fence, transition, at, channel].join(':'),
    channel,
    retries: 0,
  }))
}
