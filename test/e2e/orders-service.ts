/** A service that records its orders with the plain API, under register, with a rule of its own about them. */
import { expect } from 'vitest'

import { totalOf, lastPoints, sumOf, type Point } from '../support/otlp-receiver.ts'
import { CountingProgram } from './counting-program.ts'

/** What each is started with, `node <these>`; otel.js starts an SDK. */
export const WAYS = [
  { way: 'an SDK in an --import before ours', sdk: true, imports: ['./otel.js', 'otel-health/register'], script: 'service' },
  { way: 'an SDK in an --import after ours', sdk: true, imports: ['otel-health/register', './otel.js'], script: 'service' },
  { way: 'an SDK in the first line of the service', sdk: true, imports: ['otel-health/register'], script: 'with-sdk' },
  { way: 'no SDK', sdk: false, imports: ['otel-health/register'], script: 'service' },
] as const
export type Way = (typeof WAYS)[number]

export interface OrdersServiceOptions {
  /** Of a project, with all of test/e2e/fixtures/api-metrics. */
  readonly folder: string
  readonly service: string
  readonly way: Way
  /** Whether it is an ES module or CommonJS. */
  readonly module: 'esm' | 'cjs'
  readonly redisPort: number
  readonly otlpEndpoint: string
  readonly node?: string
  readonly env?: NodeJS.ProcessEnv
}

/** Counts `placed` and `failed`. */
export function startOrdersService(options: OrdersServiceOptions): CountingProgram {
  const { folder, service, way, module, redisPort, otlpEndpoint, node, env = {} } = options
  return new CountingProgram({
    folder,
    script: `${way.script}.${module === 'esm' ? 'js' : 'cjs'}`,
    flags: way.imports.flatMap((each) => ['--import', each]),
    ...(node !== undefined && { node }),
    env: {
      HEALTH_REDIS_HOST: '127.0.0.1',
      HEALTH_REDIS_PORT: String(redisPort),
      HEALTH_PUBLISHING_INTERVAL: '1',
      HEALTH_METRICS_INTERVAL: '1',
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      // A request may take 2 s: who receives it has other tests to run, and a service that waits in vain says so.
      OTEL_METRIC_EXPORT_INTERVAL: '3000',
      OTEL_METRIC_EXPORT_TIMEOUT: '3000',
      ...env,
    },
  })
}

export interface OrdersLedger {
  readonly placed: number
  readonly failed: number
  readonly open: number
  readonly durations: number
  readonly seconds: number
  /** What the gauge was set to last. */
  readonly size: number
  readonly seen: number
}

/** What a service has recorded by itself: its last line, before and after which it said nothing. Throws if it did. */
export function ledgerOf(output: string): OrdersLedger {
  if (output.trim().includes('\n')) throw new Error(`The service said more than what it has recorded:\n${output}`)
  return JSON.parse(output) as OrdersLedger
}

/** What one has sent, by whatever ways. */
export function sentBy(points: readonly Point[]): OrdersLedger {
  return {
    placed: totalOf(points, 'orders.placed'),
    failed: totalOf(points, 'orders.failed'),
    open: totalOf(points, 'orders.open'),
    durations: totalOf(points, 'orders.duration'),
    seconds: sumOf(points, 'orders.duration'),
    size: totalOf(points, 'orders.size'),
    seen: totalOf(points, 'orders.seen'),
  }
}

/** All that it recorded was sent, once and by one: in the sum nothing could make up for something else. */
export function expectSentOnce(points: readonly Point[], ledger: OrdersLedger): void {
  expect(sentBy(points)).toEqual(ledger)
  for (const metric of ['failed', 'open', 'duration', 'size', 'seen']) expect(lastPoints(points, `orders.${metric}`)).toHaveLength(1)
  expect(lastPoints(points, 'orders.placed')).toHaveLength(2)
  expect(new Set(points.map(({ resource }) => resource)).size).toBe(1)
}
