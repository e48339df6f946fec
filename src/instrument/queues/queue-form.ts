/**
 * How queues of one form are read from Redis. Pure: a queue asks by yielding commands, all of which are sent at once, and is given one
 * reply for each; most ask once, some a second time for what the first answers named.
 *
 * Two clocks: scores of sorted sets and the times that queue libraries note are written by the service, which compares them with its own
 * clock, so ours, on the same host, says what is due. Entry ids of streams are made by the server, so its TIME, asked for along with
 * them, says how old they are; where TIME is denied, ours.
 */
import type { QueueTarget } from '../../config/targets.ts'
import type { Command, Reply } from './command-client.ts'
import type { QueueReading } from './queue-reading.ts'

/** Throws the server's error, or one that says that a reply cannot be understood: then nothing is known of the queue. */
export type Asking = Generator<readonly Command[], QueueReading, readonly Reply[]>

export interface QueueForm {
  /** What to ask about a queue at `epochMs`, milliseconds since 1970 by our clock; `undefined` for a queue of another form. */
  ask(target: QueueTarget, epochMs: number): Asking | undefined
}
