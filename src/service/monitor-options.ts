/** What a monitor is made with. */
import type { Check } from '../checks/check.ts'
import { redisCheck } from '../checks/redis-check.ts'
import { sqlCheck } from '../checks/sql-check.ts'
import type { Pingable } from '../checks/redis-check.ts'
import type { Queryable } from '../checks/sql-check.ts'
import type { CollectingReader } from '../collect/collecting-reader.ts'
import type { ApiMetricsOptions } from '../export/api-metrics.ts'
import type { HealthConfig } from '../config/health-config.ts'
import type { Environment } from '../config/options.ts'
import type { Settings } from '../config/settings.ts'
import type { MetricsConfig, RulesConfig } from '../rules/rules-config.ts'
import type { ServiceKind } from '../rules/service-kind.ts'
import type { FiguresConfig } from '../rules/figure.ts'
import type { RecordsConfig } from '../rules/tally.ts'
import type { Clock, HealthChannel, HealthExporter } from '../types.ts'
import type { MetricSource } from './metric-source.ts'

/** What whoever takes the metrics of the API has to know of the monitor. */
export type TakenApi = Pick<ApiMetricsOptions, 'decision' | 'metricsExport' | 'clock' | 'own' | 'reader'>

export interface ServiceHealthMonitorOptions extends Partial<Settings> {
  readonly serviceName?: string
  /** Identity of this process among the instances of the service; default: service.instance.id, else a random UUID. */
  readonly instance?: string
  /**
   * What it depends on, at most 20 names: other services as they are called in Redis, and checks of its own such as `redis`; instead of
   * those of health.config.
   */
  readonly dependsOn?: readonly string[]
  /** The service's own Redis client; it is pinged, nothing else. */
  readonly redis?: Pingable
  /** The service's own SQL client or pool; it is asked `SELECT 1`, nothing else. */
  readonly database?: Queryable
  readonly checks?: readonly Check[]
  /** Rules of one's own, and other limits for those that are there; before those of health.config. */
  readonly rules?: RulesConfig
  /** Metrics that the service records itself, for rules that name them. */
  readonly metrics?: MetricsConfig
  /** What status and metrics show besides, by name. */
  readonly figures?: FiguresConfig
  /** What `record` may be given, by name: the metrics that each of them adds to. */
  readonly records?: RecordsConfig
  /** What it is judged as instead of what the class is for. */
  readonly kind?: ServiceKind
  /** Takes what the service records with the OpenTelemetry API, so that it is judged and leaves with our figures. */
  readonly takeApi?: (parts: TakenApi) => MetricSource
  /** Whether figures leave by a provider of our own where no other SDK is there to take them. Default: true. */
  readonly exportsMetrics?: boolean
  /**
   * The reader that was added to another SDK's readers (NodeSDK's `metricReaders`), if it was not made by `healthReader()`: what rules name
   * of that SDK's metrics is judged by it. Figures of our own leave through the SDK whose MeterProvider is global with or without it; with
   * it, it is said if they can't.
   */
  readonly reader?: CollectingReader
  /** Where snapshots and alerts go; default: the health Redis. */
  readonly exporter?: HealthExporter
  /** Where they go besides. Each has a bounded queue of its own: one that hangs hurts nobody. */
  readonly channels?: readonly HealthChannel[]
  readonly clock?: Clock
  /** Default: `process.env`. */
  readonly env?: Environment
  /** A checked health.config. */
  readonly config?: HealthConfig
  readonly packageName?: string
}

export function checksOf({ redis, database, checks = [] }: ServiceHealthMonitorOptions): readonly Check[] {
  return [...(redis ? [redisCheck(redis)] : []), ...(database ? [sqlCheck(database)] : []), ...checks]
}
