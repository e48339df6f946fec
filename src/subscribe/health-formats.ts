/** The status of a service as others read it. Pure. */
import type { Severity } from '../types.ts'
import type { InstanceView, ServiceView } from './health-view.ts'
import type { FoldedStatus, ServiceStatus } from './service-status.ts'

/** ComponentHealth of OpAMP (opamp-spec, proto/opamp/v1/opamp.proto) in the JSON of Protobuf, where 64 bits are text. */
export interface ComponentHealth {
  /** Of a service only if its status is `healthy`: what is degraded or not known has an error. */
  readonly healthy: boolean
  /** Nanoseconds since 1970; '0': it does not run. */
  readonly startTimeUnixNano: string
  readonly lastError?: string
  /** `healthy`, `degraded`, `unhealthy`, `stopped` or `unknown`. */
  readonly status: string
  readonly statusTimeUnixNano: string
  readonly componentHealthMap?: Readonly<Record<string, ComponentHealth>>
}

/** application/health+json (draft-inadarei-api-health-check-06). */
export interface HealthJson {
  /** `warn` is degraded, or stopped on purpose; what is not known does not pass. */
  readonly status: 'pass' | 'warn' | 'fail'
  readonly serviceId: string
  readonly notes: readonly string[]
  /** Left out where it passes, as the draft wants it. */
  readonly output?: string
  readonly checks: Readonly<Record<string, readonly HealthJsonCheck[]>>
}

export interface HealthJsonCheck {
  readonly componentId: string
  readonly componentType: 'component' | 'datastore' | 'system'
  readonly observedValue?: number | string
  readonly observedUnit?: string
  readonly status: HealthJson['status']
  /** ISO 8601. */
  readonly time: string
  readonly output?: string
}

/** What to answer with it over HTTP: the draft wants 2xx for `pass` and `warn`. */
export function httpStatusOf({ status }: Pick<HealthJson, 'status'>): 200 | 503 {
  return status === 'fail' ? 503 : 200
}

/** The service, below it its instances, below them their checks. `at`: as of when it is known; epoch milliseconds. */
export function componentHealth(service: ServiceView, status: ServiceStatus, at: number): ComponentHealth {
  const starts = service.instances.flatMap((instance) => startOf(instance) ?? [])
  return component(status.status, status.reasons, starts.length === 0 ? 0 : Math.min(...starts), at, {
    componentHealthMap: Object.fromEntries(service.instances.map((instance) => [instance.instance, instanceHealth(instance)])),
  })
}

/** Checks are named as the draft wants it: `<component>:<measurement>`. */
export function healthJson(service: ServiceView, { status, reasons, alerts }: ServiceStatus): HealthJson {
  const checks: [string, HealthJsonCheck][] = [
    ...service.instances.map((instance): [string, HealthJsonCheck] => ['instance:status', instanceCheck(instance)]),
    ...service.instances.flatMap(checksOf),
    ...alerts.map((alert): [string, HealthJsonCheck] => [
      `alert:${named(alert.rule)}`,
      {
        componentId: alert.alert_id,
        componentType: 'component',
        ...observed(alert.value?.['current'], alert.value?.['unit']),
        status: wordOfSeverity(alert.severity),
        time: alert.since,
        output: alert.message,
      },
    ]),
  ]
  const byName = Map.groupBy(checks, ([name]) => name)
  return {
    status: passing(status),
    serviceId: service.service,
    notes: reasons,
    ...(status !== 'healthy' && { output: reasons.join('; ') }),
    checks: Object.fromEntries(Array.from(byName, ([name, all]) => [name, all.map(([, check]) => check)])),
  }
}

function instanceHealth(instance: InstanceView): ComponentHealth {
  const { status: said } = instance
  const { word, reasons } = howIs(instance)
  const at = said === undefined ? instance.lastBeatAt : Date.parse(said.timestamp)
  const checks = Object.entries(said?.checks ?? {}).map(
    ([name, check]) => [name, component(check.status, check.error === undefined ? [] : [check.error], 0, at)] as const,
  )
  const map = checks.length > 0 ? { componentHealthMap: Object.fromEntries(checks) } : {}
  return component(word, reasons, startOf(instance) ?? 0, at, map)
}

function component(
  word: FoldedStatus,
  reasons: readonly string[],
  startedAt: number,
  at: number,
  more: Pick<ComponentHealth, 'componentHealthMap'> = {},
): ComponentHealth {
  return {
    healthy: word === 'healthy',
    startTimeUnixNano: nanoseconds(startedAt),
    ...(word !== 'healthy' && { lastError: reasons.join('; ') || word }),
    status: word,
    statusTimeUnixNano: nanoseconds(at),
    ...more,
  }
}

function instanceCheck(instance: InstanceView): HealthJsonCheck {
  const { word, reasons } = howIs(instance)
  return {
    componentId: instance.instance,
    componentType: 'component',
    observedValue: word,
    status: passing(word),
    time: instance.status?.timestamp ?? new Date(instance.lastBeatAt).toISOString(),
    ...(word !== 'healthy' && { output: reasons.join('; ') || word }),
  }
}

function checksOf({ instance, status: said }: InstanceView): [string, HealthJsonCheck][] {
  return Object.entries(said?.checks ?? {}).map(([name, { status, latency_ms: latency, error }]) => [
    `${named(name)}:responseTime`,
    {
      componentId: instance,
      componentType: 'datastore',
      ...observed(latency, 'ms'),
      status: passing(status),
      time: said!.timestamp,
      ...(status !== 'healthy' && { output: error ?? status }),
    },
  ])
}

/** One that is silent or cannot be read is not well, whatever it said before. */
function howIs({ status: said, problem }: InstanceView): { readonly word: FoldedStatus; readonly reasons: readonly string[] } {
  if (said) return { word: said.instance_status, reasons: said.instance_status === 'healthy' ? [] : said.reasons }
  return { word: 'unknown', reasons: [problem ?? 'no sign of life for three publishing intervals'] }
}

function startOf({ status: said }: InstanceView): number | undefined {
  return said && said.phase !== 'stopped' ? Date.parse(said.timestamp) - said.uptime_seconds * 1000 : undefined
}

function passing(word: FoldedStatus): HealthJson['status'] {
  if (word === 'healthy') return 'pass'
  return word === 'degraded' || word === 'stopped' ? 'warn' : 'fail'
}

function wordOfSeverity(severity: Severity): HealthJson['status'] {
  return severity === 'CRITICAL' ? 'fail' : 'warn'
}

function observed(value: unknown, unit: unknown): Pick<HealthJsonCheck, 'observedValue' | 'observedUnit'> {
  if (typeof value !== 'number' && typeof value !== 'string') return {}
  return { observedValue: value, ...(typeof unit === 'string' && { observedUnit: unit }) }
}

/** A colon parts component and measurement. */
function named(name: string): string {
  return name.replaceAll(':', '_')
}

function nanoseconds(epochMs: number): string {
  return String(BigInt(Math.max(0, Math.round(epochMs))) * 1_000_000n)
}
