/** How a service stands: everything a snapshot says besides figures. */
import { isOpen } from '../judge/alert.ts'
import { instanceStatus, ownReasons, serviceStatus, type InstanceEntry } from '../judge/status.ts'
import type { CheckResult, InstancePresence, Phase, ShownAlert, Status, Verdict } from '../types.ts'

export interface Standing {
  readonly status: Status
  readonly instanceStatus: Status
  readonly phase: Phase
  readonly reasons: readonly string[]
  readonly checks: Readonly<Record<string, CheckResult>>
  readonly verdicts: readonly Verdict[]
  /** Pending and open. */
  readonly alerts: readonly ShownAlert[]
}

export interface StandingFacts {
  readonly instance: string
  readonly phase: Phase
  readonly verdicts: readonly Verdict[]
  /** Those of this instance, whatever their state. */
  readonly alerts: readonly ShownAlert[]
  /** Adds those that other instances have found. */
  readonly withThoseOfOthers: (own: readonly ShownAlert[]) => readonly ShownAlert[]
  readonly checks: Readonly<Record<string, CheckResult>>
  /** Names of required checks that fail. */
  readonly failing: readonly string[]
  /** Rules without whose verdict nobody knows how the service is. */
  readonly required: readonly string[] | undefined
  /** The other instances of the service. */
  readonly others: readonly InstancePresence[]
}

/** Folds what this instance found and what the others said last. */
export function standingOf({ instance, phase, verdicts, checks, failing, required, ...facts }: StandingFacts): Standing {
  const own = facts.alerts.filter((alert) => alert.state === 'pending' || isOpen(alert))
  const alerts = facts.withThoseOfOthers(facts.alerts).filter((alert) => alert.state === 'pending' || isOpen(alert))
  const report = instanceStatus({
    phase,
    alerts: own,
    verdicts,
    checks: Object.fromEntries(failing.map((name) => [name, checks[name]!])),
    ...(required && { required }),
  })
  const others = facts.others.map((other) => entryOf(other, alerts))
  const service = serviceStatus({ alerts, instances: [{ instance, phase, missing: false, ...report }, ...others] })
  return { status: service.status, instanceStatus: report.status, phase, reasons: service.reasons, checks, verdicts, alerts }
}

/** Its own reasons stay its own: as ours, they would come back from it as its own when they hold no more. */
function entryOf({ instance, live, phase = 'running', reasons, ...said }: InstancePresence, alerts: readonly ShownAlert[]): InstanceEntry {
  const { instanceStatus: status = 'degraded' } = said
  const isExplained = reasons !== undefined && ownReasons({ instance, reasons }, alerts).length === 0
  return { instance, phase, status, missing: !live, reasons: isExplained ? [] : [`instance ${instance} is ${status}`] }
}

/** Differs when people should be told at once: a message's figures change all the time, this is what somebody would act on. */
export function changesWorthTelling({ status, instanceStatus: own, phase, checks, alerts }: Standing): string {
  return JSON.stringify([
    status,
    own,
    phase,
    Object.entries(checks).map(([name, check]) => [name, check.status]),
    alerts.map(({ id, state, severity }) => [id, state, severity]),
  ])
}
