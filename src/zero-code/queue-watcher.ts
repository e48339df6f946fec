/** The service's queues, read on connections of ours: those that health.config names, and those that are found in use. */
import type { Cluster, Redis } from 'ioredis'

import type { QueueTarget } from '../config/targets.ts'
import type { Command, CommandClient, Reply } from '../instrument/queues/command-client.ts'
import { watchQueues } from '../instrument/queues/queues.ts'
import type { RedisClient, RedisTarget } from '../wire/redis-client.ts'
import { RedisConnection } from '../wire/redis-connection.ts'
import type { ServiceRecorder } from './service-recorder.ts'
import type { TakenNames } from './taken-names.ts'
import type { Cancel, Clock } from '../types.ts'

const INTERVAL_MS = 5000
/** Queues found in use that are read; a service that makes queues on and on is not followed. */
const MOST_FOUND = 50

/** The queues found in use on one Redis, all read together. */
interface Found {
  queues: Readonly<Record<string, QueueTarget>>
  cancel: Cancel
}

export class QueueWatcher {
  readonly #recorder: ServiceRecorder
  readonly #clock: Clock
  /** By server and credentials. */
  readonly #connections = new Map<string, RedisConnection>()
  readonly #found = new Map<string, Found>()
  readonly #identities = new Set<string>()
  readonly #names: TakenNames
  readonly #cancels: Cancel[] = []

  constructor({
    recorder,
    clock,
    names,
  }: {
    readonly recorder: ServiceRecorder
    readonly clock: Clock
    /** Of all queues that are found in use. */
    readonly names: TakenNames
  }) {
    this.#recorder = recorder
    this.#names = names
    this.#clock = clock
  }

  /** Reads them at once and every 5 s. */
  watch(redis: RedisTarget, queues: Readonly<Record<string, QueueTarget>>): void {
    this.#cancels.push(this.#read(redis, queues))
  }

  /** A queue that nobody configured; of more than 50 the first are read. One of a name that is taken is given a number. */
  watchFound(redis: RedisTarget, name: string, queue: QueueTarget): void {
    const server = keyOf(redis)
    const identity = `${server} ${JSON.stringify(queue)}`
    if (this.#identities.has(identity) || this.#identities.size >= MOST_FOUND) return
    this.#identities.add(identity)
    const free = this.#names.take(name)
    const found = this.#found.get(server)
    found?.cancel()
    const queues = { ...found?.queues, [free]: queue }
    this.#found.set(server, { queues, cancel: this.#read(redis, queues) })
  }

  stop(): void {
    for (const cancel of this.#cancels.splice(0)) cancel()
    for (const { cancel } of this.#found.values()) cancel()
    for (const connection of this.#connections.values()) connection.close()
  }

  #read(redis: RedisTarget, queues: Readonly<Record<string, QueueTarget>>): Cancel {
    const client = commandsOn(this.#connectionTo(redis), redis.clusterMode)
    const onReading = this.#recorder.queues.bind(this.#recorder)
    return watchQueues({ client, queues, clock: this.#clock, intervalMs: INTERVAL_MS, onReading })
  }

  #connectionTo(redis: RedisTarget): RedisConnection {
    const server = keyOf(redis)
    let connection = this.#connections.get(server)
    if (!connection) {
      connection = new RedisConnection({ target: redis, clock: this.#clock, quiet: true })
      connection.start({ up() {}, down() {} })
      this.#connections.set(server, connection)
    }
    return connection
  }
}

function keyOf(redis: RedisTarget): string {
  return JSON.stringify(redis, Object.keys(redis).toSorted())
}

function commandsOn(connection: RedisConnection, clusterMode: boolean = false): CommandClient {
  const send = async <T>(run: (client: RedisClient) => Promise<T>): Promise<T> => {
    await connection.connected()
    return connection.run(run)
  }
  return {
    async pipeline(commands) {
      const replies = answered(await send((client) => replied(client, commands)))
      connection.confirm()
      return replies
    },
    ...(clusterMode && {
      masters: () =>
        send(async (client) =>
          (client as Cluster).nodes('master').map((node) => ({
            pipeline: async (commands: readonly Command[]) => answered(await replied(node, commands)),
          })),
        ),
    }),
  }
}

/** A cluster refuses a pipeline over several slots: there the commands leave in one tick, each to its node. */
async function replied(client: RedisClient, commands: readonly Command[]): Promise<readonly Reply[]> {
  if (!client.isCluster) return (await (client as Redis).pipeline(commands.map((command) => ['call', ...command])).exec()) ?? []
  const settled = await Promise.allSettled(commands.map(([name, ...args]) => client.call(name, ...args)))
  return settled.map((each) => (each.status === 'fulfilled' ? [null, each.value] : [each.reason as Error]))
}

/** An error that is not the server's means that the connection was lost. */
function answered(replies: readonly Reply[]): readonly Reply[] {
  const lost = replies.find(([error]) => error && error.name !== 'ReplyError')
  if (lost) throw lost[0]!
  return replies
}
