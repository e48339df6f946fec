/**
 * Everything that the screen Now shows, made of a view. A service or alert of which nothing has changed keeps the very object of its row,
 * so that what has changed is found by comparing objects, and a thousand services that are quiet cost next to nothing.
 */
import { dependenciesOf, type ServiceDependencies } from '../../subscribe/dependencies.ts'
import type { HealthView, ServiceView } from '../../subscribe/health-view.ts'
import { serviceStatus, type ServiceStatus } from '../../subscribe/service-status.ts'
import type { AlertView } from '../../wire/alert-view.ts'
import type { StatusMessage } from '../../wire/status-message.ts'
import { cleanText } from '../../wire/clean-text.ts'
import type { ControlRow } from '../control-protocol.ts'
import type { AlertRow, Now, ServiceRow } from '../protocol.ts'
import { alertRow, byUrgency } from './alert-row.ts'
import { withExplanations } from './explained-by.ts'
import { causeOf, serviceRow } from './service-row.ts'

interface KnownService {
  readonly view: ServiceView
  readonly alerts: readonly AlertView[]
  readonly report: ServiceStatus
  /** All of it that dependencies are made of. */
  readonly standing: string
}

const NONE: readonly AlertView[] = []

export class NowRows {
  readonly #controlOf: (service: string) => ControlRow | undefined
  #services = new Map<string, KnownService>()
  #serviceRows = new Map<string, ServiceRow>()
  #alerts = new Map<string, { readonly alert: AlertView; readonly row: AlertRow }>()
  #dependencies: ReadonlyMap<string, ServiceDependencies> = new Map()
  readonly #explained = new WeakMap<AlertRow, AlertRow>()

  /** `controlOf`: what people have asked of a service; the same object as long as it says the same. */
  constructor(controlOf: (service: string) => ControlRow | undefined = () => undefined) {
    this.#controlOf = controlOf
  }

  /** What services depend on, as of the last view. */
  get dependencies(): ReadonlyMap<string, ServiceDependencies> {
    return this.#dependencies
  }

  /** As of the last view. */
  rowOf(service: string): ServiceRow | undefined {
    return this.#serviceRows.get(service)
  }

  /** `staleReason`: why nothing is known to be fresh, where the view says that it is not. */
  of(view: HealthView, staleReason?: string): Now {
    const { at, epoch, seq, staleSince, problems = [] } = view
    return {
      at,
      ...(staleSince !== undefined && { staleSince }),
      ...(staleSince !== undefined && staleReason !== undefined && { staleReason: cleanText(staleReason) }),
      ...{ epoch, seq, problems: problems.map(({ key, reason }) => cleanText(`${key} ${reason}`)) },
      services: this.#servicesOf(view),
      alerts: this.#alertsOf(view.alerts),
    }
  }

  #servicesOf(view: HealthView): readonly ServiceRow[] {
    const alerts = Map.groupBy(view.alerts, ({ service }) => service)
    const known = new Map<string, KnownService>()
    const changed = new Set<string>()
    let isAnyOther = view.services.length !== this.#services.size
    for (const service of view.services) {
      const before = this.#services.get(service.service)
      const own = alerts.get(service.service) ?? NONE
      if (before?.view === service && isSame(before.alerts, own)) known.set(service.service, before)
      else {
        const report = serviceStatus(service, own)
        const standing = standingOf(service, report)
        changed.add(service.service)
        known.set(service.service, { view: service, alerts: own, report, standing })
        isAnyOther ||= standing !== before?.standing
      }
    }
    this.#services = known
    if (isAnyOther) this.#dependencies = dependenciesOf(view, ({ service }) => known.get(service)!.report)
    const rows = new Map(view.services.map(({ service }) => [service, this.#rowNow(service, changed.has(service))]))
    this.#serviceRows = rows
    return [...rows.values()]
  }

  #rowNow(service: string, isChanged: boolean): ServiceRow {
    const { view, report } = this.#services.get(service)!
    const before = this.#serviceRows.get(service)
    const cause = causeOf(this.#dependencies.get(service)?.causes)
    const control = this.#controlOf(service)
    // What it depends on and what is asked of it may have changed though it has not.
    if (before && !isChanged && before.cause === cause && before.control === control) return before
    return kept(before, { ...serviceRow(view, report, cause), ...(control && { control }) })
  }

  #alertsOf(alerts: readonly AlertView[]): readonly AlertRow[] {
    const known = new Map(
      alerts.map((alert) => {
        const before = this.#alerts.get(alert.alert_id)
        return [alert.alert_id, before?.alert === alert ? before : { alert, row: kept(before?.row, alertRow(alert)) }]
      }),
    )
    this.#alerts = known
    const rows = Array.from(known.values(), ({ row }) => row).toSorted(byUrgency)
    return withExplanations(rows, this.#dependencies, this.#explained)
  }
}

function standingOf({ instances }: ServiceView, { status, reasons }: ServiceStatus): string {
  const said = instances.flatMap(({ status: message }) => (message ? [[message.depends_on, checksOf(message)]] : []))
  return JSON.stringify([status, reasons, said])
}

/** How long they took is another every time. */
function checksOf({ checks }: StatusMessage): readonly unknown[] {
  return Object.entries(checks).map(([name, check]) => [name, check.status, check.error])
}

function isSame(before: readonly AlertView[], now: readonly AlertView[]): boolean {
  return before.length === now.length && before.every((alert, i) => alert === now[i])
}

/** The one before if both say the same. */
function kept<T>(before: T | undefined, now: T): T {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(now) ? before : now
}
