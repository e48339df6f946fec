/** What the page of a service shows of it. Pure. */
import type { ServiceDependencies } from '../../subscribe/dependencies.ts'
import { problemsOf, type HealthView, type InstanceView } from '../../subscribe/health-view.ts'
import { cleanText } from '../../wire/clean-text.ts'
import type { CheckRow, DependencyRow, InstanceRow, Now, ServiceDetail } from '../protocol.ts'
import { controlOfInstance } from './control-of-instance.ts'
import { grafanaLink } from './grafana-link.ts'
import { ruleRows } from './rule-rows.ts'
import { newestFirst } from './service-row.ts'
import { shownStatus } from './shown-status.ts'

const MOST_INSTANCES = 500

export interface DetailContext {
  readonly view: HealthView
  readonly now: Now
  readonly dependencies: ReadonlyMap<string, ServiceDependencies>
  readonly grafanaUrl?: string | undefined
}

/** `undefined`: nobody has heard of it. */
export function serviceDetail(service: string, { view, now, dependencies, grafanaUrl }: DetailContext): ServiceDetail | undefined {
  const row = now.services.find((each) => each.service === service)
  const known = view.services.find((each) => each.service === service)
  if (!row || !known) return undefined
  const { instances } = known
  const newest = newestFirst(instances).find(({ status }) => status !== undefined)?.status
  const rules = ruleRows(instances, view.at)
  const depends = dependencies.get(service)?.all ?? []
  return {
    ...{ row, alerts: now.alerts.filter((alert) => alert.service === service) },
    instances: instances.slice(0, MOST_INSTANCES).map(instanceRow),
    checks: checkRows(instances),
    ...(rules && { rules }),
    dependsOn: depends.map(dependencyRow),
    neededBy: [...dependencies].flatMap(([name, { all }]) =>
      all.some((each) => each.name === service && each.through.length === 0) ? [name] : [],
    ),
    ...{ metrics: newest?.metrics ?? {}, unknown: newest?.unknown ?? {} },
    problems: problemsOf(view, service).map(({ key, reason }) => cleanText(`${key} ${reason}`)),
    ...(grafanaUrl !== undefined && { grafanaUrl: grafanaLink(grafanaUrl, service, row.kind) }),
  }
}

function instanceRow({ instance, lastBeatAt, status, problem, skewMs }: InstanceView): InstanceRow {
  const silent = problem === undefined ? 'missing' : 'unknown'
  const control = status && controlOfInstance(status)
  return {
    instance: cleanText(instance),
    status: status ? (status.phase === 'stopped' ? 'stopped' : shownStatus(status.instance_status, [status])) : silent,
    ...(status && { phase: status.phase, uptimeSeconds: status.uptime_seconds }),
    beatAt: lastBeatAt,
    ...(problem !== undefined && { problem: cleanText(problem) }),
    ...(skewMs !== undefined && { clockAheadMs: Math.round(skewMs) }),
    ...(control && { control }),
  }
}

const BADNESS: readonly string[] = ['healthy', 'degraded', 'unhealthy']

/** Each check once, as the instance found it that found it worst. */
function checkRows(instances: readonly InstanceView[]): readonly CheckRow[] {
  const rows = newestFirst(instances).flatMap(({ instance, status }) =>
    Object.entries(status?.phase === 'stopped' ? {} : (status?.checks ?? {})).map(([name, check]): CheckRow => ({
      ...{ name: cleanText(name), status: check.status, latencyMs: check.latency_ms },
      ...(check.error !== undefined && { error: cleanText(check.error) }),
      instance: cleanText(instance),
    })),
  )
  const byName = Map.groupBy(rows, ({ name }) => name)
  const worst = (same: readonly CheckRow[]) => same.toSorted((a, b) => BADNESS.indexOf(b.status) - BADNESS.indexOf(a.status))[0]!
  return Array.from(byName.values(), worst).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function dependencyRow({ name, status, reason, through }: ServiceDependencies['all'][number]): DependencyRow {
  return { name: cleanText(name), status, ...(reason !== undefined && { reason: cleanText(reason) }), through }
}
