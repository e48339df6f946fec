/**
 * How many messages of Kafka's topics wait for a consumer, as its own fetches tell: the broker says with each where the partition ends. Of the
 * partitions that the consumer has been assigned only, for the others are another's to tell.
 */
import type { Clock } from '../../types.ts'
import type { AskedQueue } from './queue-library.ts'
import { ageSeconds, greatest, known, type QueueReading } from './queue-reading.ts'
import { finite } from './redis-reply.ts'

/** To ask is to read memory. */
const EVERY_SECONDS = 5
/** A consumer asks the broker every 5 s even where nothing comes: one that has not for so long, in milliseconds, knows nothing. */
const FRESH_MS = 60_000

interface Message {
  readonly offset: string
  readonly timestamp?: string
}

/** The only names that are read of the library's own objects. */
interface Batch {
  readonly topic: string
  readonly partition: number
  readonly highWatermark: string
  readonly messages: readonly Message[]
}

interface Runner {
  readonly running?: boolean
  readonly consumerGroup: {
    readonly groupId: string
    assigned(): readonly { readonly topic: string; readonly partitions: readonly number[] }[]
    paused(): readonly { readonly topic: string; readonly partitions?: readonly number[] }[]
  }
}

interface Partition {
  readonly end: bigint
  /** The offset that is to be handled next. */
  next: bigint
  /** The batch in hand; without messages when all are handled. */
  messages: readonly Message[]
  /** Of the message in it that is to be handled next. */
  index: number
}

type Topic = Map<number, Partition>

interface Queue {
  readonly asked: AskedQueue
  runner: WeakRef<Runner & object>
}

export class KafkaLags {
  readonly #clock: Clock
  /** By group and topic: a consumer that is started again has a runner of its own. */
  readonly #queues = new Map<string, Queue>()
  readonly #topics = new WeakMap<object, Map<string, Topic>>()
  readonly #fetchedAt = new WeakMap<object, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A runner begins with a batch: the queue that is its topic. */
  begin(runner: unknown, batch: unknown): AskedQueue {
    const { topic, partition, highWatermark, messages } = batch as Batch
    const owner = runner as Runner & object
    this.fetched(owner)
    const topics = this.#topics.get(owner) ?? new Map<string, Topic>()
    this.#topics.set(owner, topics)
    const partitions = topics.get(topic) ?? new Map<number, Partition>()
    topics.set(topic, partitions)
    const end = BigInt(highWatermark)
    partitions.set(partition, { end, next: messages[0] ? BigInt(messages[0].offset) : end, messages, index: 0 })
    return this.#queueOf(owner, topic)
  }

  /** The broker has answered the runner. */
  fetched(runner: object): void {
    this.#fetchedAt.set(runner, this.#clock.monotonicMs())
  }

  /** Everything of the partition is done up to this offset. Must not throw. */
  handled(runner: object, topic: string, partition: number, offset: string): void {
    const state = this.#topics.get(runner)?.get(topic)?.get(partition)
    if (!state) return
    this.fetched(runner)
    while (state.index < state.messages.length && state.messages[state.index++]!.offset !== offset);
    if (state.index === state.messages.length) state.messages = []
    state.next = BigInt(offset) + 1n
  }

  #queueOf(runner: Runner & object, topic: string): AskedQueue {
    const key = JSON.stringify([runner.consumerGroup.groupId, topic])
    const found = this.#queues.get(key)
    const ref = new WeakRef(runner)
    if (found) found.runner = ref
    const queue: Queue = found ?? {
      runner: ref,
      asked: { name: topic, of: {}, everySeconds: EVERY_SECONDS, ask: () => this.#ask(queue, topic) },
    }
    this.#queues.set(key, queue)
    return queue.asked
  }

  #ask({ runner }: Queue, topic: string): QueueReading {
    const asked = runner.deref()
    return asked?.running === true && this.#isFresh(asked) ? this.#read(asked, topic) : {}
  }

  #isFresh(runner: object): boolean {
    return this.#clock.monotonicMs() - (this.#fetchedAt.get(runner) ?? -Infinity) < FRESH_MS
  }

  #read(runner: Runner & object, topic: string): QueueReading {
    const partitions = this.#topics.get(runner)?.get(topic)
    const assigned = runner.consumerGroup.assigned().flatMap((each) => (each.topic === topic ? each.partitions : []))
    const states = assigned.flatMap((partition) => partitions?.get(partition) ?? [])
    if (states.length === 0) return {}
    const due = states.reduce((sum, { end, next }) => sum + Math.max(0, Number(end - next)), 0)
    const oldest = states.map(({ messages, index }) => {
      const timestamp = finite(messages[index]?.timestamp)
      return timestamp === undefined ? undefined : ageSeconds(this.#clock.epochMs(), timestamp)
    })
    const paused = runner.consumerGroup.paused().flatMap((each) => (each.topic === topic ? (each.partitions ?? assigned) : []))
    return known({
      due,
      oldestAgeSeconds: due === 0 ? 0 : greatest(oldest),
      paused: assigned.every((partition) => paused.includes(partition)),
    })
  }
}
