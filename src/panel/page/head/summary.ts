/** All services in a line. Pure. */
import type { AlertRow, ServiceRow, ShownStatus } from '../../protocol.ts'
import { WORST_FIRST } from '../now/order.ts'

export interface Summary {
  readonly worst: ShownStatus | undefined
  /** The worst first, of those that there are. */
  readonly counts: readonly { readonly status: ShownStatus; readonly count: number }[]
  readonly critical: number
  readonly warning: number
}

export function summaryOf(services: readonly ServiceRow[], alerts: readonly AlertRow[]): Summary {
  const numbers = new Map<ShownStatus, number>()
  for (const { status } of services) numbers.set(status, (numbers.get(status) ?? 0) + 1)
  const counts = WORST_FIRST.flatMap((status) => (numbers.has(status) ? [{ status, count: numbers.get(status)! }] : []))
  const critical = alerts.filter(({ severity }) => severity === 'CRITICAL').length
  return { worst: counts[0]?.status, counts, critical, warning: alerts.length - critical }
}
