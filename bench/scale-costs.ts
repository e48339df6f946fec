/** What one beat, one transition and the like cost a Redis that has nothing else to do: processor time in all, that of scripts, bytes. */
import type { Redis } from 'ioredis'

import { historyEntry, increaseOf } from '../src/publish/history.ts'
import type { Snapshot } from '../src/types.ts'
import { shardNames } from '../src/wire/names.ts'
import { SimulatedInstance } from './scale-instance.ts'
import { readUse } from './scale-redis.ts'

export interface Cost {
  readonly what: string
  /** Microseconds. */
  readonly cpu: number
  readonly inScript: number
  readonly bytesIn: number
  readonly bytesOut: number
}

const COUNTED = '{"low_success_rate":[50,2],"low_fetch_rate":[50,60000],"slow_apple_api":[12,0]}'
const TIMES = 3000

/** Of a service with three instances, and nobody who listens. */
export async function measureCosts(redis: Redis, port: number, minutes: readonly Snapshot[]): Promise<readonly Cost[]> {
  const target = { host: '127.0.0.1', port }
  const service = 'measured'
  const instances = [1, 2, 3].map(() => new SimulatedInstance({ target, service, intervalMs: 3_600_000, retentionMs: 86_400_000, minutes }))
  for (const instance of instances) await instance.start()
  const [one] = instances
  const { exporter } = one!
  const { connection } = exporter
  const names = shardNames()
  const snapshot = { ...minutes[1]!, service, instance: 'measured-1' }
  const taken = async (act: () => void, messages: number) => {
    const wanted = exporter.stats.published + messages
    act()
    while (exporter.stats.published < wanted) await new Promise((resolve) => setImmediate(resolve))
  }
  await taken(() => exporter.status(snapshot), 1)
  const gauges = snapshot.metrics
  const counts = increaseOf(snapshot.totals, minutes[0]!.totals)
  const { fields } = historyEntry({ instance: snapshot.instance, status: 'healthy', counts, gauges })

  const costs: Cost[] = []
  const measure = async (what: string, act: () => Promise<unknown>) => {
    for (let i = 0; i < 100; i++) await act()
    const before = await readUse(redis)
    for (let i = 0; i < TIMES; i++) await act()
    const after = await readUse(redis)
    const each = (of: 'bytesIn' | 'bytesOut' | 'scriptMicroseconds') => (after[of] - before[of]) / TIMES
    const cpu = ((after.cpu - before.cpu) * 1e6) / TIMES
    costs.push({ what, cpu, inScript: each('scriptMicroseconds'), bytesIn: each('bytesIn'), bytesOut: each('bytesOut') })
  }
  await measure('beat', () => taken(() => exporter.status(snapshot), 1))
  await measure('transition, with its status', () => taken(() => one!.change(0, ''), 2))
  await measure('minute of history', () =>
    connection.run((client) =>
      client.healthHistory(names.history(service), names.alerts, names.counted(service), '86400000', 'i', COUNTED, ...fields),
    ),
  )
  await measure('look at the others of a service', () => exporter.presence())
  await measure('PUBLISH of 800 bytes', () => connection.run((client) => client.publish('bench:bare', 'x'.repeat(800))))
  for (const instance of instances) await instance.stop()
  return costs
}
