/** Snapshot -> the messages of the status and metrics channels. Field names and their order are part of the wire. */
import type { Alert, CheckResult, Snapshot } from '../types.ts'
import { encodeMessage } from './bounded-json.ts'
import { toIso } from './iso-time.ts'
import { toInstanceName } from './keys.ts'

/** `health:service:<service>:status`. `beat` counts this instance's status messages from 1. */
export function encodeStatus(snapshot: Snapshot, beat: number): { readonly json: string; readonly cut: number } {
  return encodeMessage({
    ...head(snapshot, beat),
    status: snapshot.status,
    instance_status: snapshot.instanceStatus,
    phase: snapshot.phase,
    since: toIso(snapshot.since),
    uptime_seconds: Math.floor(snapshot.uptimeSeconds),
    reasons: snapshot.reasons,
    checks: Object.fromEntries(Object.entries(snapshot.checks).map(([name, check]) => [name, checkOnWire(check)])),
    metrics: snapshot.metrics,
    alerts: snapshot.alerts.map(alertInStatus),
  })
}

/** `health:service:<service>:metrics`. `beat` counts this instance's metrics messages from 1. */
export function encodeMetrics(snapshot: Snapshot, beat: number): { readonly json: string; readonly cut: number } {
  return encodeMessage({
    ...head(snapshot, beat),
    metrics: snapshot.metrics,
    evidence: snapshot.evidence,
    totals: snapshot.totals,
  })
}

function head(snapshot: Snapshot, beat: number) {
  return { v: 1, service: snapshot.service, instance: toInstanceName(snapshot.instance), beat, timestamp: toIso(snapshot.at) }
}

function checkOnWire({ status, latencyMs, error }: CheckResult) {
  return { status, latency_ms: latencyMs === undefined ? null : Math.round(latencyMs * 1000) / 1000, error }
}

function alertInStatus({ id, rule, severity, state, since, message }: Alert) {
  return { id, rule, severity, state, since: toIso(since), message }
}
