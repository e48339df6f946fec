/** The way of figures to a collector. */

import type { MeterProvider } from '@opentelemetry/api'

import { maskedText } from '../credentials.ts'
import { diag } from '../diag.ts'
import { EXPORT_FAILURES } from '../catalogue.ts'
import type { CollectingReader } from '../collect/collecting-reader.ts'
import type { Environment, HealthOptions } from '../config/options.ts'
import { parseResourceAttributes } from '../config/options.ts'
import { globalMeterProvider } from './global-provider.ts'
import { madeHealthReader } from './health-reader.ts'
import type { OwnedProvider } from './owned-provider.ts'
import { createOwnedProvider } from './owned-provider.ts'
import { loadOwnSdk } from './own-sdk.ts'
import { otlpSettings, unusableEndpoint } from './otlp-settings.ts'
import type { CellStore } from '../record/cells.ts'
import type { TeeRecording } from '../record/tee-recording.ts'
import type { Cancel, Clock } from '../types.ts'

/** Milliseconds after which the SDK is loaded if nobody needed it before: a service that just started stands the pause best. */
const LOAD_AFTER_MS = 1000

export interface Exporting {
  readonly options: HealthOptions
  readonly instance: string
  readonly clock: Clock
  readonly store: CellStore
  /** What is exported here if it does not leave through an SDK of the service. */
  readonly recording: TeeRecording
  readonly env: Environment
  /** `false`: nothing leaves but through an SDK of the service. */
  readonly exports: boolean
  /** The one the user gave to the monitor, if not `healthReader()`. */
  readonly reader?: CollectingReader
}

/** The way of figures to a collector: that of the service's own SDK if there is one when the first export is due, else one of ours. */
export interface MetricsExport {
  /** Begins to export at the interval that OTEL_* says. Returns what ends that. */
  start(): Cancel
  /** Exports what was recorded until now, started or not, within `timeoutMs`, for the process is ending. What leaves through the service's SDK is flushed by that. */
  flush(timeoutMs: number): Promise<void>
  /** What is recorded on its meters leaves with the figures, at their interval. Made at once, with which no other SDK is joined any more; `undefined` if nothing is exported. Throws if the SDK cannot be loaded. */
  ownProvider(): MeterProvider | undefined
}

export function createMetricsExport({ options, instance, clock, store, recording, env, exports, reader }: Exporting): MetricsExport {
  const { serviceName, originalServiceName } = options
  const otlp = exports ? otlpSettings(env) : undefined
  if (!otlp) return { start: () => () => {}, flush: async () => void recording.join(), ownProvider: () => undefined }

  const unusable = unusableEndpoint(env)
  if (unusable) diag.warn(`otel-health: ${unusable.message}, so that no metric reaches it. ${unusable.mend}`)
  let made: OwnedProvider | undefined
  /** Exports at its interval from now on, so that nothing may leave through another SDK any more. */
  const own = (): OwnedProvider => {
    // Whoever hears of the decision may ask for the provider before this returns.
    recording.settle()
    if (made) return made
    sayNotJoined(reader ?? madeHealthReader())
    made = createOwnedProvider({
      store,
      clock,
      otlp,
      resource: masked({
        ...parseResourceAttributes(env['OTEL_RESOURCE_ATTRIBUTES']),
        'service.name': env['OTEL_SERVICE_NAME'] || (originalServiceName ?? serviceName),
        'service.instance.id': instance,
      }),
      onExportFailure: () => store.counter(EXPORT_FAILURES, {}).add(1),
    })
    return made
  }
  return {
    start() {
      let saidLate = false
      const cancels = [
        clock.after(Math.min(LOAD_AFTER_MS, otlp.intervalMs), () => {
          if (recording.join()) return
          try {
            loadOwnSdk()
          } catch (error) {
            sayNotLoaded(error)
          }
        }),
        clock.every(otlp.intervalMs, () => {
          if (recording.join()) return
          if (!made) exportNow().catch(sayNotLoaded)
          else if (!saidLate && globalMeterProvider()) {
            saidLate = true
            diag.warn(LATE)
          }
        }),
      ]
      return () => {
        for (const cancel of cancels) cancel()
      }
    },
    async flush(timeoutMs) {
      // Not in the same tick: a process that exits has no other, and would load the SDK for nothing.
      await Promise.resolve()
      if (!recording.join()) await own().flush(timeoutMs)
    },
    ownProvider: () => own().provider,
  }

  async function exportNow(): Promise<void> {
    await own().provider.forceFlush()
  }
}

const LATE =
  'otel-health: an OpenTelemetry SDK was started after otel-health had begun to export by itself; ' +
  'figures leave on their own until the SDK is started earlier: in an --import, or in the first lines of the service'

/** Whoever made a reader for an SDK wants the figures to leave through it. */
function sayNotJoined(reader: CollectingReader | undefined): void {
  if (!reader) return
  const why = reader.attached
    ? 'its MeterProvider is not the global one: call metrics.setGlobalMeterProvider(provider)'
    : 'no SDK has taken it: add it to metricReaders of NodeSDK and start that'
  diag.warn(`otel-health: there is a reader of ours, but ${why}; until then figures are exported beside that SDK`)
}

function sayNotLoaded(error: unknown): void {
  diag.error('otel-health: the OTLP export could not begin; health is judged all the same:', error)
}

/** No attribute of a resource names the user or the password of a URL. */
function masked(attributes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, maskedText(value)]))
}
