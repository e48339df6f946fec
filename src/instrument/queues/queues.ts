/**
 * Reads the service's queues from Redis at an interval, on a connection of ours. All queues are read in one round trip; a second one
 * reads what the first names (the oldest jobs of a library, the oldest undelivered entry of a stream's group), and one search per minute
 * finds the keys of a pattern.
 */

import { diag } from '../../diag.ts'
import type { QueueTarget } from '../../config/targets.ts'
import type { Cancel, Clock } from '../../types.ts'
import { askQueue } from './ask-queue.ts'
import type { Command, CommandClient, Reply } from './command-client.ts'
import { MatchingKeys, MAX_KEYS } from './matching-keys.ts'
import type { Asking } from './queue-form.ts'
import type { QueueReading } from './queue-reading.ts'
import { sumOf } from './queue-reading.ts'

/** By the name each queue has in health.config. */
export type QueueReadings = Readonly<Record<string, QueueReading>>

export interface QueueWatchOptions {
  readonly client: CommandClient
  readonly queues: Readonly<Record<string, QueueTarget>>
  readonly clock: Clock
  readonly intervalMs: number
  /** Queues of which nothing is known are not in it. */
  readonly onReading: (readings: QueueReadings) => void
}

/**
 * Reads at once and then every `intervalMs`, never twice at once. That Redis does not answer, or that one queue cannot be read, is said
 * when it begins; readings then grow stale. A queue that cannot be read does not keep others from being read.
 */
export function watchQueues({ client, queues, clock, intervalMs, onReading }: QueueWatchOptions): Cancel {
  const reader = new QueueReader(client, queues, clock)
  const unreadable = new Set<string>()
  let reading = false
  let failing = false
  let cancelled = false
  const read = async (): Promise<void> => {
    if (reading) return
    reading = true
    try {
      const { readings, failures } = await reader.read()
      if (cancelled) return
      onReading(readings)
      sayFailures(failures, unreadable)
      failing = false
    } catch (error) {
      if (!failing && !cancelled) diag.warn('otel-health: queue sizes cannot be read from Redis:', (error as Error | undefined)?.message)
      failing = true
    } finally {
      reading = false
    }
  }
  void read()
  const cancel = clock.every(intervalMs, () => void read())
  return () => {
    cancelled = true
    cancel()
  }
}

/** One line for all queues that begin to fail alike: a server that is loading refuses every one of them. */
function sayFailures(failures: ReadonlyMap<string, string>, unreadable: Set<string>): void {
  const begun = [...failures].filter(([name]) => !unreadable.has(name))
  for (const [reason, named] of Map.groupBy(begun, ([, why]) => why)) {
    diag.warn(`otel-health: not known from Redis: ${named.map(([name]) => `queue "${name}"`).join(', ')} (${reason}).`)
  }
  unreadable.clear()
  for (const name of failures.keys()) unreadable.add(name)
}

/** One key of a queue that is being asked about. */
interface Question {
  readonly queue: string
  readonly asking: Asking
  readonly commands: readonly Command[]
}

export class QueueReader {
  readonly #client: CommandClient
  readonly #queues: readonly (readonly [name: string, target: QueueTarget])[]
  readonly #clock: Clock
  /** Of the queues whose key is a pattern. */
  readonly #matching: ReadonlyMap<string, MatchingKeys>
  readonly #truncated = new Set<string>()

  constructor(client: CommandClient, queues: Readonly<Record<string, QueueTarget>>, clock: Clock) {
    this.#client = client
    this.#queues = Object.entries(queues)
    this.#clock = clock
    this.#matching = new Map(
      this.#queues.flatMap(([name, target]) =>
        'key' in target && target.key.includes('*') ? [[name, new MatchingKeys({ pattern: target.key, type: target.type }, clock)]] : [],
      ),
    )
  }

  /** Rejects if Redis does not answer; what it answers of one queue by an error is among the failures, by the queue's name. */
  async read(): Promise<{ readonly readings: QueueReadings; readonly failures: ReadonlyMap<string, string> }> {
    const failures = new Map<string, string>()
    await this.#findKeys(failures)
    const found = await this.#ask(failures)
    const readings = [...found].flatMap(([name, keys]) => (failures.has(name) ? [] : [[name, sumOf(keys)] as const]))
    return { readings: Object.fromEntries(readings), failures }
  }

  async #findKeys(failures: Map<string, string>): Promise<void> {
    await Promise.all(
      Array.from(this.#matching, async ([name, matching]) => {
        try {
          await matching.step(this.#client)
        } catch (error) {
          failures.set(name, reasonOf(error))
        }
        if (matching.truncated && !this.#truncated.has(name)) {
          this.#truncated.add(name)
          diag.warn(`otel-health: queue "${name}" has more than ${MAX_KEYS} keys; the first ${MAX_KEYS} found are counted.`)
        }
      }),
    )
  }

  /** Round trips, until nobody has another question; the readings of each queue's keys. */
  async #ask(failures: Map<string, string>): Promise<ReadonlyMap<string, readonly QueueReading[]>> {
    const found = new Map<string, QueueReading[]>()
    /** Returns what is asked next, if anything. */
    const proceed = (queue: string, asking: Asking, replies: readonly Reply[]): Question[] => {
      try {
        const { done, value } = asking.next(replies)
        if (!done) return [{ queue, asking, commands: value }]
        const keys = found.get(queue) ?? []
        keys.push(value)
        found.set(queue, keys)
      } catch (error) {
        failures.set(queue, reasonOf(error))
      }
      return []
    }
    let questions = this.#begin().flatMap(({ queue, asking }) => proceed(queue, asking, []))
    while (questions.length > 0) {
      const replies = await this.#client.pipeline(questions.flatMap(({ commands }) => commands))
      let from = 0
      questions = questions.flatMap(({ queue, asking, commands }) => proceed(queue, asking, replies.slice(from, (from += commands.length))))
    }
    return found
  }

  /** Every key of every queue; those of a pattern are not known before they are found. */
  #begin(): { readonly queue: string; readonly asking: Asking }[] {
    const epochMs = this.#clock.epochMs()
    return this.#queues.flatMap(([queue, target]) => {
      const matching = this.#matching.get(queue)
      if (!matching || !('key' in target)) return [{ queue, asking: askQueue(target, epochMs) }]
      // Where no key matches, the pattern itself names a key that is not there, and what is not there is empty.
      const keys = matching.keys?.length === 0 ? [target.key] : (matching.keys ?? [])
      return keys.map((key) => ({ queue, asking: askQueue({ ...target, key }, epochMs) }))
    })
  }
}

/** The server's own words, which name no credential; not without bound. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 120) : 'it failed without a reason'
}
