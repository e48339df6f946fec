/** Status and alerts as levels of OTel metrics, so that Grafana shows what the channels say. */
import type { MetricDefinition } from '../catalogue.ts'
import { HEALTH_ALERT_ACTIVE, HEALTH_HEARTBEAT_TIME, HEALTH_RULE, HEALTH_SEVERITY, HEALTH_STATE, HEALTH_STATUS } from '../catalogue.ts'
import type { Alert, Attributes, Status } from '../types.ts'

export interface HealthLevel {
  readonly metric: MetricDefinition
  readonly attributes: Attributes
  readonly value: number
}

/** Every state and every rule each time, with 0 where it is not so: a series that stops is not a series that is 0. */
export function healthLevels(status: Status, openAlerts: readonly Alert[], rules: readonly string[], epochMs: number): HealthLevel[] {
  const levels: HealthLevel[] = [{ metric: HEALTH_HEARTBEAT_TIME, attributes: {}, value: epochMs / 1000 }]
  for (const state of HEALTH_STATUS.attributes[HEALTH_STATE]!) {
    levels.push({ metric: HEALTH_STATUS, attributes: { [HEALTH_STATE]: state }, value: state === status ? 1 : 0 })
  }
  for (const rule of rules) {
    for (const severity of HEALTH_ALERT_ACTIVE.attributes[HEALTH_SEVERITY]!) {
      const active = openAlerts.filter((alert) => alert.rule === rule && alert.severity === severity).length
      levels.push({ metric: HEALTH_ALERT_ACTIVE, attributes: { [HEALTH_RULE]: rule, [HEALTH_SEVERITY]: severity }, value: active })
    }
  }
  return levels
}
