/**
 * Beside another SDK, over the newest and the oldest versions that are supported: what otel-health records arrives in the export of the
 * service's own SDK, once, next to what the service records, and its status is on Redis. Each row is a project of its own, installed from
 * the packed tarball.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { startOtlpReceiver, totalOf } from '../support/otlp-receiver.ts'
import { SdkProjects } from './sdk-projects.ts'

const SDK_2_0 = { '@opentelemetry/api': '~1.9.0', '@opentelemetry/sdk-node': '0.200.0' }
const SDK_2_12 = { '@opentelemetry/api': '~1.9.0', '@opentelemetry/sdk-node': '0.223.0' }
const SDK_3 = { '@opentelemetry/api': '~1.10.0', '@opentelemetry/sdk-node': '0.301.0' }
const AUTO_2_0 = { '@opentelemetry/api': '~1.9.0', '@opentelemetry/auto-instrumentations-node': '0.58.0' }
const AUTO_3 = { '@opentelemetry/api': '~1.10.0', '@opentelemetry/auto-instrumentations-node': '0.82.0' }
const EXPORTER_2_0 = { '@opentelemetry/exporter-metrics-otlp-http': '0.200.0', '@opentelemetry/sdk-metrics': '2.0.0' }
const EXPORTER_2_12 = { '@opentelemetry/exporter-metrics-otlp-http': '0.223.0', '@opentelemetry/sdk-metrics': '2.12.0' }
const EXPORTER_3 = { '@opentelemetry/exporter-metrics-otlp-http': '0.301.0', '@opentelemetry/sdk-metrics': '3.1.0' }

const OURS = ['--import', 'otel-health/register']
const SDK = ['--import', './sdk.mjs']
const AUTO = ['--import', '@opentelemetry/auto-instrumentations-node/register']

interface Row {
  readonly why: string
  readonly node: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly flags: readonly string[]
  readonly service: string
  /** Body of sdk.mjs; `READERS` are its own reader and what is added to it. */
  readonly sdk?: string
}

const NODE_SDK = (readers: string): string => `
import { NodeSDK } from '@opentelemetry/sdk-node'
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
${readers.includes('healthReader') ? `import { healthReader } from 'otel-health'` : ''}
const theirs = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(), exportIntervalMillis: 500, exportTimeoutMillis: 400 })
const sdk = new NodeSDK({ ${readers}, autoDetectResources: false })
sdk.start()
globalThis.shutdown = () => sdk.shutdown()
`

/** A MeterProvider made by hand. */
const PROVIDER = `
import { metrics } from '@opentelemetry/api'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
const theirs = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(), exportIntervalMillis: 500, exportTimeoutMillis: 400 })
const provider = new MeterProvider({ readers: [theirs] })
metrics.setGlobalMeterProvider(provider)
globalThis.shutdown = () => provider.shutdown()
`

const rows: readonly Row[] = [
  {
    why: 'SDK 2.0 in an --import before ours, with our reader; ioredis 5; Node 22',
    node: '22',
    dependencies: { ...SDK_2_0, ...EXPORTER_2_0, ioredis: '5.11.0' },
    flags: [...SDK, ...OURS],
    service: 'service.mjs',
    // One reader only: 0.200 has not yet heard of several.
    sdk: PROVIDER.replace('[theirs]', '[theirs, healthReader()]').replace('\n', `\nimport { healthReader } from 'otel-health'\n`),
  },
  {
    why: 'NodeSDK of 2.0 in an --import after ours; ioredis 6; Node 24',
    node: '24',
    dependencies: { ...SDK_2_0, ...EXPORTER_2_0, ioredis: '^6.0.0' },
    flags: [...OURS, ...SDK],
    service: 'service.mjs',
    sdk: NODE_SDK('metricReader: theirs'),
  },
  {
    why: 'NodeSDK of 2.12 in the first lines of a CommonJS service; ioredis 5; Node 26',
    node: '26',
    dependencies: { ...SDK_2_12, ...EXPORTER_2_12, ioredis: '^5.11.0' },
    flags: OURS,
    service: 'service.cjs',
    sdk: NODE_SDK('metricReaders: [theirs]'),
  },
  {
    why: 'NodeSDK of 3.1 in an --import before ours, with our reader; ioredis 6; Node 26',
    node: '26',
    dependencies: { ...SDK_3, ...EXPORTER_3, ioredis: '^6.0.0' },
    flags: [...SDK, ...OURS],
    service: 'service.mjs',
    sdk: NODE_SDK('metricReaders: [theirs, healthReader()]'),
  },
  {
    why: 'MeterProvider of 3.1 in the first lines of the service; ioredis 5; Node 22',
    node: '22',
    dependencies: { '@opentelemetry/api': '~1.10.0', ...EXPORTER_3, ioredis: '5.11.0' },
    flags: OURS,
    service: 'with-sdk.mjs',
    sdk: PROVIDER,
  },
  {
    why: 'auto-instrumentations-node of 2.0 before ours; ioredis 5; Node 22',
    node: '22',
    dependencies: { ...AUTO_2_0, ioredis: '5.11.0' },
    flags: [...AUTO, ...OURS],
    service: 'service.mjs',
  },
  {
    why: 'auto-instrumentations-node of 3.0 after ours; ioredis 6; Node 24',
    node: '24',
    dependencies: { ...AUTO_3, ioredis: '^6.0.0' },
    flags: [...OURS, ...AUTO],
    service: 'service.mjs',
  },
  {
    why: 'no SDK at all: ours exports; ioredis 5; Node 22.18',
    node: '22.18.0',
    dependencies: { '@opentelemetry/api': '~1.9.0', ioredis: '^5.11.0' },
    flags: OURS,
    service: 'service.mjs',
  },
  {
    why: 'no SDK at all, in a project with api 1.10: ours exports; ioredis 6; Node 26',
    node: '26',
    dependencies: { '@opentelemetry/api': '~1.10.0', ioredis: '^6.0.0' },
    flags: OURS,
    service: 'service.cjs',
    sdk: '',
  },
]

const CALLS = 40
const FAILURES = 7

/** 47 calls within two seconds, the rest of the work being Redis; then it ends as its SDK wants it to. */
const SERVICE = `
class Client {
  async call(n) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    if (n >= ${CALLS}) throw Object.assign(new Error('no'), { code: 'ECONNRESET' })
    return n
  }
}
module.exports.Client = Client
`
const MAIN = `
const work = metrics.getMeter('service').createCounter('service.work')
const redis = new Redis({ port: Number(process.env.SERVICE_REDIS_PORT) })
const client = new Client()
async function main() {
  for (let n = 0; n < ${CALLS + FAILURES}; n++) {
    await client.call(n).catch(() => {})
    await redis.incr('work')
    if (n % 10 === 0) await (await fetch(process.env.PING)).arrayBuffer()
    work.add(1)
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
  await redis.quit()
  await globalThis.shutdown?.()
  if (!globalThis.shutdown && process.env.END_BY_SIGNAL) process.kill(process.pid, 'SIGTERM')
  console.log('done')
}
main()
`
const FILES: Readonly<Record<string, string>> = {
  'client.cjs': SERVICE,
  'service.mjs': `import { metrics } from '@opentelemetry/api'\nimport { Redis } from 'ioredis'\nimport { Client } from './client.cjs'\n${MAIN}`,
  'with-sdk.mjs': `import './sdk.mjs'\nimport { metrics } from '@opentelemetry/api'\nimport { Redis } from 'ioredis'\nimport { Client } from './client.cjs'\n${MAIN}`,
  'service.cjs': `require('./sdk.mjs')\nconst { metrics } = require('@opentelemetry/api')\nconst { Redis } = require('ioredis')\nconst { Client } = require('./client.cjs')\n${MAIN}`,
  'health.config.js': `export default { profile: 'tracker_fetcher', methods: [{ module: './client.cjs', class: 'Client', method: 'call', records: 'api_call', upstream: 'apple' }] }`,
}

let projects: SdkProjects
let valkey: EmbeddedValkey
beforeAll(async () => {
  ;[projects, valkey] = await Promise.all([SdkProjects.pack(), startValkey()])
})
afterAll(async () => {
  await valkey?.stop()
  await projects?.remove()
})

describe('beside another SDK', () => {
  test.for(rows)('$why', { timeout: 120_000 }, async ({ why, node, dependencies, flags, service, sdk }) => {
    const auto = flags.includes(AUTO[1]!)
    const folder = await projects.project(dependencies)
    for (const [file, body] of Object.entries(FILES)) await writeFile(join(folder, file), body)
    if (sdk !== undefined) await writeFile(join(folder, 'sdk.mjs'), sdk)

    const collector = await startOtlpReceiver()
    const name = `matrix_${process.pid}_${rows.findIndex((row) => row.why === why)}`
    const subscriber = new Redis({ port: valkey.port })
    const statuses: { status: string; phase: string }[] = []
    await subscriber.subscribe(`health:service:${name}:status`)
    subscriber.on('message', (_channel, message) => statuses.push(JSON.parse(message) as (typeof statuses)[number]))

    const child = spawn(await projects.node(node), [...flags, service], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HEALTH_REDIS_HOST: '127.0.0.1',
        HEALTH_REDIS_PORT: String(valkey.port),
        SERVICE_REDIS_PORT: String(valkey.port),
        PING: `${collector.endpoint}/ping`,
        HEALTH_SERVICE_NAME: name,
        OTEL_SERVICE_NAME: name,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_METRICS_EXPORTER: 'otlp',
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        OTEL_METRIC_EXPORT_INTERVAL: '1000',
        OTEL_METRIC_EXPORT_TIMEOUT: '900',
        ...(auto && { END_BY_SIGNAL: 'yes' }),
      },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const [exitCode, signal] = (await once(child, 'close')) as [number | null, string | null]
    await subscriber.quit()
    collector.close()

    expect({ exitCode, signal, output }).toMatchObject({ output: expect.stringContaining('done') })
    expect(output).not.toMatch(/otel-health:/)
    const { points } = collector
    const attempts = 'tracker_fetcher.upstream.duration'
    expect(totalOf(points, attempts)).toBe(CALLS + FAILURES)
    expect(new Set(points.map(({ resource }) => resource)).size).toBe(1)
    expect(points.map(({ scope }) => scope)).toContain('otel-health')
    // What both could have measured was measured by one.
    const scopes = Map.groupBy(points, ({ metric }) => metric)
    const twice = [...scopes].filter(([, each]) => new Set(each.map(({ scope }) => scope)).size > 1)
    expect(twice.map(([metric]) => metric)).toEqual([])
    if (!sdk || auto) expect(totalOf(points, 'http.client.request.duration')).toBeGreaterThanOrEqual(5)
    if (sdk || auto) expect(totalOf(points, 'service.work')).toBe(CALLS + FAILURES)
    expect(points.map(({ metric }) => metric)).toContain('health.status')
    expect(statuses).toContainEqual(expect.objectContaining({ status: 'healthy', phase: 'running' }))
    expect(statuses.at(-1)).toMatchObject({ phase: 'stopped' })
  })
})
