/** What a view says, for people and as JSON. Pure. */
import { alertName } from '../judge/status.ts'
import { dependenciesOf, dependencyName, dependencySentence, type Dependency } from '../subscribe/dependencies.ts'
import { problemsOf, type HealthView, type InstanceView, type Problem, type ServiceView } from '../subscribe/health-view.ts'
import { serviceStatus, type ServiceStatus } from '../subscribe/service-status.ts'
import type { AlertView } from '../wire/alert-view.ts'
import { duration } from '../subscribe/duration.ts'
import { alertInstances } from './alert-instances.ts'
import { columns, coloured, plain, severityText, statusText } from './text.ts'

/** One line per service, and below it what is wrong. `most`: of so many services; those that are not well go before. */
export function overview(view: HealthView, most: number = Infinity): string[] {
  const top = staleLines(view)
  const end = problemLines(view.problems ?? [])
  if (view.services.length === 0) return [...top, 'No service has been heard of.', ...end]
  const dependencies = dependenciesOf(view)
  const shown = firstOf(view, most)
  const rows = shown.map(({ service, report: { status, live, missing, alerts } }) => {
    const causes = dependencies.get(service.service)!.causes.map((cause) => `  ${plain(dependencySentence(cause))}`)
    return {
      below: [...alertLines(alerts, view.at), ...causes],
      cells: [
        plain(service.service),
        shownStatus(status, view),
        `${live.length} of ${live.length + missing.length}`,
        alerts.length === 0 ? '-' : String(alerts.length),
        service.lastBeatAt === undefined ? '-' : `${duration(view.at - service.lastBeatAt)} ago`,
      ],
    }
  })
  const header = ['SERVICE', 'STATUS', 'INSTANCES', 'ALERTS', 'LAST BEAT'].map((title) => coloured('dim', title))
  const [head = '', ...lines] = columns([header, ...rows.map(({ cells }) => cells)])
  const more = view.services.length - shown.length
  return [
    ...top,
    head,
    ...rows.flatMap(({ below }, i) => [lines[i] ?? '', ...below]),
    ...(more > 0 ? [coloured('dim', `and ${more} more: otel-health status lists them`)] : []),
    ...end,
  ]
}

function firstOf(view: HealthView, most: number): { readonly service: ServiceView; readonly report: ServiceStatus }[] {
  const all = view.services.map((service) => ({ service, report: serviceStatus(service, view.alerts) }))
  if (all.length <= most) return all
  const isHealthy = ({ report }: (typeof all)[number]) => report.status === 'healthy'
  return [...all.filter((each) => !isHealthy(each)), ...all.filter(isHealthy)].slice(0, most)
}

/** All that is known of one service. */
export function details(view: HealthView, service: ServiceView): string[] {
  const { status, otherReasons, live, missing, alerts } = serviceStatus(service, view.alerts)
  const why = otherReasons.length > 0 ? `  ${plain(otherReasons.join('; '))}` : ''
  const lines = [...staleLines(view), `${plain(service.service)}  ${shownStatus(status, view)}${why}`]
  if (alerts.length > 0) {
    const told = alertLines(alerts, view.at)
    lines.push('', coloured('dim', 'alerts'))
    for (const [i, alert] of alerts.entries()) {
      const instances = alertInstances(alert)
      lines.push(told[i]!, ...(instances === undefined ? [] : [`    ${plain(instances)}`]))
    }
  }
  lines.push(
    '',
    coloured('dim', 'instances'),
    ...columns(
      [...live, ...missing].map((instance) => instanceCells(instance, view.at)),
      '  ',
    ),
  )
  const dependencies = dependenciesOf(view).get(service.service)!.all
  if (dependencies.length > 0) lines.push('', coloured('dim', 'depends on'), ...columns(dependencies.map(dependencyCells), '  '))
  return [...lines, ...lastWords(newestOf(live)), ...problemLines(problemsOf(view, service.service))]
}

/** The same as data, with the folded status. */
export function asJson(view: HealthView, services: readonly ServiceView[]): object {
  const dependencies = dependenciesOf(view)
  return {
    at: new Date(view.at).toISOString(),
    epoch: view.epoch,
    seq: view.seq,
    stale_since: view.staleSince === undefined ? null : new Date(view.staleSince).toISOString(),
    problems: view.problems ?? [],
    services: services.map((service) => {
      const { status, reasons, live, missing, alerts } = serviceStatus(service, view.alerts)
      return {
        service: service.service,
        status,
        reasons,
        depends_on: dependencies
          .get(service.service)!
          .all.map(({ through, ...said }) => ({ ...said, ...(through.length > 0 && { through }) })),
        instances: live.flatMap(({ status: message, skewMs }) =>
          message ? { ...message, channel: undefined, clock_ahead_ms: skewMs ?? null } : [],
        ),
        missing: missing.map(({ instance, lastBeatAt }) => ({ instance, last_beat: new Date(lastBeatAt).toISOString() })),
        // Those that came as messages say on which channel.
        alerts: alerts.map((alert) => ({ ...alert, channel: undefined })),
      }
    }),
  }
}

/** The sentence after the status word of a check. */
export function summary(view: HealthView, service: ServiceView): string {
  const { at } = view
  const { status, reasons, live, missing, alerts } = serviceStatus(service, view.alerts)
  const [first] = alerts
  const [cause] = dependenciesOf(view).get(service.service)!.causes
  const why = first ? `${alertName(first)} (${duration(at - Date.parse(first.since))}): ${first.message}` : reasons.join('; ')
  const instances = `${live.length} of ${live.length + missing.length} instances`
  const beat = service.lastBeatAt === undefined ? '' : `, last beat ${duration(at - service.lastBeatAt)} ago`
  const said = `${service.service} is ${status}${why === '' ? '' : `: ${why}`}, ${instances}${beat}`
  return plain(cause ? `${said} (${dependencySentence(cause)})` : said)
}

/** `{health}:meta is of another type than it should be`. */
export function problemSentence({ key, reason }: Problem): string {
  return plain(`${key} ${reason}`)
}

/** Whether nothing keeps it from being called well: nothing that is not known, or not known any more, is. */
export function isWell(view: HealthView, services: readonly ServiceView[], problems: readonly Problem[]): boolean {
  if (view.staleSince !== undefined || problems.length > 0) return false
  return services.every((service) => {
    const { status } = serviceStatus(service, view.alerts)
    return status === 'healthy' || status === 'degraded'
  })
}

/** The one that beat last and can be read. */
export function newestOf(live: readonly InstanceView[]): InstanceView['status'] {
  return live.filter(({ status }) => status).toSorted((a, b) => b.lastBeatAt - a.lastBeatAt)[0]?.status
}

function staleSentence({ staleSince = 0, at }: HealthView): string {
  return `The health Redis has not answered for ${duration(at - staleSince)}: what stood then is shown, and may be otherwise now.`
}

function staleLines(view: HealthView): string[] {
  return view.staleSince === undefined ? [] : [coloured('red', `STALE  ${staleSentence(view)}`), '']
}

function shownStatus(status: ServiceStatus['status'], { staleSince }: HealthView): string {
  return staleSince === undefined ? statusText(status) : coloured('dim', `was ${status}`)
}

function problemLines(problems: readonly Problem[]): string[] {
  return problems.length === 0
    ? []
    : ['', coloured('red', 'cannot be read, so that not all is known'), ...problems.map((problem) => `  ${problemSentence(problem)}`)]
}

/** Checks and figures of one instance. */
function lastWords(newest: InstanceView['status']): string[] {
  const checks = Object.entries(newest?.checks ?? {}).map(([name, check]) => [
    plain(name),
    statusText(check.status),
    check.error === undefined ? (check.latency_ms === null ? '' : `${check.latency_ms} ms`) : plain(check.error),
  ])
  const metrics = Object.entries(newest?.metrics ?? {}).map(([name, value]) => [plain(name), metricText(value)])
  return [
    ...(checks.length > 0 ? ['', coloured('dim', 'checks'), ...columns(checks, '  ')] : []),
    ...(metrics.length > 0 ? ['', coloured('dim', 'metrics'), ...columns(metrics, '  ')] : []),
  ]
}

function alertLines(alerts: readonly AlertView[], at: number): string[] {
  return columns(
    alerts.map((alert) => [
      severityText(alert.severity),
      `${alert.state} for ${duration(at - Date.parse(alert.since))}`,
      coloured('bold', plain(alertName(alert))),
      plain(alert.message),
    ]),
    '  ',
  )
}

function dependencyCells(dependency: Dependency): string[] {
  return [plain(dependencyName(dependency)), statusText(dependency.status), plain(dependency.reason ?? '')]
}

function instanceCells({ instance, lastBeatAt, status, problem }: InstanceView, at: number): string[] {
  const beat = `last beat ${duration(at - lastBeatAt)} ago`
  if (problem !== undefined) return [plain(instance), statusText('unknown'), '', beat]
  if (!status) return [plain(instance), coloured('red', 'missing'), '', beat]
  return [plain(instance), statusText(status.instance_status), status.phase, `up ${duration(status.uptime_seconds * 1000)}, ${beat}`]
}

function metricText(value: unknown): string {
  if (value === null) return coloured('dim', 'not known yet')
  if (typeof value !== 'object') return plain(typeof value === 'string' ? value : JSON.stringify(value))
  return Object.entries(value)
    .map(([name, part]) => `${plain(name)} ${part === null ? '-' : plain(String(part))}`)
    .join(', ')
}
