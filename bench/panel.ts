/**
 * What the data side of the panel costs: a thousand services with three instances each, 200 open alerts, 100 transitions a second, and twenty
 * who look. Needs redis-server. `node bench/panel.ts [seconds]`, default 60.
 */
import { setTimeout as passed } from 'node:timers/promises'

import { Redis } from 'ioredis'

import { startRedis } from '../test/ci/real-redis.ts'
import type { PanelReport } from './panel-data.ts'
import { PanelRecord } from './panel-record.ts'
import { bar } from './rounds.ts'
import { build } from './scale-build.ts'
import { ScaleProcess } from './scale-process.ts'

const SECONDS = Number(process.argv[2] ?? 60)
const LOOKERS = 20
const LOAD = { services: 1000, instances: 3, openAlerts: 200, transitionsPerSecond: 100, intervalMs: 30_000 }

const server = await startRedis()
const redis = new Redis(server.port)
const record = new PanelRecord(redis, LOAD)
await record.begin()
const panel = await ScaleProcess.start(await build('panel-data.ts'), String(server.port), String(LOOKERS))
record.start()
await passed(10_000)
const before = await panel.ask<PanelReport>()
const begun = performance.now()
await passed(SECONDS * 1000)
const after = await panel.ask<PanelReport>()
const elapsedMs = performance.now() - begun
record.stop()
panel.kill()
redis.disconnect()
await server.stop()

const perSecond = (of: (report: PanelReport) => number) => ((of(after) - of(before)) * 1000) / elapsedMs
console.log(`${after.services} services, ${after.open} open alerts, ${LOOKERS} lookers, ${Math.round(elapsedMs / 1000)} s`)
console.log(
  `${perSecond(({ changes }) => changes).toFixed(1)} changes and ${perSecond(({ transitions }) => transitions).toFixed(1)} transitions a second,`,
)
console.log(`${(perSecond(({ told }) => told) / 1024).toFixed(0)} KB a second to each looker`)
bar('Share of a core', (100 * (after.cpuMs - before.cpuMs)) / elapsedMs, 20, 'at most', '%')
bar('Memory', after.memory, 200, 'at most', 'MB')
bar('Most memory', after.mostMemory, 200, 'at most', 'MB')
