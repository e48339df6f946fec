/** Where the dashboard of a service is in a Grafana that has those of `otel-health dashboards`. Pure. */

/** Names of kinds that may stand in the uid of a dashboard. */
const KIND = /^[a-z][a-z0-9_-]{0,63}$/

/** `grafanaUrl`: its base. Of a kind that has no dashboard of its own that of the fleet. */
export function grafanaLink(grafanaUrl: string, service: string, kind: string | undefined): string {
  const base = grafanaUrl.replace(/\/+$/, '')
  const name = kind !== undefined && KIND.test(kind) ? kind.replaceAll('_', '-') : 'fleet'
  return `${base}/d/otel-health-${name}?var-service=${encodeURIComponent(service)}`
}
