/**
 * From a recorded change of state to a subscriber in another process, in turns with a bare PUBLISH on a connection like
 * ours. Redis: the embedded Valkey, or OTEL_HEALTH_TEST_REDIS=host:port.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { Redis } from 'ioredis'

import { startValkey } from '../examples/valkey/start-valkey.ts'
import { TrackerFetcherHealthMonitor } from '../src/kinds/tracker-fetcher/monitor.ts'
import { bar } from './rounds.ts'

const ROUNDS = 1000
const WARM_UP = 100
const BARE = 'bench:bare'
const ALERTS = 'health:system:alerts'

const given = process.env['OTEL_HEALTH_TEST_REDIS']
const valkey = given ? undefined : await startValkey()
const port = valkey?.port ?? Number(given!.split(':')[1])

const subscriber = fork(fileURLToPath(new URL('./subscriber.ts', import.meta.url)), [String(port), BARE, ALERTS])
await once(subscriber, 'message')
const heard = async (): Promise<bigint> => {
  const [message] = (await once(subscriber, 'message')) as [{ channel: string; at: string }]
  return BigInt(message.at)
}

const client = new Redis(port)
const monitor = new TrackerFetcherHealthMonitor({
  // A name of its own: an alert that an interrupted run left open would not fire again.
  serviceName: `bench-${process.pid}`,
  redisHost: '127.0.0.1',
  redisPort: port,
  config: { rules: { anisette_unreachable: { keepFiring: 0 } } },
  env: { ...process.env, OTEL_METRICS_EXPORTER: 'none' },
})
await monitor.start()
const message = JSON.stringify({ v: 1, text: 'x'.repeat(700) })

const bare: number[] = []
const ours: number[] = []
for (let round = 0; round < ROUNDS + WARM_UP; round++) {
  for (const [latencies, act] of [
    [bare, () => void client.publish(BARE, message)],
    [ours, () => monitor.setAnisette(round % 2 === 0 ? 'unreachable' : 'reachable')],
  ] as const) {
    await new Promise((resolve) => setTimeout(resolve, 4))
    const received = heard()
    const started = process.hrtime.bigint()
    act()
    const latency = Number((await received) - started) / 1000
    if (round >= WARM_UP) latencies.push(latency)
  }
}

const at = (latencies: readonly number[], q: number): number => latencies.toSorted((a, b) => a - b)[Math.floor(q * (latencies.length - 1))]!
console.log('             p50 us    p90 us    p99 us    max us')
for (const [name, latencies] of [
  ['bare PUBLISH', bare],
  ['alert', ours],
] as const) {
  console.log(name.padEnd(12), ...[0.5, 0.9, 0.99, 1].map((q) => at(latencies, q).toFixed(0).padStart(9)))
}
bar('an alert reaches a subscriber, p50 against a bare PUBLISH', at(ours, 0.5) / at(bare, 0.5), 2.25, 'at most', 'times')
bar('an alert reaches a subscriber, p99 against a bare PUBLISH', at(ours, 0.99) / at(bare, 0.99), 3, 'at most', 'times')
await monitor.stop()
client.disconnect()
subscriber.disconnect()
await valkey?.stop()
