/** Services and what they depend on, as a map. Pure. */
import type { ServiceDependencies } from '../../subscribe/dependencies.ts'
import type { HealthView } from '../../subscribe/health-view.ts'
import { alertReason } from '../../judge/status.ts'
import { cleanText } from '../../wire/clean-text.ts'
import type { DependencyMap, MapNode, Now } from '../protocol.ts'

export function dependencyMap(
  view: HealthView,
  { services: rows, alerts }: Pick<Now, 'services' | 'alerts'>,
  dependencies: ReadonlyMap<string, ServiceDependencies>,
): DependencyMap {
  const services = new Map(rows.map((row) => [row.service, row]))
  const checks = new Map(
    view.services.map(({ service, instances }) => [service, new Set(instances.flatMap(({ status }) => Object.keys(status?.checks ?? {})))]),
  )
  /** Two services with a check of one name do not mean the same. */
  const nodeName = (service: string, name: string) =>
    services.has(name) ? name : cleanText(checks.get(service)?.has(name) ? `${name} (${service})` : name)

  const nodes = new Map<string, MapNode>()
  const causes = new Set<string>()
  const edges: { readonly from: string; readonly to: string }[] = []
  const worst = new Map(alerts.toReversed().map((alert) => [alert.service, alertReason(alert)]))
  for (const { service, status, reasons } of rows) {
    const reason = worst.get(service) ?? reasons[0]
    nodes.set(service, { name: service, is: 'service', status, ...(reason !== undefined && { reason }), isCause: false })
  }
  for (const [service, { all, causes: blamed }] of dependencies) {
    for (const { name, status, reason, through } of all) {
      const to = nodeName(through.at(-1) ?? service, name)
      if (through.length === 0) edges.push({ from: service, to })
      if (nodes.has(to)) continue
      const is = to.endsWith(`(${through.at(-1) ?? service})`) ? 'check' : 'unknown'
      nodes.set(to, { name: to, is, status, ...(reason !== undefined && { reason: cleanText(reason) }), isCause: false })
    }
    // Of what nobody has heard nobody knows that it is to blame.
    for (const { name, status, through } of blamed) if (status !== 'unknown') causes.add(nodeName(through.at(-1) ?? service, name))
  }
  return { nodes: Array.from(nodes.values(), (node) => ({ ...node, isCause: causes.has(node.name) })), edges }
}
