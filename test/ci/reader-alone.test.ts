/**
 * The program of test/e2e/reader-alone.test.ts over the SDKs that are supported, each in a project of its own that is installed from the
 * packed tarball, with a real Redis; and once more with the real collector and the real Prometheus behind it.
 */
import { readFileSync } from 'node:fs'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { prometheusName } from '../../src/export/prometheus-name.ts'
import { counter } from '../../src/rules/metric-ref.ts'
import type { StatusMessage } from '../../src/wire/status-message.ts'
import { HealthMessages } from '../e2e/health-messages.ts'
import type { CountingProgram } from '../e2e/counting-program.ts'
import { PROGRAM, startReaderProgram } from '../e2e/reader-program.ts'
import { lastPoints, startOtlpReceiver, totalOf } from '../support/otlp-receiver.ts'
import { startRedis, type RealRedis } from './real-redis.ts'
import { RealStack } from './real-stack.ts'
import { SDK_PACKAGES, SdkProjects, type SdkVersion } from './sdk-projects.ts'

let redis: RealRedis
let projects: SdkProjects
let health: HealthMessages
beforeAll(async () => {
  ;[redis, projects] = await Promise.all([startRedis(), SdkProjects.pack()])
  health = await HealthMessages.on(redis.port)
})
afterAll(async () => {
  health.close()
  await redis.stop()
  await projects.remove()
})

const ROWS: readonly { readonly sdk: SdkVersion; readonly node: string }[] = [
  { sdk: '2.0', node: '22.18.0' },
  { sdk: '2.12', node: '26' },
  { sdk: '3.1', node: '24' },
]

test('the program has at most 15 lines', () => {
  expect(readFileSync(PROGRAM, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(15)
})

const isFiring = ({ alerts }: StatusMessage): boolean => alerts.some(({ state }) => state === 'firing')

/** The service runs, fails, is well again, and ends: all of it is said. Returns the process, which has ended. */
async function runProgram(service: string, { sdk, node }: (typeof ROWS)[number], otlpEndpoint: string): Promise<CountingProgram> {
  const folder = await projects.project(SDK_PACKAGES[sdk])
  const program = startReaderProgram({ folder, service, redisPort: redis.port, otlpEndpoint, node: await projects.node(node) })
  program.count({ hits: 95, lookups: 100 })
  expect(await health.status(service, ({ phase }) => phase === 'running')).toMatchObject({ status: 'healthy', alerts: [] })
  program.count({ hits: 5, lookups: 1000 })
  const fired = await health.alert(service, ({ type }) => type === 'fired')
  expect(fired).toMatchObject({ rule: 'low_hit_rate', state: 'firing', severity: 'WARNING' })
  expect(await health.status(service, isFiring)).toMatchObject({ status: 'degraded', alerts: [{ rule: 'low_hit_rate' }] })
  program.count({ hits: 10_000, lookups: 10_000 })
  await health.alert(service, ({ type }) => type === 'resolved')
  expect(await program.end()).toEqual({ code: 0, signal: null, output: '' })
  await health.status(service, ({ phase }) => phase === 'stopped')
  expect(health.alertsOf(service).map(({ type }) => type)).toEqual(['fired', 'resolved'])
  return program
}

test.for(ROWS)('SDK $sdk on Node $node: fires, resolves and stops, and an OTLP endpoint has the same numbers', async (row) => {
  const collector = await startOtlpReceiver()
  const { ledger } = await runProgram(`reader-${row.sdk}`, row, collector.endpoint)
  collector.close()
  const { points } = collector
  expect({ hits: totalOf(points, 'cache.hits'), lookups: totalOf(points, 'cache.lookups') }).toEqual(ledger)
  expect([...lastPoints(points, 'cache.hits'), ...lastPoints(points, 'cache.lookups')]).toHaveLength(2)
})

test('the same numbers are in a real Prometheus behind the real collector', async () => {
  const stack = await RealStack.start()
  const { ledger } = await runProgram('reader-stack', { sdk: '3.1', node: '26' }, stack.otlpEndpoint)
  const total = async (name: string) => await stack.query(`${prometheusName(counter(name).ref.definition)}{job="reader-stack"}`)
  await expect.poll(() => total('cache.hits'), { timeout: 60_000 }).toMatchObject([{ value: ledger['hits'] }])
  await expect.poll(() => total('cache.lookups'), { timeout: 60_000 }).toMatchObject([{ value: ledger['lookups'] }])
  await stack.stop()
})
