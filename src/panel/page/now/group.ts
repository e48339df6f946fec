/** Services by the beginning of their names: `tracker_fetcher` and `tracker_parser` are both `tracker`. Pure. */
import type { ServiceRow, ShownStatus } from '../../protocol.ts'
import { worstOf } from './order.ts'

export interface Group {
  readonly prefix: string
  readonly services: readonly ServiceRow[]
  readonly worst: ShownStatus
}

/** Up to the first `-`, `_`, `.`, `:` or `/` that is not the very first sign. */
export function prefixOf(service: string): string {
  const at = service.slice(1).search(/[-_.:/]/)
  return at < 0 ? service : service.slice(0, at + 1)
}

/** In the order of the best-placed service of each; services keep their order. */
export function groupsOf(services: readonly ServiceRow[]): readonly Group[] {
  const byPrefix = new Map<string, ServiceRow[]>()
  for (const row of services) {
    const prefix = prefixOf(row.service)
    const group = byPrefix.get(prefix)
    if (group) group.push(row)
    else byPrefix.set(prefix, [row])
  }
  return Array.from(byPrefix, ([prefix, rows]) => ({ prefix, services: rows, worst: worstOf(rows.map(({ status }) => status))! }))
}
