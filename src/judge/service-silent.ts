/**
 * service_silent: no instance of a service has been heard of for three of its publishing intervals, and none had said
 * that it stops. Every instance judges it about every service, over presence instead of readings.
 */
import { SERVICE_SILENT } from '../catalogue.ts'
import type { Alert, RuleTiming, ServicePresence, Transition, Verdict } from '../types.ts'
import type { Instant } from './alert.ts'
import { stepAlert } from './alert.ts'
import { breach, ok } from './verdicts.ts'
import { duration } from './wording.ts'

const TIMING: RuleTiming = { forSeconds: 0, keepFiringSeconds: 0 }

export interface SilenceInput {
  /** Every service that has not said that it stops. */
  readonly services: readonly ServicePresence[]
  /** By service. What came out of the last judgement, or of a restart. */
  readonly alerts: ReadonlyMap<string, Alert>
  readonly alertId: (service: string) => string
  readonly now: Instant
}

export interface SilenceJudgement {
  readonly alerts: ReadonlyMap<string, Alert>
  readonly transitions: readonly Transition[]
}

/** A service that is listed no more has stopped, which ends its silence. */
export function judgeSilence({ services, alerts, alertId, now }: SilenceInput): SilenceJudgement {
  const listed = new Map(services.map((presence) => [presence.service, presence]))
  const next = new Map<string, Alert>()
  const transitions: Transition[] = []
  for (const service of new Set([...listed.keys(), ...alerts.keys()])) {
    const alert = alerts.get(service)
    const identity = { id: alert?.id ?? alertId(service), rule: SERVICE_SILENT, service }
    const step = stepAlert(alert, silence(service, listed.get(service)), TIMING, identity, now)
    transitions.push(...step.transitions)
    if (step.alert) next.set(service, step.alert)
  }
  return { alerts: next, transitions }
}

function silence(service: string, presence: ServicePresence | undefined): Verdict {
  const seconds = presence ? Math.round(presence.lastBeatAgeMs / 1000) : null
  const value = { current: seconds, threshold: null, unit: 's' }
  if (!presence || seconds === null) return ok(SERVICE_SILENT, { message: `${service} was stopped`, value })
  if (!presence.silent) return ok(SERVICE_SILENT, { message: `${service} was heard of ${duration(seconds)} ago`, value })
  const message = `No instance of ${service} has been heard of for ${duration(seconds)} (limit 3 publishing intervals), and none said that it stops`
  return breach(SERVICE_SILENT, 'CRITICAL', { message, value })
}
