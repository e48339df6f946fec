/** What everybody used and heard while something lasted. */
import type { Redis } from 'ioredis'

import type { ListenerReport } from './scale-listener.ts'
import type { MonitorReport } from './scale-monitor.ts'
import type { ScaleProcess } from './scale-process.ts'
import { ratesOf, readUse } from './scale-redis.ts'
import type { SubscriberReport } from './scale-subscriber.ts'

export interface Parts {
  readonly redis: Redis
  readonly listener: ScaleProcess
  readonly subscriber: ScaleProcess
  readonly monitor: ScaleProcess
}

export interface Window {
  readonly redis: ReturnType<typeof ratesOf>
  /** Percent of a core. */
  readonly subscriberCpu: number
  readonly monitorCpu: number
  readonly heard: ListenerReport
  readonly told: SubscriberReport
  readonly monitor: MonitorReport
  /** Of Redis, in megabytes, every five seconds. */
  readonly memory: readonly number[]
}

const SAMPLE_MS = 5000

export async function watchFor(parts: Parts, lasting: Promise<unknown>): Promise<Window> {
  const before = await ask(parts)
  const memory: number[] = []
  const timer = setInterval(() => void readUse(parts.redis).then((use) => memory.push(use.memory / 2 ** 20)), SAMPLE_MS)
  await lasting
  clearInterval(timer)
  const after = await ask(parts)
  const percent = (of: 'told' | 'monitor') => (after[of].cpuMs - before[of].cpuMs) / (after.use.at - before.use.at) / 10
  return {
    redis: ratesOf(before.use, after.use),
    subscriberCpu: percent('told'),
    monitorCpu: percent('monitor'),
    heard: after.heard,
    told: after.told,
    monitor: after.monitor,
    memory: [...memory, after.use.memory / 2 ** 20],
  }
}

async function ask({ redis, listener, subscriber, monitor }: Parts) {
  return {
    use: await readUse(redis),
    heard: await listener.ask<ListenerReport>(),
    told: await subscriber.ask<SubscriberReport>(),
    monitor: await monitor.ask<MonitorReport>(),
  }
}
