/**
 * The owned provider: an OTel MeterProvider whose OTLP reader is given our cells as ordinary data points, next to
 * whatever other libraries record on it. Standard OTEL_* variables configure it; an endpoint that is down is said once.
 */
import type { Agent } from 'node:http'
import type { Socket } from 'node:net'

import { diag } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import type { IMetricReader, PushMetricExporter } from '@opentelemetry/sdk-metrics'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'

import type { CellStore } from './record/cells.ts'
import { createCellProducer } from './record/cell-producer.ts'
import type { Attributes, Clock } from './types.ts'
import { VERSION } from './version.ts'

const INTERVAL_MS = 60_000
const TIMEOUT_MS = 30_000
const REQUEST_TIMEOUT_MS = 10_000

export interface OwnedProviderOptions {
  readonly store: CellStore
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  /** Attributes of the resource, service.name and service.instance.id among them. */
  readonly resource: Attributes
  readonly onExportFailure: () => void
  /** Readers next to OTLP's. */
  readonly readers?: readonly IMetricReader[]
}

export interface OwnedProvider {
  readonly provider: MeterProvider
  /** Exports what was recorded until now; this and later exports give up within `timeoutMillis`, for the process is ending. */
  flush(timeoutMillis: number): Promise<void>
}

/** Makes the provider; without an OTLP reader if OTEL_SDK_DISABLED is true or OTEL_METRICS_EXPORTER is not otlp. */
export function createOwnedProvider(options: OwnedProviderOptions): OwnedProvider {
  const resource = defaultResource().merge(resourceFromAttributes(options.resource))
  const otlp = exportsOtlp(options.env) ? otlpReader(options) : undefined
  const provider = new MeterProvider({ resource, readers: [...(options.readers ?? []), ...(otlp ? [otlp.reader] : [])] })
  return {
    provider,
    async flush(timeoutMillis) {
      otlp?.lastExports(timeoutMillis)
      await provider.forceFlush({ timeoutMillis })
    },
  }
}

function exportsOtlp(env: OwnedProviderOptions['env']): boolean {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false
  const exporters = (env['OTEL_METRICS_EXPORTER']?.trim() || 'otlp').split(',').map((name) => name.trim())
  const others = exporters.filter((name) => name !== 'otlp' && name !== 'none')
  if (others.length > 0) {
    diag.warn(`otel-health: OTEL_METRICS_EXPORTER names "${others.join(', ')}", expected "otlp" or "none"; nothing is exported that way`)
  }
  const otlp = exporters.includes('otlp')
  const protocol = env['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL']
  if (otlp && protocol === 'grpc') {
    diag.warn('otel-health: the OTLP protocol is "grpc", but metrics are sent as http/json: give the endpoint of OTLP over HTTP, port 4318')
  }
  return otlp
}

interface OtlpReader {
  readonly reader: IMetricReader
  lastExports(timeoutMillis: number): void
}

function otlpReader({ store, clock, env, onExportFailure }: OwnedProviderOptions): OtlpReader {
  const interval = milliseconds(env, 'OTEL_METRIC_EXPORT_INTERVAL', INTERVAL_MS)
  const timeout = Math.min(interval, milliseconds(env, 'OTEL_METRIC_EXPORT_TIMEOUT', TIMEOUT_MS))
  // The request gives up first: when the reader does, it says so each time, and the next request is begun beside this one.
  const timeoutMillis = Math.min(Math.max(timeout / 2, timeout - 1000), requestTimeout(env))
  let target = new OTLPMetricExporter({ timeoutMillis, httpAgentOptions: agentThatHoldsNobody })
  const exporter = sayFailuresOnce(() => target, onExportFailure)
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: interval,
    exportTimeoutMillis: timeout,
    metricProducers: [
      createCellProducer({
        store,
        clock,
        version: VERSION,
        selectTemporality: (type) => exporter.selectAggregationTemporality!(type as never),
      }),
    ],
  })
  return {
    reader,
    lastExports(limit) {
      target = new OTLPMetricExporter({ timeoutMillis: Math.min(limit, timeoutMillis), httpAgentOptions: agentThatHoldsNobody })
    },
  }
}

/** An export under way does not keep a service alive that is done. */
async function agentThatHoldsNobody(protocol: string): Promise<Agent> {
  const { Agent: AgentOf } = protocol === 'https:' ? await import('node:https') : await import('node:http')
  const agent = new AgentOf({ keepAlive: true })
  const createConnection = agent.createConnection.bind(agent)
  agent.createConnection = (options, done) => {
    const socket = createConnection(options, done)
    ;(socket as Socket | undefined)?.unref()
    return socket
  }
  return agent
}

function requestTimeout(env: OwnedProviderOptions['env']): number {
  const name = env['OTEL_EXPORTER_OTLP_METRICS_TIMEOUT']?.trim() ? 'OTEL_EXPORTER_OTLP_METRICS_TIMEOUT' : 'OTEL_EXPORTER_OTLP_TIMEOUT'
  return milliseconds(env, name, REQUEST_TIMEOUT_MS)
}

/** As the OTel specification demands, a value that is no positive number is said and ignored. */
function milliseconds(env: OwnedProviderOptions['env'], name: string, fallback: number): number {
  const text = env[name]?.trim()
  if (!text) return fallback
  const value = Number(text)
  if (value > 0 && value < 2 ** 31) return value
  diag.warn(`otel-health: ${name} is "${text}", expected milliseconds > 0; ${fallback} is used`)
  return fallback
}

/** Without this the SDK logs a stack trace at each interval for as long as the endpoint is down. */
function sayFailuresOnce(exporter: () => OTLPMetricExporter, onFailure: () => void): PushMetricExporter {
  let failing = false
  return {
    export(metrics, done) {
      exporter().export(metrics, (result) => {
        const failed = result.code !== 0
        if (failed) onFailure()
        if (failed && !failing)
          diag.warn(`otel-health: OTLP export fails (${result.error?.message ?? 'no reason given'}); health is judged all the same`)
        if (!failed && failing) diag.warn('otel-health: OTLP export works again')
        failing = failed
        done({ code: 0 })
      })
    },
    forceFlush: () => exporter().forceFlush(),
    shutdown: () => exporter().shutdown(),
    selectAggregation: (type) => exporter().selectAggregation(type),
    selectAggregationTemporality: (type) => exporter().selectAggregationTemporality(type),
  }
}
