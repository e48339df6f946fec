/**
 * What the panel's server costs: a thousand services with three instances each, 200 open alerts, 100 transitions a second, and twenty who look.
 * Needs redis-server. `node bench/panel.ts [seconds]`, default 60.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as passed } from 'node:timers/promises'

import { Redis } from 'ioredis'

import { startRedis } from '../test/ci/real-redis.ts'
import { PanelLooker } from './panel-looker.ts'
import { PanelRecord, serviceName } from './panel-record.ts'
import type { PanelBegun, PanelReport } from './panel-server.ts'
import { bar } from './rounds.ts'
import { build } from './scale-build.ts'

const SECONDS = Number(process.argv[2] ?? 60)
const LOOKERS = 20
const LOAD = { services: 1000, instances: 3, withHistory: 30, openAlerts: 200, transitionsPerSecond: 100, intervalMs: 30_000 }

const server = await startRedis()
const redis = new Redis(server.port)
const record = new PanelRecord(redis, LOAD)
await record.begin()
const panel = fork(await build('panel-server.ts'), [String(server.port)])
const [{ url }] = (await once(panel, 'message')) as [PanelBegun]
// All of them see the worst services, which are the same for all.
const onScreen = Array.from({ length: LOAD.withHistory }, (_, i) => serviceName(i))
const lookers = Array.from({ length: LOOKERS }, () => new PanelLooker(url, onScreen))
record.start()
await Promise.all(lookers.map((looker) => looker.begin()))
await passed(10_000)
const before = { ...(await report()), ...lookers[0]!.seen }
const begun = performance.now()
await passed(SECONDS * 1000)
const after = { ...(await report()), ...lookers[0]!.seen }
const elapsedMs = performance.now() - begun
for (const looker of lookers) looker.stop()
record.stop()
panel.kill('SIGKILL')
redis.disconnect()
await server.stop()

const rate = (figure: keyof typeof after) => ((after[figure] - before[figure]) * 1000) / elapsedMs
console.log(`${LOAD.services} services, ${LOAD.openAlerts} open alerts, ${LOOKERS} who look, ${Math.round(elapsedMs / 1000)} s`)
console.log(
  `${rate('change').toFixed(1)} changes and ${rate('transition').toFixed(1)} transitions a second, ${(rate('bytes') / 1024).toFixed(0)} KB`,
)
bar('Share of a core', rate('cpuMs') / 10, 20, 'at most', '%')
bar('Memory', after.memory, 200, 'at most', 'MB')
bar('Most memory', after.mostMemory, 200, 'at most', 'MB')

async function report(): Promise<PanelReport> {
  const answer = once(panel, 'message')
  panel.send({ kind: 'report' })
  return ((await answer) as [PanelReport])[0]
}
