/** Services, instances and alerts in view, as a test needs them. */
import type { HealthView, InstanceView, ServiceView } from '../../../src/subscribe/health-view.ts'
import type { AlertView } from '../../../src/wire/alert-view.ts'
import type { StatusMessage } from '../../../src/wire/status-message.ts'

export const AT: number = Date.UTC(2026, 10, 22, 10)

export function iso(at: number): string {
  return new Date(at).toISOString()
}

export interface InstanceOf extends Partial<Omit<StatusMessage, 'since'>> {
  readonly missing?: boolean
  readonly problem?: string
  /** Milliseconds before `AT`. */
  readonly agoMs?: number
}

export function instanceView({ instance = 'a', missing, problem, agoMs = 0, ...said }: InstanceOf = {}): InstanceView {
  const lastBeatAt = AT - agoMs
  if (missing || problem !== undefined) return { instance, lastBeatAt, status: undefined, ...(problem !== undefined && { problem }) }
  return { instance, lastBeatAt, status: statusMessage({ instance, timestamp: iso(lastBeatAt), ...said }) }
}

function statusMessage(said: Partial<StatusMessage> = {}): StatusMessage {
  const status = said.status ?? 'healthy'
  return {
    ...{ channel: 'status', service: 'mailer', instance: 'a', beat: 1, timestamp: iso(AT), status, instance_status: status },
    ...{ phase: 'running', since: iso(AT - 60_000), uptime_seconds: 60, reasons: [], checks: {}, metrics: {}, alerts: [] },
    ...said,
  }
}

export function serviceView(service = 'mailer', ...instances: readonly InstanceOf[]): ServiceView {
  return { service, lastBeatAt: AT, instances: instances.map((each) => instanceView({ service, ...each })) }
}

export function alertView(said: Partial<AlertView> & { readonly overlays?: object } = {}): AlertView {
  return {
    ...{ alert_id: 'a1', episode: 1, rev: 1, service: 'mailer', rule: 'low_success_rate', severity: 'WARNING', state: 'firing' },
    ...{ since: iso(AT - 5000), message: 'm', value: null, instances: {} },
    ...said,
  }
}

export function viewOf(services: readonly ServiceView[], alerts: readonly AlertView[] = [], more: Partial<HealthView> = {}): HealthView {
  return { at: AT, epoch: 'e', seq: 1, services, alerts, ...more }
}
