import type { Alert, AlertState, Snapshot, Transition } from '../../src/types.ts'

export const AT = Date.UTC(2026, 10, 22, 10)

/** Any fields of an alert, and timers of any state. */
export type AlertChange = Partial<Omit<Alert, 'state'>> & {
  readonly state?: AlertState
} & Readonly<Partial<Record<'breachAt' | 'criticalAt' | 'lowerAt' | 'okAt' | 'clearedAt', number>>>

/** One that fires; of another state with the timers that it needs. */
export function alertOf(change: AlertChange = {}): Alert {
  const needed = change.state === 'pending' ? { breachAt: 1000 } : change.state === 'recovering' ? { okAt: 1000 } : {}
  return {
    id: 'a1',
    rule: 'low_success_rate',
    service: 'tracker_fetcher',
    state: 'firing',
    severity: 'WARNING',
    episode: 1,
    since: AT,
    message: 'Fetch success rate is 71.4 % over 5 min (limit 80 %): 20 of 70 attempts failed',
    value: { current: 71.4, threshold: 80, unit: 'percent', n: 70, failures: 20, window_seconds: 300 },
    evaluatedAt: 61_000,
    ...needed,
    ...change,
  } as Alert
}

export function transitionOf(type: Transition['type'], alert: AlertChange = {}, change: Partial<Transition> = {}): Transition {
  const state = type === 'resolved' ? 'resolved' : 'firing'
  return { type, alert: alertOf({ state, ...alert }), deliver: true, cause: 'condition', actor: null, told: null, ...change }
}

export function snapshotOf(change: Partial<Snapshot> = {}): Snapshot {
  return {
    service: 'tracker_fetcher',
    instance: '4f2c',
    at: AT,
    status: 'degraded',
    instanceStatus: 'healthy',
    phase: 'running',
    since: AT - 86_000,
    uptimeSeconds: 86.7,
    reasons: ['low_success_rate'],
    checks: { redis: { status: 'healthy', latencyMs: 0.4004 }, sql: { status: 'unhealthy', latencyMs: 5000, error: 'timeout' } },
    verdicts: [],
    counted: {},
    alerts: [alertOf()],
    metrics: {
      fetch_rate_per_hour: 713.2,
      success_rate_percent: null,
      queue_sizes: { immediate: 0, hot: 12 },
      anisette_server_reachable: true,
    },
    evidence: { success_rate_percent: { attempts: 713, failures: 11, window_seconds: 300, covered_seconds: 300 } },
    totals: { since: '2026-11-22T09:58:34.000Z', attempts: { reports: 1, empty: 2, failed: { timeout: 3 } }, reports: 4 },
    ...change,
  }
}

/** The saved document, as the script writes it (src/wire/scripts/alert.ts). */
export function documentOf(alert: Alert, change: Readonly<Record<string, unknown>> = {}): string {
  const { id, episode, service, rule, labels, scope = 'any', severity, state, message, runbook, value } = alert
  const since = new Date(alert.since).toISOString()
  const document = { v: 1, rev: 7, alert_id: id, service, rule, labels, episode, scope, severity, state, since, message, runbook, value }
  const instances = { '4f2c': { state, severity, since, breaching: state === 'firing', seen: since } }
  return JSON.stringify({ ...document, instances, ...change })
}
