/** `otel-health/subscribe`: how services and alerts are, for programs that look on. */
export type { Problem, HealthView, InstanceView, ServiceView } from './subscribe/health-view.ts'
export { problemsOf } from './subscribe/health-view.ts'
export type {
  Connection,
  ConnectionEvent,
  EpochEvent,
  GapEvent,
  HealthEvent,
  MessageEvent,
  OverflowEvent,
  ToldEvent,
  ViewEvent,
} from './subscribe/health-event.ts'
export type { HealthSubscriberOptions, SubscriberConnection, SubscriberStats } from './subscribe/health-subscriber.ts'
export { HealthSubscriber } from './subscribe/health-subscriber.ts'
export type { SnapshotOptions } from './subscribe/snapshot.ts'
export { readSnapshot } from './subscribe/snapshot.ts'
export type { FoldedStatus, ServiceStatus } from './subscribe/service-status.ts'
export { serviceStatus } from './subscribe/service-status.ts'
export type { Dependency, ServiceDependencies } from './subscribe/dependencies.ts'
export { dependenciesOf } from './subscribe/dependencies.ts'
export type { AlertMessage } from './wire/alert-message.ts'
export type { AlertView, InstanceOfAlert } from './wire/alert-view.ts'
export type { HealthMessage } from './wire/message.ts'
export type { MetricsMessage } from './wire/metrics-message.ts'
export type { RuleReading } from './wire/rule-reading.ts'
export { distanceToBreach } from './wire/rule-reading.ts'
export type { RedisTarget } from './wire/redis-client.ts'
export type { StatusMessage } from './wire/status-message.ts'
export type { ComponentHealth, HealthJson, HealthJsonCheck } from './subscribe/health-formats.ts'
export { componentHealth, healthJson, httpStatusOf } from './subscribe/health-formats.ts'
