/**
 * What the services in view depend on, and which of that is not well: root causes, through as many services as lie between. It explains
 * and changes no status. Pure.
 */
import { isReasonOfCheck } from '../judge/status.ts'
import type { StatusMessage } from '../wire/status-message.ts'
import { serviceStatus, type FoldedStatus, type ServiceStatus } from './service-status.ts'
import type { HealthView, ServiceView } from './health-view.ts'

/** Something that a service depends on: another service, or a check of its own such as `redis`. */
export interface Dependency {
  readonly name: string
  /** `unknown`: no service of that name has been heard of, and no check of the service that names it. */
  readonly status: FoldedStatus
  /** The first reason for a status that is not `healthy`. */
  readonly reason?: string
  /** The services between, the one that the service itself names first; empty if it names this one itself. */
  readonly through: readonly string[]
}

export interface ServiceDependencies {
  /** Those that it names itself, in its order, and then the causes that it depends on through others alone. */
  readonly all: readonly Dependency[]
  /**
   * What may be why the service is not well: whatever of all that it depends on is not well for a reason of its own, or unknown. The worst
   * first, unknown ones last, of two as bad the nearer one.
   */
  readonly causes: readonly Dependency[]
}

const NOTHING: ServiceDependencies = { all: [], causes: [] }

/** What a name stands for, said by one service. */
interface Target extends Omit<Dependency, 'through'> {
  /** Two services with a check of one name do not mean the same. */
  readonly key: string
  readonly is: 'service' | 'check' | 'unknown'
}

/** By name, for every service in view. `statusOf`: for whoever has folded them already. */
export function dependenciesOf(
  { services, alerts }: Pick<HealthView, 'services' | 'alerts'>,
  statusOf: (view: ServiceView) => ServiceStatus = (view) => serviceStatus(view, alerts),
): ReadonlyMap<string, ServiceDependencies> {
  const reports = new Map(services.map((view) => [view.service, statusOf(view)]))
  const targetOf = (view: ServiceView, name: string): Target => {
    const service = reports.get(name)
    if (service) return { key: name, is: 'service', name, status: service.status, ...because(service.reasons[0]) }
    const check = checkOf(view, name)
    // A name of a service has no blank.
    if (check) return { key: `${view.service} ${name}`, is: 'check', name, status: check.status, ...because(check.error) }
    return { key: name, is: 'unknown', name, status: 'unknown', reason: 'nothing has been heard of it' }
  }
  const targets = new Map(services.map((view) => [view.service, namesOf(view).map((name) => targetOf(view, name))]))

  /** A service that is not well only because of a check that it says it depends on leaves the blame to what is checked. */
  const isCause = ({ is, name, status }: Target): boolean => {
    if (is !== 'service') return status !== 'healthy'
    const checks = (targets.get(name) ?? []).filter((each) => each.is === 'check' && each.status !== 'healthy')
    return reports.get(name)!.reasons.some((reason) => !checks.some((check) => isReasonOfCheck(reason, check.name)))
  }

  return new Map(
    services.map(({ service }) => {
      if (targets.get(service)!.length === 0) return [service, NOTHING]
      const reached = reach(service, targets)
      const causes = reached.filter(({ target }) => isCause(target))
      const own = reached.filter(({ through }) => through.length === 0)
      return [service, { all: [...new Set([...own, ...causes])].map(shown), causes: causes.map(shown).toSorted(byBadness) }]
    }),
  )
}

/** `tracker_fetcher (through location_aggregator)`. */
export function dependencyName({ name, through }: Dependency): string {
  return through.length === 0 ? name : `${name} (through ${through.join(', ')})`
}

/** A sentence without its subject, the service: `depends on tracker_fetcher, which is unhealthy: anisette_unreachable: …`. */
export function dependencySentence(dependency: Dependency): string {
  const { status, reason } = dependency
  return `depends on ${dependencyName(dependency)}, which is ${status}${reason === undefined ? '' : `: ${reason}`}`
}

interface Reached {
  readonly target: Target
  readonly through: readonly string[]
}

/** Everything that the service depends on, once each and the nearest first; in a circle it ends where it began. */
function reach(service: string, targets: ReadonlyMap<string, readonly Target[]>): readonly Reached[] {
  const seen = new Set([service])
  const reached: Reached[] = []
  const ways: { readonly from: string; readonly through: readonly string[] }[] = [{ from: service, through: [] }]
  // Grows while it is walked.
  for (const { from, through } of ways) {
    for (const target of targets.get(from) ?? []) {
      if (seen.has(target.key)) continue
      seen.add(target.key)
      reached.push({ target, through })
      if (target.is === 'service') ways.push({ from: target.name, through: [...through, target.name] })
    }
  }
  return reached
}

/** What any of its instances names. */
function namesOf(view: ServiceView): readonly string[] {
  // Most services name nothing, and this is asked of all of them with every change.
  if (!view.instances.some(({ status }) => (status?.depends_on?.length ?? 0) > 0)) return []
  return [...new Set(messagesOf(view).flatMap(({ depends_on: names = [] }) => names))]
}

/** The worst that an instance says of the check. */
function checkOf(view: ServiceView, name: string): StatusMessage['checks'][string] | undefined {
  const results = messagesOf(view).flatMap(({ checks }) => (Object.hasOwn(checks, name) ? [checks[name]!] : []))
  return results.toSorted(byBadness)[0]
}

/** The last of every instance, in an order that does not hang on which of them was heard last. */
function messagesOf({ instances }: ServiceView): readonly StatusMessage[] {
  return instances.toSorted((a, b) => (a.instance < b.instance ? -1 : 1)).flatMap(({ status }) => status ?? [])
}

const BADNESS = ['unhealthy', 'stopped', 'degraded', 'unknown', 'healthy']

function byBadness(a: Pick<Dependency, 'status'>, b: Pick<Dependency, 'status'>): number {
  return BADNESS.indexOf(a.status) - BADNESS.indexOf(b.status)
}

function because(reason: string | undefined): Pick<Dependency, 'reason'> {
  return reason === undefined ? {} : { reason }
}

function shown({ target: { name, status, reason }, through }: Reached): Dependency {
  return { name, status, ...because(reason), through }
}
