/** The public API. */
export type {
  AccountState,
  AnisetteState,
  ErrorType,
  GeofenceTransition,
  QueueState,
  SkipReason,
  Tier,
  Upstream,
} from './kinds/tracker-fetcher/metrics.ts'
export type { MetricDefinition } from './catalogue.ts'
export { CATALOGUE } from './kinds/index.ts'
export type { Check } from './checks/check.ts'
export type { Pingable } from './checks/redis-check.ts'
export type { Queryable } from './checks/sql-check.ts'
export { systemClock } from './clock.ts'
export { HealthMetricReader } from './service/health-metric-reader.ts'
export type { KindDefinition } from './kinds/define-kind.ts'
export { defineKind } from './kinds/define-kind.ts'
export type { HealthConfig } from './kinds/health-config.ts'
export { defineHealth } from './kinds/health-config.ts'
export type { Settings } from './config/settings.ts'
export type { ChannelTarget, MethodTarget, QueueTarget, UpstreamTarget } from './config/targets.ts'
export type { AlertEntry, InstanceEntry, InstanceFacts, ServiceFacts, StatusReport } from './judge/status.ts'
export { instanceStatus, serviceStatus } from './judge/status.ts'
export { healthReader } from './export/health-reader.ts'
export { ServiceHealthMonitor } from './service/monitor.ts'
export type { ServiceHealthMonitorOptions } from './service/monitor-options.ts'
export type { FetchAttempt, FetchBatch } from './kinds/tracker-fetcher/fetch-batch.ts'
export type { QueueSize } from './kinds/tracker-fetcher/fetch-recorder.ts'
export type { BoundAttempts } from './kinds/tracker-fetcher/tier-attempts.ts'
export type { ApiCall } from './kinds/tracker-fetcher/api-call.ts'
export type { BoundApiCalls } from './kinds/worker/upstream-calls.ts'
export type { QueueFigures } from './kinds/worker/queue-levels.ts'
export type { MetricOptions } from './rules/metric-ref.ts'
export { counter, gauge, histogram, Metric, upDownCounter } from './rules/metric-ref.ts'
export { absent, age, burnRate, increase, level, mean, quantile, rate, ratio, Reading, state, successRate } from './rules/readings.ts'
export type { RuleOverride } from './rules/override-rule.ts'
export type { RuleData } from './rules/rule-data.ts'
export { rule, RuleSentence } from './rules/rule.ts'
export type { FigureData, FiguresConfig, FigureSentence } from './rules/figure.ts'
export { figure } from './rules/figure.ts'
export type { RecordsConfig, TallyData, TallySentence } from './rules/tally.ts'
export { into } from './rules/tally.ts'
export type { MetricConfig, MetricsConfig, RulesConfig } from './rules/rules-config.ts'
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
  HealthChannel,
  HealthExporter,
  HealthStore,
  KeyMetrics,
  Phase,
  Presence,
  Severity,
  ShownAlert,
  Snapshot,
  Snapshot as HealthData,
  Status,
  Transition,
  TransitionType,
  Verdict,
} from './types.ts'
export { WorkerHealthMonitor } from './kinds/worker/monitor.ts'
export type { GeocodingHealthMonitorOptions } from './kinds/geocoding/monitor.ts'
export { GeocodingHealthMonitor } from './kinds/geocoding/monitor.ts'
export type { Aggregation } from './kinds/location-aggregator/monitor.ts'
export { LocationAggregatorHealthMonitor } from './kinds/location-aggregator/monitor.ts'
export type { Delivery, Undelivered } from './kinds/notification/monitor.ts'
export { NotificationHealthMonitor } from './kinds/notification/monitor.ts'
export type { DetectedEvent, Evaluation, RealtimeGeofenceHealthMonitorOptions } from './kinds/realtime-geofence/monitor.ts'
export { RealtimeGeofenceHealthMonitor } from './kinds/realtime-geofence/monitor.ts'
