/**
 * How a process is, as application/health+json says it (draft-inadarei-api-health-check-06): `pass`, `warn` or `fail`, with its checks and
 * open alerts for who may see them. Pure.
 */
import type { Alert, CheckResult, Phase, Status } from '../types.ts'
import { encodeMessage } from '../wire/bounded-json.ts'
import { toIso } from '../wire/iso-time.ts'

export interface ToldHealth {
  readonly service: string
  readonly instance: string
  readonly phase: Phase
  /** Of this instance, by its own checks and verdicts. */
  readonly status: Status
  readonly checks: Readonly<Record<string, CheckResult>>
  /** Its own that are open. */
  readonly alerts: readonly Pick<Alert, 'rule' | 'labels' | 'severity' | 'message' | 'since'>[]
}

export type HealthWord = 'pass' | 'warn' | 'fail'

const WORDS: Readonly<Record<Status, HealthWord>> = { healthy: 'pass', degraded: 'warn', unhealthy: 'fail' }

export function healthWord({ status }: Pick<ToldHealth, 'status'>): HealthWord {
  return WORDS[status]
}

/** At most 64 KB. `details`: with more than the one word. */
export function healthDocument(told: ToldHealth, details: boolean): string {
  const status = healthWord(told)
  if (!details) return JSON.stringify({ status })
  const checks = Object.entries(told.checks).map(([name, { status: found, latencyMs, error }]) => [
    `${name}:responseTime`,
    [
      {
        componentType: 'component',
        status: WORDS[found],
        ...(latencyMs !== undefined && { observedValue: Math.round(latencyMs * 1000) / 1000, observedUnit: 'ms' }),
        ...(error !== undefined && { output: error }),
      },
    ],
  ])
  const alerts = Map.groupBy(told.alerts, ({ rule }) => `${rule}:alert`)
  const opened = [...alerts].map(([name, of]) => [
    name,
    of.map(({ severity, message, since, labels }) => ({
      componentType: 'alert',
      status: severity === 'CRITICAL' ? 'fail' : 'warn',
      time: toIso(since),
      output: message,
      ...(labels && { labels }),
    })),
  ])
  return encodeMessage({
    status,
    serviceId: told.instance,
    description: told.service,
    notes: [`phase: ${told.phase}`],
    checks: Object.fromEntries([...checks, ...opened]) as unknown,
  }).json
}
