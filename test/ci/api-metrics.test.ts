/**
 * The services of test/e2e/api-metrics.test.ts with NodeSDK of the versions that are supported, each in a project that is installed from
 * the packed tarball: what they record with the plain API leaves once, and a rule of their own judges it.
 */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { HealthMessages } from '../e2e/health-messages.ts'
import { expectSentOnce, ledgerOf, startOrdersService, WAYS } from '../e2e/orders-service.ts'
import { startOtlpReceiver, type OtlpReceiver } from '../support/otlp-receiver.ts'
import { startRedis, type RealRedis } from './real-redis.ts'
import { SDK_PACKAGES, SdkProjects, type SdkVersion } from './sdk-projects.ts'

const FIXTURES = fileURLToPath(new URL('../e2e/fixtures/api-metrics', import.meta.url))

/** In the place of otel.js; 0.200 has not yet heard of several readers. */
const nodeSdk = (readers: 'metricReader: reader' | 'metricReaders: [reader]'): string => `
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
const [exporter, exportIntervalMillis, exportTimeoutMillis] = [new OTLPMetricExporter(), 500, 500]
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis, exportTimeoutMillis })
const sdk = new NodeSDK({ ${readers}, serviceName: process.env.OTEL_SERVICE_NAME, autoDetectResources: false })
sdk.start()
globalThis.shutdown = () => sdk.shutdown()
`

const SDKS: readonly { readonly sdk: SdkVersion; readonly node: string; readonly readers: Parameters<typeof nodeSdk>[0] }[] = [
  { sdk: '2.0', node: '22.18.0', readers: 'metricReader: reader' },
  { sdk: '2.12', node: '24', readers: 'metricReaders: [reader]' },
  { sdk: '3.1', node: '26', readers: 'metricReaders: [reader]' },
]

let redis: RealRedis
let collector: OtlpReceiver
let projects: SdkProjects
let health: HealthMessages
beforeAll(async () => {
  ;[redis, collector, projects] = await Promise.all([startRedis(), startOtlpReceiver(), SdkProjects.pack()])
  health = await HealthMessages.on(redis.port)
})
afterAll(async () => {
  health.close()
  collector.close()
  await redis.stop()
  await projects.remove()
})

describe.for(SDKS)('SDK $sdk on Node $node', ({ sdk, node, readers }) => {
  let folder: string
  beforeAll(async () => {
    folder = await projects.project(SDK_PACKAGES[sdk])
    cpSync(FIXTURES, folder, { recursive: true })
    writeFileSync(join(folder, 'otel.js'), nodeSdk(readers))
  })

  const rows = WAYS.flatMap((way) => (['esm', 'cjs'] as const).map((module) => ({ ...way, module })))
  test.concurrent.for(rows)('$way, $module', async ({ module, ...way }) => {
    const service = `api-${sdk}-${WAYS.findIndex(({ way: each }) => each === way.way)}-${module}`
    const at = { redisPort: redis.port, otlpEndpoint: collector.endpoint, node: await projects.node(node) }
    const program = startOrdersService({ folder, service, way, module, ...at })
    program.count({ placed: 100, failed: 1 })
    program.count({ placed: 400, failed: 300 })
    const fired = await health.alert(service, ({ type }) => type === 'fired')
    expect(fired).toMatchObject({ rule: 'orders_failing', state: 'firing', value: { current: 60.2, n: 500, failures: 301 } })
    const { metrics } = await health.metrics(service, (message) => typeof message.metrics['orders_failing'] === 'number')
    expect(metrics).toMatchObject({ orders_failing: 60.2 })
    const { output, ...end } = await program.end()
    expect(end).toEqual({ code: 0, signal: null })
    await health.status(service, ({ phase }) => phase === 'stopped')
    expectSentOnce(
      collector.points.filter((point) => point.service === service),
      ledgerOf(output),
    )
  })
})
