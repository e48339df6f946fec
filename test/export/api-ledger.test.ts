/**
 * A ledger of what services record with the plain API, and of what a collector is sent of it, each service a process of its own: nothing
 * twice, nothing lost, whoever is first.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { findPackageJSON } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Report } from './fixtures/api-service.ts'

const run = promisify(execFile)
const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
const OURS = ['--import', fixture('api-harness.ts')]
const SDK = ['--import', fixture('api-sdk.ts')]

interface Point {
  /** service.name of whoever sent it. */
  readonly by: string
  readonly metric: string
  readonly total: number
}

/** A test's service sends to a path of its own. */
const received = new Map<string, Point[]>()
const collector = createServer((request, response) => {
  void text(request).then((body) => {
    const id = request.url!.split('/')[1]!
    received.set(id, [...(received.get(id) ?? []), ...pointsOf(body)])
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})
let endpoint: string
let copies: string
beforeAll(async () => {
  copies = mkdtempSync(join(tmpdir(), 'otel-health-api-'))
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
  endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
})
afterAll(() => {
  collector.closeAllConnections()
  collector.close()
  rmSync(copies, { recursive: true })
})

function pointsOf(body: string): Point[] {
  type Data = { dataPoints: { count?: number; asDouble?: number; asInt?: number }[] }
  type Metric = { name: string; sum?: Data; gauge?: Data; histogram?: Data }
  const { resourceMetrics } = JSON.parse(body) as {
    resourceMetrics: {
      resource: { attributes: { key: string; value: { stringValue: string } }[] }
      scopeMetrics: { metrics: Metric[] }[]
    }[]
  }
  return resourceMetrics.flatMap(({ resource, scopeMetrics }) => {
    const by = resource.attributes.find(({ key }) => key === 'service.name')!.value.stringValue
    return scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ name, sum, gauge, histogram }) =>
        (sum ?? gauge ?? histogram)!.dataPoints.map(({ count, asDouble, asInt }) => ({
          by,
          metric: name,
          total: Number(count ?? asDouble ?? asInt),
        })),
      )
  })
}

let services = 0
async function runService(steps: string, flags: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const id = `service-${++services}`
  const { stdout } = await run(process.execPath, [...flags, fixture('api-service.ts'), ...steps.split(' ').filter(Boolean)], {
    env: { PATH: process.env['PATH'], HEAR: 'yes', OTEL_SERVICE_NAME: 'ours', OTEL_EXPORTER_OTLP_ENDPOINT: `${endpoint}/${id}`, ...env },
  })
  const sent: Record<string, Record<string, number>> = {}
  // Each has counted its metric from its own beginning, so that the last point of each is what it sent in all.
  for (const { by, metric, total } of received.get(id) ?? []) (sent[metric] ??= {})[by] = total
  const report = JSON.parse(stdout) as Report
  const cells = sent['tracker_fetcher.fetch.attempts']
  delete sent['tracker_fetcher.fetch.attempts']
  return { ...report, sent, cells }
}

/** Everything by one sender. */
function all(recorded: Readonly<Record<string, number>>, by: (metric: string) => string): Record<string, Record<string, number>> {
  return Object.fromEntries(Object.entries(recorded).map(([metric, total]) => [metric, { [by(metric)]: total }]))
}

describe('each value leaves once', () => {
  test.for([
    { why: 'no SDK: by us', flags: OURS, steps: 'make record make record', by: 'ours' },
    { why: 'an SDK in an --import before ours', flags: [...SDK, ...OURS], steps: 'make record make record', by: 'theirs' },
    { why: 'an SDK in an --import after ours', flags: [...OURS, ...SDK], steps: 'make record make record', by: 'theirs' },
    { why: 'an SDK in the first line of the service', flags: OURS, steps: 'sdk make record', by: 'theirs' },
    { why: 'an SDK after instruments were made', flags: OURS, steps: 'make sdk record make record', by: 'theirs' },
    { why: 'an SDK after instruments were used', flags: OURS, steps: 'make record record sdk record make record', by: 'theirs' },
    { why: 'an SDK after all was recorded', flags: OURS, steps: 'make record sdk', by: 'theirs' },
    { why: 'a second SDK, which the API refuses', flags: OURS, steps: 'make record sdk record second record make record', by: 'theirs' },
  ])('$why', async ({ flags, steps, by }) => {
    const { recorded, sent, cells, said } = await runService(steps, flags)
    expect(Object.keys(recorded).length).toBeGreaterThanOrEqual(5)
    expect(sent).toEqual(all(recorded, () => by))
    expect(cells).toEqual({ [by]: 1 })
    expect(said.filter((line) => /fails|could not|refused|no longer/u.test(line))).toEqual([])
  })

  test('an SDK that comes after our first export has what is made from then on', async () => {
    const env = { OTEL_METRIC_EXPORT_INTERVAL: '50' }
    const { recorded, sent, decided } = await runService('make record due sdk make record', OURS, env)
    expect(decided).toBe('own')
    expect(sent).toEqual(all(recorded, (metric) => (metric.startsWith('m0') ? 'ours' : 'theirs')))
  })

  test('metrics.disable() and another SDK after it: the new instruments are that one’s', async () => {
    const { recorded, sent } = await runService('make record sdk record disable second make record', OURS)
    expect(sent).toEqual(all(recorded, (metric) => (metric.startsWith('m0') ? 'theirs' : 'second')))
  })

  test('whatever copy of the API the service has', async () => {
    const copy = dirname(findPackageJSON('@opentelemetry/api', import.meta.url)!)
    const folder = join(copies, 'node_modules/@opentelemetry/api')
    cpSync(copy, folder, { recursive: true, dereference: true })
    const { recorded, sent } = await runService('make record', OURS, { API_COPY: folder })
    expect(Object.keys(recorded)).toHaveLength(5)
    expect(sent).toEqual(all(recorded, () => 'ours'))
  })
})

test.for([
  { why: 'no SDK', flags: OURS, steps: 'make record' },
  { why: 'an SDK before', flags: [...SDK, ...OURS], steps: 'make record' },
  { why: 'an SDK in the midst', flags: OURS, steps: 'make record sdk record' },
])('what rules name is judged, and leaves once: $why', async ({ flags, steps }) => {
  const named = ['m0.counter', 'm0.histogram', 'm0.observed', 'm0.batch']
  const { recorded, judged, sent } = await runService(steps, flags, { RULES_NAME: named.join(',') })
  expect(judged).toEqual(Object.fromEntries(named.map((metric) => [metric, recorded[metric]])))
  expect(Object.values(sent).map((senders) => Object.keys(senders).length)).toEqual([1, 1, 1, 1, 1])
})

test('what the API answers to the service about its SDKs is as without us', async () => {
  const { answers } = await runService('make sdk second', OURS)
  expect(answers).toEqual([
    { isGlobal: true, isGiven: true },
    { isGlobal: false, isGiven: false },
  ])
})

test.for([
  { why: 'it is said once that ours exports', steps: 'make record', line: /is exported by otel-health/ },
  { why: 'it is said once that the SDK of the service exports', steps: 'make record sdk record', line: /API leaves through the SDK/ },
])('$why', async ({ steps, line }) => {
  const { said } = await runService(steps, OURS)
  expect(said.filter((each) => line.test(each))).toHaveLength(1)
})

test('a service that never asks the API for a meter does not load the SDK', async () => {
  const { loadedSdk, said } = await runService('', OURS)
  expect(loadedSdk).toBe(false)
  expect(said.filter((line) => line.includes('API'))).toEqual([])
})

test('nor does one whose metrics no rule names, before they are exported', async () => {
  expect((await runService('make record', OURS)).loadedSdk).toBe(false)
})
