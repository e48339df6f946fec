/** One transition on its way to a target, with what the target could not know by itself. Pure. */
import { isOpen } from '../judge/alert.ts'
import type { Severity } from '../types.ts'
import type { AlertMessage } from '../wire/alert-message.ts'
import type { AlertView } from '../wire/alert-view.ts'
import type { ToldElsewhere, ToldRecord } from './told.ts'

/** How many of all services have open alerts. */
export interface Affected {
  readonly affected: number
  readonly known: number
}

export interface Delivery {
  /** The same whoever sends it and however often: by this a receiver knows what it has had. Letters, digits, `_` and `-`. */
  readonly id: string
  readonly message: AlertMessage
  /** Left out while not known. */
  readonly services?: Affected
  /** Who has been told what of this alert before, in the order of the targets. */
  readonly told: readonly ToldElsewhere[]
}

/** An id is unique within an epoch, and that within a shard: no two transitions may be taken for one. */
export function deliveryId(epoch: string, id: string, shard: number | undefined): string {
  return `${epoch}-${id}${shard === undefined ? '' : `-${shard}`}`.replaceAll(/[^\w-]/g, '_')
}

/** How an alert stands, as a message to a target that was not told so: the transition itself may have been trimmed. */
export function standing(alert: AlertView, epoch: string, told: ToldRecord | undefined, at: string): { id: string; message: AlertMessage } {
  return {
    id: deliveryId(epoch, `${alert.alert_id}-${alert.rev}`, undefined),
    message: {
      ...alert,
      channel: 'alerts',
      id: `0-${alert.rev}`,
      epoch,
      seq: alert.rev,
      type: typeOf(alert, told),
      deliver: true,
      timestamp: at,
    },
  }
}

function typeOf(alert: AlertView, told: ToldRecord | undefined): AlertMessage['type'] {
  if (!isOpen(alert)) return 'resolved'
  if (!told) return 'fired'
  if (told.severity === alert.severity) return 'updated'
  return alert.severity === 'CRITICAL' ? 'escalated' : 'deescalated'
}

export function severityWord(severity: Severity): 'critical' | 'warning' {
  return severity === 'CRITICAL' ? 'critical' : 'warning'
}
