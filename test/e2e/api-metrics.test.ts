/**
 * Services that record with the plain API, under register: what they record is exported, once, and a rule of their own judges it, whether
 * or not they have an SDK and whoever is first. Over other versions of the SDK in test/ci/api-metrics.test.ts.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, expect, test, type TestContext } from 'vitest'

import { freePort } from '../../examples/valkey/free-port.ts'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import type { StatusMessage } from '../../src/wire/status-message.ts'
import { startOtlpReceiver, totalOf, type OtlpReceiver } from '../support/otlp-receiver.ts'
import type { CountingProgram } from './counting-program.ts'
import { HealthMessages } from './health-messages.ts'
import { linkProject } from './linked-project.ts'
import { expectSentOnce, ledgerOf, sentBy, startOrdersService, WAYS, type OrdersServiceOptions } from './orders-service.ts'

const TIMEOUT = { timeout: 60_000 }
const GOOD = { placed: 100, failed: 1 }
const BAD = { placed: 400, failed: 300 }
/** Of all that is in the window then, few enough failed. */
const GOOD_AGAIN = { placed: 20_000, failed: 0 }

const folder = mkdtempSync(join(tmpdir(), 'otel-health-'))
let valkey: EmbeddedValkey
let collector: OtlpReceiver
let health: HealthMessages
beforeAll(async () => {
  linkProject(folder)
  cpSync(fileURLToPath(new URL('./fixtures/api-metrics', import.meta.url)), folder, { recursive: true })
  ;[valkey, collector] = await Promise.all([startValkey(), startOtlpReceiver()])
  health = await HealthMessages.on(valkey.port)
})
afterAll(async () => {
  health.close()
  collector.close()
  await valkey.stop()
  rmSync(folder, { recursive: true })
})

const NO_SDK = WAYS.find(({ sdk }) => !sdk)!

/** Killed at the end of the test if it has not ended. */
function start({ onTestFinished, onTestFailed }: TestContext, service: string, more: Partial<OrdersServiceOptions> = {}): CountingProgram {
  const at = { redisPort: valkey.port, otlpEndpoint: collector.endpoint }
  const program = startOrdersService({ folder, service, way: NO_SDK, module: 'esm', ...at, ...more })
  onTestFailed(() => console.error(`${program.output}\n${health.last(service)}`))
  onTestFinished(() => program.kill())
  return program
}

const pointsOf = (service: string, { points } = collector) => points.filter((point) => point.service === service)
const isStopped = ({ phase }: StatusMessage): boolean => phase === 'stopped'

test.concurrent.for(
  WAYS.flatMap((way) => [
    { way, module: 'esm' as const },
    { way, module: 'cjs' as const },
  ]),
)('$way.way, $module: all is sent once, and the rule of its own fires', TIMEOUT, async ({ way, module }, context) => {
  const service = `${way.script}-${way.imports.length}-${way.imports[0] === './otel.js'}-${way.sdk}-${module}`
  const program = start(context, service, { way, module })
  program.count(GOOD)
  program.count(BAD)
  const fired = await health.alert(service, ({ type }) => type === 'fired')
  expect(fired).toMatchObject({ rule: 'orders_failing', state: 'firing', value: { current: 60.2, n: 500, failures: 301 } })
  const { metrics } = await health.metrics(service, (message) => typeof message.metrics['orders_failing'] === 'number')
  expect(metrics).toMatchObject({ orders_failing: 60.2 })
  program.count(GOOD_AGAIN)
  await health.alert(service, ({ type }) => type === 'resolved')
  const { output, ...end } = await program.end()
  expect(end).toEqual({ code: 0, signal: null })
  await health.status(service, isStopped)
  const points = pointsOf(service)
  expectSentOnce(points, ledgerOf(output))
  expect(points.map(({ scope }) => scope)).toContain('otel-health')
  expect(points.some(({ resource }) => resource.includes('theirs'))).toBe(way.sdk)
})

test.concurrent('three instances, one of them restarted in the midst: one alert, and all of their orders', TIMEOUT, async (context) => {
  const service = 'three'
  const programs = [start(context, service), start(context, service), start(context, service)]
  for (const program of programs) program.count(BAD)
  await health.alert(service, ({ type }) => type === 'fired')
  const ends = [await programs[0]!.end()]
  await health.status(service, isStopped)
  const rest = [...programs.slice(1), start(context, service)]
  for (const program of rest) program.count(GOOD_AGAIN)
  await health.alert(service, ({ type }) => type === 'resolved')
  ends.push(...(await Promise.all(rest.map((program) => program.end()))))
  expect(health.alertsOf(service).map(({ type }) => type)).toEqual(['fired', 'resolved'])
  const ledgers = ends.map(({ output }) => ledgerOf(output))
  const { placed, failed, seconds } = sentBy(pointsOf(service))
  const sum = (of: 'placed' | 'failed' | 'seconds') => ledgers.reduce((all, ledger) => all + ledger[of], 0)
  expect({ placed, failed, seconds }).toEqual({ placed: sum('placed'), failed: sum('failed'), seconds: sum('seconds') })
})

test.concurrent('a Redis and a collector that are away at the start hear of all of it when they come', TIMEOUT, async (context) => {
  const [redisPort, otlpPort] = await Promise.all([freePort(), freePort()])
  const program = start(context, 'early', { redisPort, otlpEndpoint: `http://127.0.0.1:${otlpPort}` })
  program.count(BAD)
  await program.says(/OTLP export fails/)
  const [late, receiver] = await Promise.all([startValkey({ port: redisPort }), startOtlpReceiver(otlpPort)])
  context.onTestFinished(async () => (receiver.close(), await late.stop()))
  const messages = await HealthMessages.on(redisPort)
  context.onTestFinished(() => messages.close())
  await messages.status('early', ({ alerts }) => alerts.some(({ state }) => state === 'firing'))
  await receiver.until((points) => totalOf(points, 'orders.placed') === BAD.placed)
  program.count(GOOD_AGAIN)
  await messages.alert('early', ({ type }) => type === 'resolved')
  const { code, output } = await program.end()
  expect(code).toBe(0)
  await messages.status('early', isStopped)
  expectSentOnce(receiver.points, ledgerOf(output.trim().split('\n').at(-1)!))
})

test.concurrent('an observable that never answers takes nothing from the others', TIMEOUT, async (context) => {
  const program = start(context, 'hanging', { env: { TROUBLE: 'hanging' } })
  program.count(BAD)
  await health.alert('hanging', ({ type }) => type === 'fired')
  const { code, output } = await program.end()
  expect(code).toBe(0)
  await health.status('hanging', isStopped)
  expectSentOnce(pointsOf('hanging'), ledgerOf(output.trim().split('\n').at(-1)!))
})

test.concurrent('10,000 series of one counter: each order is counted, and judged', TIMEOUT, async (context) => {
  const program = start(context, 'series', { env: { TROUBLE: 'series' } })
  program.count({ placed: 10_000, failed: 5000 })
  const fired = await health.alert('series', ({ type }) => type === 'fired')
  expect(fired).toMatchObject({ value: { current: 50, n: 10_000 } })
  const { code, output } = await program.end()
  expect(code).toBe(0)
  expect(sentBy(pointsOf('series'))).toEqual(ledgerOf(output.trim().split('\n').at(-1)!))
})

test.concurrent.for(WAYS)('a service that ends at once has lost nothing: $way', TIMEOUT, async (way, context) => {
  const service = `at-once-${WAYS.indexOf(way)}`
  const program = start(context, service, { way })
  program.count(GOOD)
  const { output, ...end } = await program.end()
  expect(end).toEqual({ code: 0, signal: null })
  await health.status(service, isStopped)
  expectSentOnce(pointsOf(service), ledgerOf(output))
})

test.concurrent('a service that is terminated after its first orders has lost none', TIMEOUT, async (context) => {
  const program = start(context, 'terminated', { env: { OTEL_METRIC_EXPORT_INTERVAL: '60000', ANSWERS: 'yes' } })
  program.count(GOOD)
  await program.says(/100 orders/)
  program.kill('SIGTERM')
  expect(await program.ended).toMatchObject({ code: null, signal: 'SIGTERM' })
  await health.status('terminated', isStopped)
  expect(sentBy(pointsOf('terminated'))).toMatchObject({ placed: GOOD.placed, failed: GOOD.failed, durations: 100, seen: 100 })
})
