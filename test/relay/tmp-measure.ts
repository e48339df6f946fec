import { Redis } from 'ioredis'
import { startRedis } from '../ci/real-redis.ts'
import { startReceiver } from './receiver.ts'
import { writeTransition } from './transitions.ts'
import { allShards } from '../../src/wire/names.ts'
import { Relay } from '../../src/relay/relay.ts'
import { systemClock } from '../../src/clock.ts'
import { readRelayConfig } from '../../src/relay/relay-config.ts'
const server = await startRedis()
const redis = new Redis(server.port)
const cpuOf = async () => Number(/used_cpu_user:([\d.]+)/.exec(await redis.info('cpu'))![1]) + Number(/used_cpu_sys:([\d.]+)/.exec(await redis.info('cpu'))![1])
for (const [targets, shards] of [[1, 1], [3, 1], [3, 16]] as const) {
  await redis.flushall()
  const receiver = await startReceiver()
  const at = new Map<string, number>()
  const took: number[] = []
  receiver.answer = (r) => { const t = at.get(String(r.headers['webhook-id'])); if (t) took.push(performance.now() - t); return { status: 200 } }
  const client = new Redis({ port: server.port, maxRetriesPerRequest: 0 })
  const relay = new Relay({ client, shards: allShards(shards), targets: readRelayConfig({ targets: Array.from({ length: targets }, (_, i) => ({ type: 'webhook', name: `t${i}`, url: receiver.url })) }, {}), clock: systemClock, say: () => {} })
  relay.start()
  await new Promise((r) => setTimeout(r, 1500))
  const [c0, r0, t0] = [process.cpuUsage(), await cpuOf(), performance.now()]
  await new Promise((r) => setTimeout(r, 5000))
  const c = process.cpuUsage(c0)
  console.log(targets, 'targets', shards, 'shards idle: relay cpu', ((c.user + c.system) / 10 / (performance.now() - t0)).toFixed(2), '%, redis cpu', (((await cpuOf()) - r0) * 100000 / (performance.now() - t0)).toFixed(2), '%')
  for (let i = 0; i < 40; i++) { const t = performance.now(); at.set(await writeTransition(redis, { alert_id: `x${i}` }, i % shards, shards), t); await new Promise((r) => setTimeout(r, 50 + Math.random() * 60)) }
  await new Promise((r) => setTimeout(r, 1500))
  took.sort((a, b) => a - b)
  console.log('latency p50', took[took.length >> 1]!.toFixed(0), 'max', took.at(-1)!.toFixed(0), 'n', took.length)
  if (shards === 1) {
    const before = receiver.taken
    const w0 = performance.now()
    for (let i = 0; i < 2000; i += 50) await Promise.all(Array.from({ length: 50 }, (_, j) => writeTransition(redis, { alert_id: `y${(i + j) % 200}`, type: 'updated' })))
    while (receiver.taken - before < 2000 * targets) await new Promise((r) => setTimeout(r, 10))
    console.log('2000 transitions to', targets, 'targets in', Math.round(performance.now() - w0), 'ms')
    console.log('rss', Math.round(process.memoryUsage().rss / 1e6), 'MB; open 240')
  }
  await relay.stop(500)
  client.disconnect()
}
process.exit(0)
