/** What health.config names of a service, watched and recorded: its methods by a load hook, its queues on a connection of ours. */
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import type { Redis } from 'ioredis'

import type { AccountState } from './catalogue.ts'
import type { HealthConfig, MethodTarget } from './config/health-config.ts'
import type { MethodCall } from './instrument/methods.ts'
import { watchMethods } from './instrument/methods.ts'
import type { CommandClient, WatchedQueue } from './instrument/queues.ts'
import { watchQueues } from './instrument/queues.ts'
import type { RedisTarget } from './publish/redis-client.ts'
import { RedisConnection } from './publish/redis-connection.ts'
import { toErrorType } from './record/error-type.ts'
import type { FetchBatch } from './record/fetch-batch.ts'
import type { TrackerFetcherHealthMonitor } from './tracker-fetcher-monitor.ts'
import type { Cancel, Clock } from './types.ts'

const QUEUE_INTERVAL_MS = 5000

export interface ServiceWatchOptions {
  readonly config: HealthConfig
  /** Path of health.config; the modules it names are relative to it. */
  readonly file: string
  /** Where the queues are. */
  readonly redis: RedisTarget
  readonly clock: Clock
}

/** Modules loaded before this are not watched. Returns what ends it all and restores every method. */
export function watchService(monitor: TrackerFetcherHealthMonitor, { config, file, redis, clock }: ServiceWatchOptions): Cancel {
  const { methods = [], queues = {} } = config
  const cancels: Cancel[] = []
  if (methods.length > 0) {
    const url = (module: string): string => pathToFileURL(resolve(dirname(file), module)).href
    const watched = methods.map((target) => ({
      url: url(target.module),
      class: target.class,
      method: target.method,
      onCall: (call: MethodCall) => recordCall(monitor, target, call),
    }))
    cancels.push(watchMethods(watched, clock))
  }
  const watchedQueues = Object.entries(queues).map(([tier, queue]) => ({ ...queue, tier: tier as WatchedQueue['tier'] }))
  if (watchedQueues.length > 0) {
    const connection = new RedisConnection({ target: redis, clock })
    connection.start({ up() {}, down() {} })
    cancels.push(() => connection.close())
    cancels.push(recordQueues(monitor, commandsOn(connection), watchedQueues, clock))
  }
  return () => {
    for (const cancel of cancels.toReversed()) cancel()
  }
}

/** Reads the queues every 5 s and records what is found. */
function recordQueues(monitor: TrackerFetcherHealthMonitor, client: CommandClient, queues: readonly WatchedQueue[], clock: Clock): Cancel {
  return watchQueues({
    client,
    queues,
    clock,
    intervalMs: QUEUE_INTERVAL_MS,
    onReading({ sizes, oldestDueAges, leased }) {
      monitor.recordQueueSizes(sizes)
      monitor.recordOldestDueAges(oldestDueAges)
      if (leased !== undefined) monitor.recordLeased(leased)
    },
  })
}

function recordCall(monitor: TrackerFetcherHealthMonitor, { records, upstream, result }: MethodTarget, call: MethodCall): void {
  if (records === 'api_call') {
    const code = (call.error as { code?: unknown } | null | undefined)?.code
    const errorType = call.failed ? toErrorType(code) : undefined
    monitor.recordApiCall({ durationMs: call.durationMs, ...(upstream && { upstream }), ...(errorType !== undefined && { errorType }) })
  } else if (!call.failed) {
    const value = result ? result(call.value) : call.value
    if (records === 'batch') monitor.recordBatch(value as FetchBatch, call.durationMs)
    else monitor.setAppleAccount(value as AccountState)
  }
}

function commandsOn(connection: RedisConnection): CommandClient {
  return {
    async call(command, ...args) {
      await connection.connected()
      const answer = await connection.run((client) => (client as Redis).call(command, ...args))
      connection.confirm()
      return answer
    },
  }
}
