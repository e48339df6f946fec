import { setTimeout as passed } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { startRedis } from '../test/ci/real-redis.ts'
import { ScaleProcess } from './scale-process.ts'
import { readUse, ratesOf } from './scale-redis.ts'
const run = async (shards: number) => {
  const server = await startRedis(); const redis = new Redis(server.port)
  const target = { host: '127.0.0.1', port: server.port, shards }
  const w = await ScaleProcess.start('./scale-services.ts')
  await w.ask({ kind: 'begin', target, services: Array.from({ length: 100 }, (_, i) => `s-${i}`), instances: 3, intervalMs: 10_000, retentionMs: 120_000, spreadMs: 10_000 })
  await passed(45_000)
  const before = await readUse(redis)
  await passed(30_000)
  const r = ratesOf(before, await readUse(redis))
  console.log(shards, 'shards:', (r.commands / 300).toFixed(2), 'commands/s per instance, CPU', r.cpu.toFixed(1))
  w.kill(); redis.disconnect(); await server.stop()
}
await Promise.all([run(1), run(8), run(64)])
