/** What a subscriber tells, in the order in which it came to know of it. */
import type { HealthMessage } from '../wire/message.ts'
import type { HealthView } from './health-view.ts'
import type { EpochChange, Gap } from './transition-follower.ts'

/**
 * Transitions (`channel: 'alerts'`) are those of the stream, each once and in order. Status and metrics are as they came over their
 * channel, where anybody may publish: what is believed of them is in the view.
 */
export interface MessageEvent {
  readonly kind: 'message'
  readonly message: HealthMessage
}

/** Something in the view has changed, or has been confirmed. At most so often as the subscriber was told. */
export interface ViewEvent {
  readonly kind: 'view'
  readonly view: HealthView
}

/** Transitions that can no longer be told: the stream does not hold them. The view holds what they did to what is open. */
export interface GapEvent extends Gap {
  readonly kind: 'gap'
}

/** The server has lost its memory; sequence numbers begin anew. */
export interface EpochEvent extends EpochChange {
  readonly kind: 'epoch'
}

/** `stale`: nothing has been confirmed since (epoch milliseconds of the server), and whatever is shown may be otherwise. */
export type Connection = { readonly state: 'connected' } | { readonly state: 'stale'; readonly since: number; readonly reason: string }

export interface ConnectionEvent {
  readonly kind: 'connection'
  readonly connection: Connection
}

/** Of an iterator that was read too slowly: so many events, and so many transitions among them, were left out here. */
export interface OverflowEvent {
  readonly kind: 'overflow'
  readonly events: number
  readonly transitions: number
}

/** What listeners are told. */
export type ToldEvent = MessageEvent | ViewEvent | GapEvent | EpochEvent | ConnectionEvent

/** What an iterator yields. */
export type HealthEvent = ToldEvent | OverflowEvent
