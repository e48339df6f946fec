/**
 * How a service stands, as OTel metrics: what a status message says, so that a dashboard shows what the channels say. Every state of
 * every rule each time, with 0 where it is not so: a series that stops is not a series that is 0.
 */
import {
  HEALTH_ALERT_ACTIVE,
  HEALTH_ALERT_OF,
  HEALTH_ALERT_STATE,
  HEALTH_ALERT_STATUS,
  HEALTH_CHECK_NAME,
  HEALTH_CHECK_STATUS,
  HEALTH_CLOCK_SKEW,
  HEALTH_HEARTBEAT_TIME,
  HEALTH_INSTANCE_PHASE,
  HEALTH_INSTANCE_STATUS,
  HEALTH_PHASE,
  HEALTH_RULE,
  HEALTH_SERVICE,
  HEALTH_SERVICE_SILENT,
  HEALTH_SEVERITY,
  HEALTH_STATE,
  HEALTH_STATUS,
} from '../catalogue.ts'
import type { Attributes, CheckResult, Phase, Severity, ShownAlert, Status } from '../types.ts'
import type { LevelHandle, Recording } from './recording.ts'
import { StateMetric } from './state-metric.ts'

/** What is exported of a standing. */
export interface ShownStanding {
  readonly status: Status
  readonly instanceStatus: Status
  readonly phase: Phase
  readonly checks: Readonly<Record<string, CheckResult>>
  /** Pending and open ones of this service. */
  readonly alerts: readonly ShownAlert[]
}

/** What is exported of what is known of others. */
export interface ShownNeighbours {
  /** Every service that was seen silent, and whether it still is. */
  readonly silent: ReadonlyMap<string, boolean>
  /** This clock less the server's, in milliseconds; `undefined` while it is not known. */
  readonly clockSkewMs: number | undefined
}

const SEVERITIES: readonly Severity[] = ['WARNING', 'CRITICAL']

interface RuleMetrics {
  readonly state: StateMetric
  readonly active: ReadonlyMap<Severity, LevelHandle>
}

export class HealthMetrics {
  readonly #recording: Recording
  readonly #status: StateMetric
  readonly #instanceStatus: StateMetric
  readonly #phase: StateMetric
  readonly #heartbeat: LevelHandle
  readonly #clockSkew: LevelHandle
  /** By rule, and by what else tells its alerts apart. */
  readonly #rules = new Map<string, RuleMetrics>()
  readonly #checks = new Map<string, StateMetric>()

  /** `rules`: names of all that can raise an alert about this service. */
  constructor(recording: Recording, rules: readonly string[]) {
    this.#recording = recording
    this.#status = new StateMetric(recording, { metric: HEALTH_STATUS, attribute: HEALTH_STATE })
    this.#instanceStatus = new StateMetric(recording, { metric: HEALTH_INSTANCE_STATUS, attribute: HEALTH_STATE })
    this.#phase = new StateMetric(recording, { metric: HEALTH_INSTANCE_PHASE, attribute: HEALTH_PHASE })
    this.#heartbeat = recording.level(HEALTH_HEARTBEAT_TIME, {})
    this.#clockSkew = recording.level(HEALTH_CLOCK_SKEW, {})
    for (const rule of rules) this.#rulesOf(rule, undefined)
  }

  /** `epochMs`: when all of it was judged. */
  set(standing: ShownStanding, { silent, clockSkewMs }: ShownNeighbours, epochMs: number): void {
    this.#heartbeat.set(epochMs / 1000)
    if (clockSkewMs !== undefined) this.#clockSkew.set(clockSkewMs / 1000)
    this.#status.set(standing.status)
    this.#instanceStatus.set(standing.instanceStatus)
    this.#phase.set(standing.phase)
    const alerts = new Map(standing.alerts.map((alert) => [this.#rulesOf(alert.rule, alert.labels), alert]))
    for (const rule of this.#rules.values()) {
      const alert = alerts.get(rule)
      rule.state.set(alert?.state ?? 'inactive')
      for (const [severity, level] of rule.active) level.set(alert && alert.state !== 'pending' && alert.severity === severity ? 1 : 0)
    }
    this.#setChecks(standing.checks)
    for (const [service, isSilent] of silent) {
      this.#recording.level(HEALTH_SERVICE_SILENT, { [HEALTH_SERVICE]: service }).set(isSilent ? 1 : 0)
    }
  }

  /** An alert of a rule that is split has series of its own from its first breach on. */
  #rulesOf(rule: string, labels: Attributes | undefined): RuleMetrics {
    const of = labels && Object.values(labels).join(' ')
    const key = of === undefined ? rule : `${rule} ${of}`
    let metrics = this.#rules.get(key)
    if (!metrics) {
      metrics = ruleMetrics(this.#recording, { [HEALTH_RULE]: rule, ...(of !== undefined && { [HEALTH_ALERT_OF]: of }) })
      this.#rules.set(key, metrics)
    }
    return metrics
  }

  #setChecks(checks: Readonly<Record<string, CheckResult>>): void {
    for (const [name, { status }] of Object.entries(checks)) {
      let metric = this.#checks.get(name)
      if (!metric) {
        metric = new StateMetric(this.#recording, {
          metric: HEALTH_CHECK_STATUS,
          attribute: HEALTH_STATE,
          of: { [HEALTH_CHECK_NAME]: name },
        })
        this.#checks.set(name, metric)
      }
      metric.set(status)
    }
    for (const [name, metric] of this.#checks) if (!(name in checks)) metric.clear()
  }
}

function ruleMetrics(recording: Recording, of: Attributes): RuleMetrics {
  return {
    state: new StateMetric(recording, { metric: HEALTH_ALERT_STATUS, attribute: HEALTH_ALERT_STATE, of }),
    active: new Map(SEVERITIES.map((severity) => [severity, recording.level(HEALTH_ALERT_ACTIVE, { ...of, [HEALTH_SEVERITY]: severity })])),
  }
}
