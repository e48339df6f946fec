/**
 * A thousand services with three instances each on one Redis: what it costs Redis, an instance and a subscriber, how fast alerts are, and
 * what a service that floods the channels does to the others. Takes some ten minutes. Needs redis-server. `node bench/scale.ts [minutes]`:
 * of the long part, default 3.
 */
import { setTimeout as passed } from 'node:timers/promises'

import { Redis } from 'ioredis'

import { startRedis } from '../test/ci/real-redis.ts'
import { flood } from '../test/subscribe/flood.ts'
import { bar } from './rounds.ts'
import { build } from './scale-build.ts'
import { measureCosts } from './scale-costs.ts'
import { quantileOf } from './scale-latencies.ts'
import { minutesOfAFetcher } from './scale-minutes.ts'
import { ScaleProcess } from './scale-process.ts'
import { ratesOf, readUse } from './scale-redis.ts'
import type { ServicesReport, ToServices } from './scale-services.ts'
import { watchFor, type Window } from './scale-window.ts'

const LONG_MINUTES = Number(process.argv[2] ?? 3)
const STEPS = [100, 300, 1000] as const
const WINDOW_MS = 60_000
const INTERVAL_MS = 30_000
const INSTANCES = 3
/** Of a service, a second. */
const CHANGES = 0.1
/** So short that what is kept does not grow in the end. */
const RETENTION_MS = 120_000
const PROCESSES = 4
const BARE_PER_SECOND = 40
const FLOOD_SECONDS = 30
const SILENT = 'the-silent-one'
const MONITORED = 'monitored'

const server = await startRedis()
const redis = new Redis(server.port)
const target = { host: '127.0.0.1', port: server.port }
const begin = {
  kind: 'begin',
  target,
  instances: INSTANCES,
  intervalMs: INTERVAL_MS,
  retentionMs: RETENTION_MS,
  spreadMs: INTERVAL_MS,
} as const
const port = String(server.port)

console.log('What one costs a Redis that has nothing else to do')
console.log('                                    CPU us  in script us  bytes in  bytes out')
for (const { what, cpu, inScript, bytesIn, bytesOut } of await measureCosts(redis, server.port, await minutesOfAFetcher(3, 1)))
  console.log(what.padEnd(33), ...[cpu, inScript, bytesIn, bytesOut].map((figure) => figure.toFixed(0).padStart(10)))
await redis.flushall()

const workers = await Promise.all(Array.from({ length: PROCESSES }, () => ScaleProcess.start('./scale-services.ts')))
const [silent, beside, listener, subscriber, monitor] = await Promise.all([
  ScaleProcess.start('./scale-services.ts'),
  ScaleProcess.start('./scale-services.ts'),
  ScaleProcess.start('./scale-listener.ts', port),
  ScaleProcess.start(await build('scale-subscriber.ts'), port),
  ScaleProcess.start(await build('scale-monitor.ts'), port, MONITORED),
])
const parts = { redis, listener, subscriber, monitor }
await Promise.all([
  silent.ask({ ...begin, services: [SILENT] }),
  beside.ask({ ...begin, services: [MONITORED], instances: INSTANCES - 1 } satisfies ToServices),
])

const ms = (microseconds: readonly number[], q: number) => quantileOf(microseconds, q) / 1000

console.log('\nservices  instances  Redis CPU %  commands/s  per instance  KB/s in  KB/s out  MB  subscriber CPU %  MB  instance CPU %  MB')
let there = 2
let bareLength = 900
const perInstance: number[] = []
const setRates = (changing: number) => {
  for (const worker of workers)
    worker.tell({
      kind: 'rates',
      changes: (changing * CHANGES) / PROCESSES,
      bare: BARE_PER_SECOND / PROCESSES,
      bareLength,
    } satisfies ToServices)
}
const row = (services: number, window: Window, note = '') => {
  const instances = services * INSTANCES
  const commands = window.redis.commands / instances
  if (note === '') perInstance.push(commands)
  const figures = [
    ...[services, instances, window.redis.cpu.toFixed(1), window.redis.commands.toFixed(0), commands.toFixed(2)],
    ...[(window.redis.bytesIn / 1000).toFixed(0), (window.redis.bytesOut / 1000).toFixed(0), window.memory.at(-1)!.toFixed(0)],
    ...[window.subscriberCpu.toFixed(1), window.told.memory, window.monitorCpu.toFixed(2), window.monitor.memory],
  ]
  console.log(figures.map((figure, i) => String(figure).padStart([8, 11, 13, 12, 14, 9, 10, 4, 18, 4, 16, 4][i]!)).join(''), note)
}
let long: Window | undefined
let lastBeat = 0
for (const services of STEPS) {
  const added = Array.from({ length: services - there }, (_, i) => `service-${there + i}`)
  there = services
  await Promise.all(
    workers.map((worker, of) => worker.ask({ ...begin, services: added.filter((_, i) => i % PROCESSES === of) } satisfies ToServices)),
  )
  setRates(services)
  await passed(2000)
  if (services < STEPS.at(-1)!) {
    const window = await watchFor(parts, passed(WINDOW_MS))
    bareLength = window.heard.alertLength
    row(services, window)
    continue
  }
  silent.kill()
  const scores = await redis.zrevrange(`{health}:instances:${SILENT}`, 0, 0, 'WITHSCORES')
  lastBeat = Number(scores[1])
  long = await watchFor(parts, passed(LONG_MINUTES * 60_000))
  row(services, long)
}
setRates(0)
await passed(2000)
row(there, await watchFor(parts, passed(WINDOW_MS)), ' no alert changes')
setRates(there)
const other = redis.duplicate()
const flooded = await watchFor(parts, flood(other, FLOOD_SECONDS, false))
other.disconnect()
const calm = long!

setRates(0)
subscriber.kill()
await passed(5000)
const alone = await readUse(redis)
await passed(WINDOW_MS / 2)
const { cpu, commands } = ratesOf(alone, await readUse(redis))
console.log(`Redis with no alert changes and no subscriber: ${cpu.toFixed(1)} %, ${commands.toFixed(0)} commands/s`)

console.log('\nmilliseconds on their way            p50      p90      p99     n')
for (const [what, latencies] of [
  ['bare PUBLISH', calm.heard.bare],
  ['alert, heard on its channel', calm.heard.alerts],
  ['alert, told by HealthSubscriber', calm.told.latencies],
  ['bare PUBLISH while one floods', flooded.heard.bare],
  ['alert, heard, while one floods', flooded.heard.alerts],
  ['alert, told, while one floods', flooded.told.latencies],
] as const)
  console.log(
    what.padEnd(33),
    ...[0.5, 0.9, 0.99].map((q) => ms(latencies, q).toFixed(2).padStart(8)),
    String(latencies.length).padStart(7),
  )

const reports = await Promise.all(workers.map((worker) => worker.ask<ServicesReport>()))
const sum = (of: 'changes' | 'dropped' | 'failed') => reports.reduce((total, report) => total + report[of], 0)
const { told } = flooded
console.log(`\n${sum('changes')} changes, ${sum('dropped')} dropped, ${sum('failed')} attempts failed; ${told.gaps} gaps at the subscriber`)
console.log(`Redis, MB over the long part: ${calm.memory.map((mb) => mb.toFixed(0)).join(' ')}`)
console.log(
  `Subscriber: ${calm.told.services} services, ${calm.told.instances} instances, heap ${calm.told.heap} MB, ${calm.told.memory} MB in all; with the flood ${told.heap} and ${told.memory}, ${told.mostMemory} at most`,
)
const found = told.silent.filter(({ service }) => service === SILENT)

bar('Redis, percent of a core', calm.redis.cpu, 50, 'at most', '%')
bar('commands per instance, 1,000 services against 100', perInstance.at(-1)! / perInstance[0]!, 1.2, 'at most', 'times')
bar('an alert reaches a listener, p99 against bare PUBLISH', ms(calm.heard.alerts, 0.99) / ms(calm.heard.bare, 0.99), 5, 'at most', 'times')
bar('HealthSubscriber tells it, p99 against bare PUBLISH', ms(calm.told.latencies, 0.99) / ms(calm.heard.bare, 0.99), 5, 'at most', 'times')
bar(
  'while one floods, p99 against bare PUBLISH meanwhile',
  ms(flooded.heard.alerts, 0.99) / ms(flooded.heard.bare, 0.99),
  5,
  'at most',
  'times',
)
bar('memory of the subscriber, with the flood', told.mostMemory, 200, 'at most', 'MB')
bar('of it because of the flood', told.mostMemory - calm.told.mostMemory, 50, 'at most', 'MB')
bar('times that the silent one was told', found.length, 1, 'at least', 'times')
bar('the silent one was found after its last beat', ((found[0]?.at ?? NaN) - lastBeat) / 1000, (3 * INTERVAL_MS) / 1000 + 1, 'at most', 's')
bar('other services said to be silent', told.silent.length - found.length, 0, 'at most', 'services')
bar('what was not published', sum('dropped'), 0, 'at most', 'messages')
// A sample that met a full buffer of a client says nothing.
const settled = (from: number, to?: number) => quantileOf(calm.memory.slice(from, to), 0.5)
bar('memory of Redis, the last half minute against a minute before', settled(-6) / settled(-18, -12), 1.05, 'at most', 'times')

for (const each of [...workers, beside, listener, subscriber, monitor]) each.kill()
redis.disconnect()
await server.stop()
