/**
 * The owned provider: an OTel MeterProvider whose OTLP reader is given our cells as ordinary data points, next to
 * whatever other libraries record on it. Standard OTEL_* variables configure it; an endpoint that is down is said once.
 * Making one loads the SDK (see own-sdk.ts).
 */
import type { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import type { IMetricReader, MeterProvider, PushMetricExporter } from '@opentelemetry/sdk-metrics'

import { diag } from '../diag.ts'
import { createOtlpExporter } from './otlp-exporter.ts'
import type { OtlpSettings } from './otlp-settings.ts'
import { loadOwnSdk } from './own-sdk.ts'
import type { CellStore } from '../record/cells.ts'
import { createCellProducer } from '../record/cell-producer.ts'
import type { Attributes, Clock } from '../types.ts'
import { VERSION } from '../version.ts'

export interface OwnedProviderOptions {
  readonly store: CellStore
  readonly clock: Clock
  /** `undefined`: nothing is exported over OTLP. */
  readonly otlp: OtlpSettings | undefined
  /** Attributes of the resource, service.name and service.instance.id among them. */
  readonly resource: Attributes
  readonly onExportFailure: () => void
}

export interface OwnedProvider {
  readonly provider: MeterProvider
  /** Exports what was recorded until now; this and later exports give up within `timeoutMillis`, for the process is ending. */
  flush(timeoutMillis: number): Promise<void>
}

/** Throws if the SDK cannot be loaded. */
export function createOwnedProvider(options: OwnedProviderOptions): OwnedProvider {
  const { resources, metrics } = loadOwnSdk()
  const { defaultResource, resourceFromAttributes } = resources
  const resource = defaultResource().merge(resourceFromAttributes(options.resource))
  const otlp = options.otlp && otlpReader(options, options.otlp)
  const provider = new metrics.MeterProvider({ resource, readers: otlp ? [otlp.reader] : [] })
  return {
    provider,
    async flush(timeoutMillis) {
      otlp?.lastExports(timeoutMillis)
      await provider.forceFlush({ timeoutMillis })
    },
  }
}

interface OtlpReader {
  readonly reader: IMetricReader
  lastExports(timeoutMillis: number): void
}

function otlpReader({ store, clock, onExportFailure }: OwnedProviderOptions, settings: OtlpSettings): OtlpReader {
  const { intervalMs, timeoutMs, requestTimeoutMs: timeoutMillis } = settings
  let target = createOtlpExporter(timeoutMillis)
  const exporter = sayFailuresOnce(() => target, onExportFailure)
  const reader = new (loadOwnSdk().metrics.PeriodicExportingMetricReader)({
    exporter,
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: timeoutMs,
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
      target = createOtlpExporter(Math.min(limit, timeoutMillis))
    },
  }
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
