/** Which open alert may have caused an inhibited one, where only one can have. Pure. */
import type { ServiceDependencies } from '../../subscribe/dependencies.ts'
import type { AlertRow } from '../protocol.ts'

/**
 * Causes are alerts of the same service, and CRITICAL ones of what it names as a dependency, that are not inhibited themselves. Of several of
 * them nobody knows which it was. Rows of which nothing changes stay the same objects.
 */
export function withExplanations(
  alerts: readonly AlertRow[],
  dependencies: ReadonlyMap<string, Pick<ServiceDependencies, 'all'>>,
  known: WeakMap<AlertRow, AlertRow>,
): readonly AlertRow[] {
  if (!alerts.some(({ inhibited }) => inhibited)) return alerts
  const causing = Map.groupBy(
    alerts.filter(({ inhibited }) => !inhibited),
    ({ service }) => service,
  )
  return alerts.map((row) => {
    if (!row.inhibited) return row
    const named = (dependencies.get(row.service)?.all ?? []).filter(({ through }) => through.length === 0)
    const others = named.flatMap(({ name }) => (causing.get(name) ?? []).filter(({ severity }) => severity === 'CRITICAL'))
    const [cause, ...more] = [...(causing.get(row.service) ?? []), ...others]
    if (!cause || more.length > 0) return row
    const before = known.get(row)
    if (before?.explainedBy === cause.id) return before
    const explained = { ...row, explainedBy: cause.id }
    known.set(row, explained)
    return explained
  })
}
