/** What a view says, for people and as JSON. Pure. */
import { alertName } from '../judge/status.ts'
import { dependenciesOf, dependencyName, dependencySentence, type Dependency } from '../subscribe/dependencies.ts'
import { problemsOf, type HealthView, type InstanceView, type Problem, type ServiceView } from '../subscribe/health-view.ts'
import { serviceStatus, type ServiceStatus } from '../subscribe/service-status.ts'
import { seenWork } from '../subscribe/work-seen.ts'
import type { Phase } from '../types.ts'
import type { AlertView } from '../wire/alert-view.ts'
import { NO_SOURCE } from '../wire/no-source.ts'
import { isFields, type Fields } from '../wire/fields.ts'
import { duration } from '../subscribe/duration.ts'
import { alertInstances } from './alert-instances.ts'
import { columns, coloured, plain, rowsOf, severityText, statusText, wrapped } from './text.ts'

/**
 * One line per service, and below it what is wrong, each reason once. `most`: of so many services; those that are not well go before.
 * `width`: of the terminal, in characters.
 */
export function overview(view: HealthView, most: number = Infinity, width?: number): string[] {
  const top = staleLines(view)
  const end = problemLines(view.problems ?? [])
  if (view.services.length === 0) return [...top, 'No service has been heard of.', ...end]
  const dependencies = dependenciesOf(view)
  const shown = firstOf(view, most)
  const rows = shown.map(({ service, report: { status, otherReasons, live, missing, alerts } }) => {
    const causes = dependencies.get(service.service)!.causes.map(dependencySentence)
    // Of one that was stopped nothing is wrong.
    const why = status === 'stopped' ? [] : otherReasons
    const sentences = [...why, ...causes].flatMap((sentence) => wrapped(plain(sentence), width ?? Infinity, '    ', '  '))
    return {
      below: [...alertRows(alerts, view.at, width).flat(), ...sentences],
      cells: [
        plain(service.service),
        shownStatus(status, view),
        instancesText(live, missing),
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
export function details(view: HealthView, service: ServiceView, width?: number): string[] {
  const { status, otherReasons, live, missing, alerts } = serviceStatus(service, view.alerts)
  const head = [plain(service.service), shownStatus(status, view), plain(otherReasons.join('; '))]
  const lines = [...staleLines(view), ...columns([head], '', width)]
  const work = seenWork(live.flatMap(({ status: said }) => said ?? []))
  if (work.why !== undefined)
    lines.push(...wrapped(`${plain(work.why)}, so that its rates are unknown`, width ?? Infinity).map((line) => coloured('yellow', line)))
  if (alerts.length > 0) {
    const told = alertRows(alerts, view.at, width)
    lines.push('', coloured('dim', 'alerts'))
    for (const [i, alert] of alerts.entries()) {
      const instances = alertInstances(alert)
      lines.push(...told[i]!, ...(instances === undefined ? [] : wrapped(plain(instances), width ?? Infinity, '    ', '    ')))
    }
  }
  const instances = [...live, ...missing].map((instance) => instanceCells(instance, view.at))
  if (instances.length > 0) lines.push('', coloured('dim', 'instances'), ...columns(instances, '  ', width))
  else if (service.lastBeatAt !== undefined) lines.push('', `last beat ${duration(view.at - service.lastBeatAt)} ago`)
  const dependencies = dependenciesOf(view).get(service.service)!.all
  if (dependencies.length > 0) lines.push('', coloured('dim', 'depends on'), ...columns(dependencies.map(dependencyCells), '  ', width))
  return [...lines, ...lastWords(newestOf(live), width), ...problemLines(problemsOf(view, service.service))]
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
  const instances = live.length + missing.length === 0 ? '' : `, ${instancesText(live, missing, ' instances')}`
  const beat = service.lastBeatAt === undefined ? '' : `, last beat ${duration(at - service.lastBeatAt)} ago`
  const said = `${service.service} is ${status}${why === '' ? '' : `: ${why}`}${instances}${beat}`
  return plain(cause ? `${said} (${dependencySentence(cause)})` : said)
}

/** Those that take on no work; what is down and still listed is started again. */
const RESTING: readonly Phase[] = ['paused', 'draining', 'stopped']

/** `3 of 3, 2 paused, 1 draining`: that nothing takes on work is no illness, and must be seen all the same. */
function instancesText(live: readonly InstanceView[], missing: readonly InstanceView[], called: string = ''): string {
  const resting = RESTING.map((phase) => [live.filter(({ status }) => status?.phase === phase).length, phase] as const)
  const those = resting.flatMap(([count, phase]) => (count > 0 ? [`, ${count} ${phase}`] : []))
  return `${live.length} of ${live.length + missing.length}${called}${those.join('')}`
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
    return status === 'healthy' || status === 'degraded' || status === 'stopped'
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
function lastWords(newest: InstanceView['status'], width: number | undefined): string[] {
  const checks = Object.entries(newest?.checks ?? {}).map(([name, check]) => [
    plain(name),
    statusText(check.status),
    check.error === undefined ? (check.latency_ms === null ? '' : `${check.latency_ms} ms`) : plain(check.error),
  ])
  const { unknown = {}, metrics: { [PAUSED]: paused = {}, ...figures } = {} } = newest ?? {}
  const metrics = Object.entries(figures).map(([name, value]) => {
    const shown = name === SIZES && isFields(value) && isFields(paused) ? withPaused(value, paused) : value
    const why = unknown[name]
    // Said at length above.
    return [plain(name), metricText(shown, why?.startsWith(NO_SOURCE) ? NO_SOURCE : why)]
  })
  return [
    ...(checks.length > 0 ? ['', coloured('dim', 'checks'), ...columns(checks, '  ', width)] : []),
    ...(metrics.length > 0 ? ['', coloured('dim', 'metrics'), ...columns(metrics, '  ', width)] : []),
  ]
}

/** The lines of each. */
function alertRows(alerts: readonly AlertView[], at: number, width: number | undefined): string[][] {
  return rowsOf(
    alerts.map((alert) => [
      severityText(alert.severity),
      `${alert.state} for ${duration(at - Date.parse(alert.since))}`,
      coloured('bold', plain(alertName(alert))),
      plain(alert.message),
    ]),
    '  ',
    width,
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

const SIZES = 'queue_sizes'
/** Items in queues that are paused on purpose, by the same names as their sizes. */
const PAUSED = 'paused_queues'

/** `120 (paused)`; where queues of one name are shown together, how many of the items are in those that are paused. */
function withPaused(sizes: Fields, paused: Fields): Fields {
  return Object.fromEntries(
    Object.entries(sizes).map(([name, size]) => {
      if (!Object.hasOwn(paused, name)) return [name, size]
      return [name, paused[name] === size ? `${String(size)} (paused)` : `${String(size)} (${String(paused[name])} paused)`]
    }),
  )
}

/** `why` it is not known, or all of its parts are not. */
function metricText(value: unknown, why: string | undefined): string {
  if (value === null || why !== undefined) return coloured('dim', plain(why ?? 'not known'))
  if (typeof value !== 'object') return plain(typeof value === 'string' ? value : JSON.stringify(value))
  return Object.entries(value)
    .map(([name, part]) => `${plain(name)} ${part === null ? '-' : plain(String(part))}`)
    .join(', ')
}
