/** What a view says, for people and as JSON. Pure. */
import { alertName } from '../judge/status.ts'
import { dependenciesOf, dependencyName, dependencySentence, type Dependency } from '../subscribe/dependencies.ts'
import { serviceStatus } from '../subscribe/service-status.ts'
import type { AlertView } from '../wire/alert-view.ts'
import type { HealthView, InstanceView, ServiceView } from '../subscribe/snapshot.ts'
import { duration } from '../subscribe/duration.ts'
import { columns, coloured, plain, severityText, statusText } from './text.ts'

/** One line per service, and below it what is wrong. */
export function overview(view: HealthView): string[] {
  if (view.services.length === 0) return ['No service has been heard of.']
  const dependencies = dependenciesOf(view)
  const rows = view.services.map((service) => {
    const { status, live, missing, alerts } = serviceStatus(service, view.alerts)
    const causes = dependencies.get(service.service)!.causes.map((cause) => `  ${plain(dependencySentence(cause))}`)
    return {
      below: [...alertLines(alerts, view.at), ...causes],
      cells: [
        plain(service.service),
        statusText(status),
        `${live.length} of ${live.length + missing.length}`,
        alerts.length === 0 ? '-' : String(alerts.length),
        `${duration(view.at - service.lastBeatAt)} ago`,
      ],
    }
  })
  const header = ['SERVICE', 'STATUS', 'INSTANCES', 'ALERTS', 'LAST BEAT'].map((title) => coloured('dim', title))
  const [head = '', ...lines] = columns([header, ...rows.map(({ cells }) => cells)])
  return [head, ...rows.flatMap(({ below }, i) => [lines[i] ?? '', ...below])]
}

/** All that is known of one service. */
export function details(view: HealthView, service: ServiceView): string[] {
  const { status, otherReasons, live, missing, alerts } = serviceStatus(service, view.alerts)
  const lines = [`${plain(service.service)}  ${statusText(status)}${otherReasons.length > 0 ? `  ${plain(otherReasons.join('; '))}` : ''}`]
  if (alerts.length > 0) lines.push('', coloured('dim', 'alerts'), ...alertLines(alerts, view.at))
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
  const newest = live.toSorted((a, b) => b.lastBeatAt - a.lastBeatAt)[0]?.status
  if (newest) {
    const checks = Object.entries(newest.checks)
    if (checks.length > 0) {
      const rows = checks.map(([name, check]) => [
        plain(name),
        statusText(check.status),
        check.error === undefined ? (check.latency_ms === null ? '' : `${check.latency_ms} ms`) : plain(check.error),
      ])
      lines.push('', coloured('dim', 'checks'), ...columns(rows, '  '))
    }
    const metrics = Object.entries(newest.metrics)
    if (metrics.length > 0) {
      lines.push(
        '',
        coloured('dim', 'metrics'),
        ...columns(
          metrics.map(([name, value]) => [plain(name), metricText(value)]),
          '  ',
        ),
      )
    }
  }
  return lines
}

/** The same as data, with the folded status. */
export function asJson(view: HealthView, services: readonly ServiceView[]): unknown {
  const dependencies = dependenciesOf(view)
  return {
    at: new Date(view.at).toISOString(),
    epoch: view.epoch,
    seq: view.seq,
    services: services.map((service) => {
      const { status, reasons, live, missing, alerts } = serviceStatus(service, view.alerts)
      return {
        service: service.service,
        status,
        reasons,
        depends_on: dependencies
          .get(service.service)!
          .all.map(({ through, ...said }) => ({ ...said, ...(through.length > 0 && { through }) })),
        instances: live.map(({ status: message }) => ({ ...message, channel: undefined })),
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
  const said = `${service.service} is ${status}${why === '' ? '' : `: ${why}`}, ${instances}, last beat ${duration(at - service.lastBeatAt)} ago`
  return plain(cause ? `${said} (${dependencySentence(cause)})` : said)
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
  const { status, reason = '' } = dependency
  return [plain(dependencyName(dependency)), status === 'unknown' ? coloured('dim', status) : statusText(status), plain(reason)]
}

function instanceCells({ instance, lastBeatAt, status }: InstanceView, at: number): string[] {
  const beat = `${duration(at - lastBeatAt)} ago`
  if (!status) return [plain(instance), coloured('red', 'missing'), '', `last beat ${beat}`]
  return [
    plain(instance),
    statusText(status.instance_status),
    status.phase,
    `up ${duration(status.uptime_seconds * 1000)}, last beat ${beat}`,
  ]
}

function metricText(value: unknown): string {
  if (value === null) return coloured('dim', 'not known yet')
  if (typeof value !== 'object') return plain(typeof value === 'string' ? value : JSON.stringify(value))
  return Object.entries(value)
    .map(([name, part]) => `${plain(name)} ${part === null ? '-' : plain(String(part))}`)
    .join(', ')
}
