/** The two or three figures by which one sees how a service of the demo gets on. Those not known yet are left out. */
import { fields, number, type Fields } from './fields.ts'
import { amount } from './wording.ts'

type Figure = (metrics: Fields) => string | undefined

const FIGURES: Readonly<Record<string, readonly Figure[]>> = {
  tracker_fetcher: [
    shown('fetch_rate_per_hour', (rate) => `${amount(rate)} fetches/h`),
    shown('success_rate_percent', (rate) => `${amount(rate)} % ok`),
  ],
  location_aggregator: [
    shown('reports_per_hour', (rate) => `${amount(rate)} reports/h`),
    shown('lag_seconds', (lag) => `lag ${amount(lag)} s`),
    shown('dropped_percent', (share) => `drops ${amount(Math.round(share))} %`),
  ],
  realtime_geofence: [
    (metrics) => present(sum(metrics['events_last_hour']), (events) => `${amount(events)} events in 1 h`),
    shown('detection_p95_ms', (p95) => `detection p95 ${amount(Math.round(p95 / 1000))} s`),
  ],
  notification: [
    (metrics) => list(metrics['deliveries_last_hour'], (channel, count) => `${channel} ${amount(count)}`),
    (metrics) => present(lowest(metrics['delivery_rate_percent']), (rate) => `${amount(rate)} % ok`),
  ],
  geocoding: [
    shown('cache_hit_rate_percent', (rate) => `${amount(Math.round(rate))} % cache hits`),
    (metrics) => present(sum(metrics['provider_requests_per_hour']), (rate) => `${amount(rate)} requests/h`),
  ],
}

export function keyFigures(service: string, metrics: Fields): string {
  return (FIGURES[service] ?? []).flatMap((figure) => figure(metrics) ?? []).join(', ')
}

/** Whether enough was seen of its work to say how much of it succeeds: until then nobody knows that a service is well. */
export function knowsItsSuccess(metrics: Fields): boolean {
  return number(metrics['success_rate_percent']) !== undefined
}

function shown(name: string, show: (value: number) => string): Figure {
  return (metrics) => present(number(metrics[name]), show)
}

function present(value: number | undefined, show: (value: number) => string): string | undefined {
  return value === undefined ? undefined : show(value)
}

/** Those of a figure that is split, by what it is split by. */
function parts(value: unknown): readonly (readonly [name: string, value: number])[] {
  return Object.entries(fields(value)).flatMap(([name, part]) => (typeof part === 'number' ? [[name, part] as const] : []))
}

function sum(value: unknown): number | undefined {
  const all = parts(value)
  return all.length === 0 ? undefined : all.reduce((total, [, part]) => total + part, 0)
}

function lowest(value: unknown): number | undefined {
  const all = parts(value)
  return all.length === 0 ? undefined : Math.min(...all.map(([, part]) => part))
}

function list(value: unknown, show: (name: string, value: number) => string): string | undefined {
  const all = parts(value)
  return all.length === 0
    ? undefined
    : all
        .map(([name, part]) => show(name, part))
        .toSorted()
        .join(' ')
}
