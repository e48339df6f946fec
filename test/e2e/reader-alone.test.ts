/**
 * A program of 15 lines with an SDK of its own and HealthMetricReader, without register: alerts and status on Redis, and the same numbers at
 * the collector. Over other versions of the SDK, and with a real collector, in test/ci/reader-alone.test.ts.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, expect, test, type TestContext } from 'vitest'

import { freePort } from '../../examples/valkey/free-port.ts'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { toServiceName } from '../../src/config/service-name.ts'
import type { StatusMessage } from '../../src/wire/status-message.ts'
import { lastPoints, startOtlpReceiver, totalOf, type OtlpReceiver } from '../support/otlp-receiver.ts'
import { HealthMessages } from './health-messages.ts'
import type { CountingProgram } from './counting-program.ts'
import { linkProject } from './linked-project.ts'
import { PROGRAM, startReaderProgram, type ReaderProgramOptions } from './reader-program.ts'

const TIMEOUT = { timeout: 40_000 }
const GOOD = { hits: 95, lookups: 100 }
const BAD = { hits: 5, lookups: 1000 }
/** Of all that is in the window then, enough were hits. */
const GOOD_AGAIN = { hits: 10_000, lookups: 10_000 }

const folder = mkdtempSync(join(tmpdir(), 'otel-health-'))
let valkey: EmbeddedValkey
let collector: OtlpReceiver
let health: HealthMessages
beforeAll(async () => {
  linkProject(folder)
  ;[valkey, collector] = await Promise.all([startValkey(), startOtlpReceiver()])
  health = await HealthMessages.on(valkey.port)
})
afterAll(async () => {
  health.close()
  collector.close()
  await valkey.stop()
  rmSync(folder, { recursive: true })
})

const TROUBLED = fileURLToPath(new URL('./fixtures/reader-alone/troubled.js', import.meta.url))

/** Killed at the end of the test if it has not ended. */
function start({ onTestFinished, onTestFailed }: TestContext, service: string, more: Partial<ReaderProgramOptions> = {}): CountingProgram {
  const program = startReaderProgram({ folder, service, redisPort: valkey.port, otlpEndpoint: collector.endpoint, ...more })
  onTestFailed(() => console.error(`${program.output}\n${health.last(service)}`))
  onTestFinished(() => program.kill())
  return program
}

const pointsOf = (service: string, { points } = collector) => points.filter((point) => point.service === service)

/** Each has sent once what it was told to count, and nobody anything else. */
function expectLedger(service: string, programs: readonly CountingProgram[], receiver = collector): void {
  const own = pointsOf(service, receiver)
  const ledger = (of: 'hits' | 'lookups') => programs.reduce((sum, program) => sum + program.ledger[of]!, 0)
  expect({ hits: totalOf(own, 'cache.hits'), lookups: totalOf(own, 'cache.lookups') }).toEqual({
    hits: ledger('hits'),
    lookups: ledger('lookups'),
  })
  expect(lastPoints(own, 'cache.hits')).toHaveLength(programs.length)
}

const isRunning = ({ phase }: StatusMessage): boolean => phase === 'running'
const isFiring = ({ alerts }: StatusMessage): boolean => alerts.some(({ state }) => state === 'firing')
const WELL = { code: 0, signal: null, output: '' }

test('the program has at most 15 lines', () => {
  expect(readFileSync(PROGRAM, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(15)
})

test.concurrent(
  'fires and resolves, says how it is and that it stopped, and the collector has what was counted',
  TIMEOUT,
  async (context) => {
    const program = start(context, 'alone')
    program.count(GOOD)
    expect(await health.status('alone', isRunning)).toMatchObject({ status: 'healthy', alerts: [] })
    program.count(BAD)
    const fired = await health.alert('alone', ({ type }) => type === 'fired')
    expect(fired).toMatchObject({ rule: 'low_hit_rate', state: 'firing', severity: 'WARNING' })
    expect(await health.status('alone', isFiring)).toMatchObject({ status: 'degraded', alerts: [{ rule: 'low_hit_rate' }] })
    program.count(GOOD_AGAIN)
    await health.alert('alone', ({ type }) => type === 'resolved')
    expect(await program.end()).toEqual(WELL)
    await health.status('alone', ({ phase }) => phase === 'stopped')
    expectLedger('alone', [program])
  },
)

test.concurrent('three instances tell of one alert, which a restart in its midst does not end or repeat', TIMEOUT, async (context) => {
  const service = 'three'
  const programs = [start(context, service), start(context, service), start(context, service)]
  for (const program of programs) program.count(BAD)
  await health.alert(service, ({ type }) => type === 'fired')
  expect(await programs[0]!.end()).toEqual(WELL)
  const { instance: stopped } = await health.status(service, ({ phase }) => phase === 'stopped')
  programs.push(start(context, service))
  const rest = programs.slice(1)
  for (const program of rest) program.count(BAD)
  const status = await health.status(service, (message) => isFiring(message) && isRunning(message) && message.instance !== stopped)
  expect(status.status).not.toBe('healthy')
  for (const program of rest) program.count(GOOD_AGAIN)
  await health.alert(service, ({ type }) => type === 'resolved')
  for (const program of rest) expect(await program.end()).toEqual(WELL)
  expect(health.alertsOf(service).map(({ type }) => type)).toEqual(['fired', 'resolved'])
  expectLedger(service, programs)
})

test.concurrent('a Redis that is away at the start hears of the alert when it comes', TIMEOUT, async (context) => {
  const port = await freePort()
  const program = start(context, 'early', { redisPort: port })
  program.count(BAD)
  await collector.until((points) => points.some(({ service }) => service === 'early'))
  const late = await startValkey({ port })
  context.onTestFinished(() => late.stop())
  const messages = await HealthMessages.on(port)
  context.onTestFinished(() => messages.close())
  expect(await messages.status('early', isFiring)).toMatchObject({ status: 'degraded' })
  program.count(GOOD_AGAIN)
  await messages.alert('early', ({ type }) => type === 'resolved')
  expect(await program.end()).toEqual(WELL)
  await messages.status('early', ({ phase }) => phase === 'stopped')
  expectLedger('early', [program])
})

test.concurrent('with a collector that is away it is judged, and all of it is there when the collector comes', TIMEOUT, async (context) => {
  const port = await freePort()
  const program = start(context, 'unheard', { otlpEndpoint: `http://127.0.0.1:${port}` })
  program.count(BAD)
  await health.alert('unheard', ({ type }) => type === 'fired')
  const late = await startOtlpReceiver(port)
  context.onTestFinished(() => late.close())
  program.count(GOOD_AGAIN)
  await health.alert('unheard', ({ type }) => type === 'resolved')
  // The SDK's exporter waits longer and longer between its attempts, and gives up at the end.
  await late.until((points) => totalOf(points, 'cache.hits') === program.ledger.hits)
  expect(await program.end()).toMatchObject({ code: 0 })
  expectLedger('unheard', [program], late)
})

test.concurrent.for([
  { trouble: 'hanging', why: 'an observable that never answers' },
  { trouble: 'throwing', why: 'an observable that throws' },
  { trouble: 'detected', why: 'a name that is found out later' },
  { trouble: 'series', why: '10,000 series of one counter' },
])('fires and resolves in spite of $why', TIMEOUT, async ({ trouble }, context) => {
  const service = `trouble-${trouble}`
  const program = start(context, service, { program: TROUBLED, env: { TROUBLE: trouble } })
  program.count({ hits: 5, lookups: 10_000 })
  await health.alert(service, ({ type }) => type === 'fired')
  program.count({ hits: 50_000, lookups: 10_000 })
  await health.alert(service, ({ type }) => type === 'resolved')
  expect(await program.end()).toEqual(WELL)
  await health.status(service, ({ phase }) => phase === 'stopped')
  if (trouble !== 'series') return expectLedger(service, [program])
  // What the SDK does not tell apart it counts together: nothing is lost.
  expect(totalOf(pointsOf(service), 'cache.lookups')).toBe(program.ledger.lookups)
})

test.concurrent.for([
  { why: 'at once', trouble: '' },
  { why: 'at once, with an observable that never answers', trouble: 'hanging' },
])('a program that ends $why has said that it stopped, and lost nothing', TIMEOUT, async ({ why, trouble }, context) => {
  const service = toServiceName(why)!
  const program = start(context, service, { program: TROUBLED, env: { TROUBLE: trouble } })
  program.count(GOOD)
  expect(await program.end()).toEqual(WELL)
  await health.status(service, ({ phase }) => phase === 'stopped')
  expectLedger(service, [program])
})
