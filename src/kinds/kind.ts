/** What varies by kind of service, each kind in a folder of its own. */
import type { MetricDefinition } from '../catalogue.ts'
import type { KindConfig } from '../config/kind-config.ts'
import type { PanelRow } from '../panels/panel-spec.ts'
import type { HeartbeatTiming } from '../panels/heartbeat.ts'
import type { ServiceKind } from '../rules/service-kind.ts'
import type { ServiceHealthMonitorOptions } from '../service/monitor-options.ts'
import type { ServiceHealthMonitor } from '../service/monitor.ts'
import type { RuleLimits, Where } from '../types.ts'
import type { ServiceRecorder } from '../zero-code/service-recorder.ts'

/** `Own`: the keys of health.config that only this kind has. */
export interface Kind<Own extends object = object> extends ServiceKind {
  /** As headings say it: "tracker fetcher". */
  readonly title: string
  /** What services are of this kind, in one sentence for the reference. */
  readonly about: string
  readonly config: KindConfig & { readonly own?: Own }
  /** What a service is judged as that does not say: of all kinds one. */
  readonly isDefault?: boolean
  /** The names of its rules, for whoever checks what health.config says of them. */
  readonly ruleNames: readonly string[]
  /** A monitor of this kind, and what tells it of a service that knows nothing of it. Throws one sentence if an option cannot be used. */
  monitor(options: ServiceHealthMonitorOptions): Monitored
  readonly overview: KindOverview
  readonly dashboard: KindDashboard
}

export interface Monitored {
  readonly monitor: ServiceHealthMonitor
  readonly recorder: ServiceRecorder
}

/** The metrics in which services of all kinds can be compared: the dashboard of all services and trends of a month are made of them. */
export interface KindOverview {
  readonly attempts: MetricDefinition
  /** Attempts of which it is known how they ended, and those that ended well. */
  readonly told: Where
  readonly succeeded: Where
  /** `by`: what all instances see alike for each of its values. */
  readonly due: { readonly metric: MetricDefinition; readonly where: Where; readonly by: string }
  /** How much of each quota is used, from 0 to 1. */
  readonly quotaUsage?: MetricDefinition
}

export interface KindDashboard {
  readonly description: string
  /** A rule that only services of this kind have: they are the ones to choose from. */
  readonly rule: string
  /** Loaded when dashboards are generated, never in a service. */
  rows(): Promise<KindRows>
}

export type KindRows = (limits: (rule: string) => RuleLimits | undefined, timing: HeartbeatTiming) => readonly PanelRow[]
