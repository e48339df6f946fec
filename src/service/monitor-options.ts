/** What a monitor is made with. */
import type { Check } from '../checks/check.ts'
import type { Pingable } from '../checks/redis-check.ts'
import type { Queryable } from '../checks/sql-check.ts'
import type { CollectingReader } from '../collect/collecting-reader.ts'
import type { HealthConfig } from '../config/health-config.ts'
import type { Environment } from '../config/options.ts'
import type { Settings } from '../config/settings.ts'
import type { Clock, HealthExporter } from '../types.ts'

export interface ServiceHealthMonitorOptions extends Partial<Settings> {
  readonly serviceName?: string
  /** Identity of this process among the instances of the service; default: service.instance.id, else a random UUID. */
  readonly instance?: string
  /** The service's own Redis client; it is pinged, nothing else. */
  readonly redis?: Pingable
  /** The service's own SQL client or pool; it is asked `SELECT 1`, nothing else. */
  readonly database?: Queryable
  readonly checks?: readonly Check[]
  /**
   * The reader that was added to another SDK's readers (NodeSDK's `metricReaders`), if it was not made by `healthReader()`.
   * Figures leave through the SDK whose MeterProvider is global with or without it; with it, it is said if they can't.
   */
  readonly reader?: CollectingReader
  /** Where snapshots and alerts go; default: the health Redis. */
  readonly exporter?: HealthExporter
  readonly clock?: Clock
  /** Default: `process.env`. */
  readonly env?: Environment
  /** A checked health.config. */
  readonly config?: HealthConfig
  readonly packageName?: string
}
