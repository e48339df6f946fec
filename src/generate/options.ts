/** What dashboards and rules are made of. */
import type { MetricDefinition } from '../catalogue.ts'
import type { Limits } from '../rules/limits.ts'
import type { Kind } from '../kinds/kind.ts'
import type { HeartbeatTiming } from '../panels/heartbeat.ts'
import type { OwnRules } from '../rules/rules-config.ts'

export interface GenerateOptions extends HeartbeatTiming {
  readonly limits: Limits
  /** What the service is whose health.config this is: its own rules are shown with services of this kind. */
  readonly kind: Kind
  readonly rules: OwnRules
  /** Metrics that the service records itself, for rules that name them. */
  readonly metrics: readonly MetricDefinition[]
  /** There is a health.config, so that the rules to be written are those of one service. Default: of every kind. */
  readonly isOfOneService?: boolean
}
