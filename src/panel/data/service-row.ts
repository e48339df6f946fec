/** A service as a line of the table: what the fold says of it, and its four figures. Pure. */
import { dependencySentence, type Dependency } from '../../subscribe/dependencies.ts'
import type { InstanceView, ServiceView } from '../../subscribe/health-view.ts'
import type { ServiceStatus } from '../../subscribe/service-status.ts'
import { seenWork } from '../../subscribe/work-seen.ts'
import type { Phase } from '../../types.ts'
import { cleanText } from '../../wire/clean-text.ts'
import type { StatusMessage } from '../../wire/status-message.ts'
import type { ServiceRow } from '../protocol.ts'
import { keyFigures } from './key-figures.ts'
import { shownStatus } from './shown-status.ts'

/** Reasons in a row; the page of the service has its alerts and checks. */
const MOST_REASONS = 3
const LONGEST_REASON = 300

/** What of all that it depends on is not well, as `otel-health status` says it of a healthy service, too; `undefined`: nothing. */
export function causeOf([cause]: readonly Dependency[] = []): string | undefined {
  return cause && shortText(dependencySentence(cause))
}

export function serviceRow(view: ServiceView, report: ServiceStatus, cause?: string): ServiceRow {
  const messages = newestFirst(report.live).flatMap(({ status }) => status ?? [])
  const working = messages.filter(({ phase }) => phase !== 'stopped')
  const [newest] = messages
  const { figures, unknown } = keyFigures(working)
  const { working: isSeen } = seenWork(working)
  const status = shownStatus(report.status, messages)
  const beatAt = Math.max(view.lastBeatAt ?? 0, ...view.instances.map(({ lastBeatAt }) => lastBeatAt))
  return {
    service: view.service,
    ...(newest?.kind !== undefined && { kind: cleanText(newest.kind) }),
    status,
    ...(newest && newest.status === status && { since: Date.parse(newest.since) }),
    reasons: report.otherReasons.slice(0, MOST_REASONS).map(shortText),
    ...(cause !== undefined && { cause }),
    live: report.live.length,
    missing: report.missing.length,
    phases: phasesOf(messages),
    ...(beatAt > 0 && { beatAt }),
    ...figures,
    ...(Object.keys(unknown).length > 0 && { unknown }),
    alerts: report.alerts.length,
    ...(isSeen === false && { working: false }),
  }
}

/** Of two that are as old the one whose name comes first, so that the same facts give the same row. */
export function newestFirst(instances: readonly InstanceView[]): readonly InstanceView[] {
  return instances.toSorted((a, b) => b.lastBeatAt - a.lastBeatAt || (a.instance < b.instance ? -1 : 1))
}

function phasesOf(messages: readonly StatusMessage[]): ServiceRow['phases'] {
  const phases: Partial<Record<Phase, number>> = {}
  for (const { phase } of messages) phases[phase] = (phases[phase] ?? 0) + 1
  return phases
}

function shortText(text: string): string {
  const clean = cleanText(text)
  return clean.length <= LONGEST_REASON ? clean : `${clean.slice(0, LONGEST_REASON - 1)}…`
}
