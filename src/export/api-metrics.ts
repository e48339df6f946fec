/**
 * Metrics of a service that knows only the OpenTelemetry API, put together: its meters come from us, their values leave with the cells,
 * and what rules name is collected for judgement, by a reader of ours in the service's SDK if it has one, else from a provider of our own.
 */
import { CollectingReader } from '../collect/collecting-reader.ts'
import { diag } from '../diag.ts'
import type { ModuleHook } from '../instrument/hook/module-hook.ts'
import type { Decided } from '../record/tee-recording.ts'
import type { Cancel, Clock, Sample } from '../types.ts'
import { answerForApi } from './api-copies.ts'
import type { Decision } from './api-meters.ts'
import { ApiMeters } from './api-meters.ts'
import { madeHealthReader } from './health-reader.ts'
import type { MetricsExport } from './metrics-export.ts'
import { loadOwnMetricsSdk } from './own-sdk.ts'

/** Milliseconds after the start at which metrics that nobody has made are spoken of. */
const UNSEEN_AFTER_MS = 60_000

export interface ApiMetricsOptions {
  /** The recording of the cells: where they leave, the API's metrics do. */
  readonly decision: Decision
  readonly metricsExport: Pick<MetricsExport, 'ownProvider'>
  readonly clock: Clock
  /** Names of the metrics that we record ourselves. */
  readonly own: ReadonlySet<string>
  /** Sees copies of the API that are loaded later; without it they are as without us. */
  readonly hook?: Pick<ModuleHook, 'add'>
  /** The one the user gave to the monitor, if not `healthReader()`. */
  readonly reader?: CollectingReader
  /** Milliseconds between two collections of what is judged; default: 10,000. */
  readonly intervalMs?: number
}

export interface ApiMetrics {
  /** Of the metrics that are kept: the samples of every series, as of the last collection. Looks for an SDK of the service if none has been found. */
  samples(): readonly Sample[]
  /** Names of the metrics that rules name; at first none. To be called before the service makes its instruments: one that an SDK of the service exports, and that was made before, is not judged. */
  keep(metrics: ReadonlySet<string>): void
  /** Through which SDK the metrics leave. */
  readonly decided: Decided | 'undecided'
  /** Each copy of the API answers for itself again, and nothing is judged any more. What was made until now still leaves. */
  stop(): void
}

/** One per process, before the service asks the API for a meter. Loads the SDK only when the service makes a metric that is kept, or when it is exported. */
export function takeApiMetrics(options: ApiMetricsOptions): ApiMetrics {
  const { decision, metricsExport, clock, hook, intervalMs } = options
  let kept: ReadonlySet<string> = new Set()
  const ofOurs = new CollectingReader({ clock, metrics: kept, ...(intervalMs !== undefined && { intervalMs }) })
  let known: CollectingReader | undefined
  const attachedReader = (): CollectingReader | undefined => {
    const reader = options.reader?.attached ? options.reader : madeHealthReader()
    if (!reader?.attached) return undefined
    if (reader !== known) reader.keep(kept)
    known = reader
    return reader
  }
  const cancels: Cancel[] = []
  /** Sees all that leaves through the SDK that was joined. */
  let ofSdk: CollectingReader | undefined
  /** What was recorded before that SDK was joined is in the totals of its reader, too. */
  let knowsEarly = false
  // Before the meters hear of it: they ask whether that SDK has a reader.
  decision.onDecided((decided) => {
    if (decided !== 'sdk') return
    ofSdk = attachedReader()
    if (!ofSdk) return
    diag.info("otel-health: metrics that rules name are read by the reader of ours in the service's SDK")
    const reader = ofSdk
    // Not in the midst of the start of that SDK.
    cancels.push(clock.after(0, () => void reader.forceFlush().then(() => (knowsEarly = true))))
  })
  const meters = new ApiMeters({
    decision,
    own: options.own,
    ownProvider: () => metricsExport.ownProvider(),
    judgingProvider: () => new (loadOwnMetricsSdk().MeterProvider)({ readers: [ofOurs] }),
    readerOfSdk: () => ofSdk,
  })
  cancels.push(
    answerForApi(meters, hook),
    () => void ofOurs.shutdown(),
    // A reader in an SDK sees a metric only once something was recorded, so that nobody can say that it is not there.
    clock.after(UNSEEN_AFTER_MS, () => {
      if (!ofSdk && !attachedReader()) sayUnseen(meters.unseen(), meters.decided)
    }),
  )
  return {
    samples() {
      meters.safely(() => meters.look())
      if (ofSdk) return knowsEarly || !ofOurs.attached ? ofSdk.latest : ofOurs.latest
      const beside = attachedReader()
      return beside ? [...ofOurs.latest, ...beside.latest] : ofOurs.latest
    },
    keep(metrics) {
      meters.keep(metrics)
      kept = meters.kept
      ofOurs.keep(kept)
      known?.keep(kept)
    },
    get decided() {
      return meters.decided
    },
    stop() {
      for (const cancel of cancels.splice(0)) cancel()
    },
  }
}

function sayUnseen(metrics: readonly string[], decided: Decided | 'undecided'): void {
  if (metrics.length === 0) return
  const mend =
    decided === 'sdk'
      ? 'to judge what instrumentations and others record on the SDK itself, add healthReader() to its metricReaders'
      : 'name in the rules what the service records, or, if it records with a MeterProvider that is not global, add healthReader() to its readers'
  diag.warn(
    `otel-health: nobody has made ${metrics.join(', ')}, which rules name, with metrics.getMeter() of the OpenTelemetry API; ${mend}`,
  )
}
