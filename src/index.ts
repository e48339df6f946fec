/** The public API. */
export type {
  AccountState,
  AnisetteState,
  ErrorType,
  GeofenceTransition,
  MetricDefinition,
  QueueState,
  SkipReason,
  Tier,
  Upstream,
} from './catalogue.ts'
export { CATALOGUE } from './catalogue.ts'
export type { Check } from './checks/check.ts'
export type { Pingable } from './checks/redis-check.ts'
export type { Queryable } from './checks/sql-check.ts'
export { systemClock } from './clock.ts'
export { CollectingReader as HealthMetricReader } from './collect/collecting-reader.ts'
export type { HealthConfig } from './config/health-config.ts'
export { defineHealth } from './config/health-config.ts'
export type { Settings } from './config/settings.ts'
export type { ChannelTarget, MethodTarget, QueueTarget, UpstreamTarget } from './config/targets.ts'
export type { AlertEntry, InstanceEntry, InstanceFacts, ServiceFacts, StatusReport } from './judge/status.ts'
export { instanceStatus, serviceStatus } from './judge/status.ts'
export { healthReader } from './export/health-reader.ts'
export type { HealthData } from './service/monitor.ts'
export { ServiceHealthMonitor } from './service/monitor.ts'
export type { ServiceHealthMonitorOptions } from './service/monitor-options.ts'
export type { FetchAttempt, FetchBatch } from './kinds/tracker-fetcher/fetch-batch.ts'
export type { QueueSize } from './kinds/tracker-fetcher/fetch-recorder.ts'
export type { BoundAttempts } from './kinds/tracker-fetcher/tier-attempts.ts'
export type { ApiCall, BoundApiCalls } from './kinds/worker/upstream-calls.ts'
export type { QueueFigures } from './kinds/worker/queue-levels.ts'
export type { WorkAttempt, WorkBatch } from './kinds/worker/work-batch.ts'
export type { WorkApiCall } from './kinds/worker/work-recorder.ts'
export type { TrackerFetcherHealthMonitorOptions } from './kinds/tracker-fetcher/monitor.ts'
export { TrackerFetcherHealthMonitor } from './kinds/tracker-fetcher/monitor.ts'
export type {
  Alert,
  AlertState,
  CheckResult,
  Clock,
  Evidence,
  HealthExporter,
  KeyMetrics,
  Phase,
  Severity,
  Snapshot,
  Status,
  StoredAlert,
  Transition,
  TransitionType,
  Verdict,
} from './types.ts'
export { WorkerHealthMonitor } from './kinds/worker/monitor.ts'
