/** With what every message of an instance begins: who says it, which of its messages it is, and when. */
import type { Snapshot } from '../types.ts'
import { isTime, type Fields } from './fields.ts'
import { toIso } from './iso-time.ts'
import { isServiceName, toInstanceName } from './names.ts'

export interface InstanceHead {
  readonly service: string
  readonly instance: string
  /** Counts the messages of this instance on this channel from 1. */
  readonly beat: number
  readonly timestamp: string
}

export function instanceHead(snapshot: Snapshot, beat: number): InstanceHead & { readonly v: 1 } {
  return { v: 1, service: snapshot.service, instance: toInstanceName(snapshot.instance), beat, timestamp: toIso(snapshot.at) }
}

export function hasInstanceHead(fields: Fields): boolean {
  return (
    isServiceName(fields['service']) &&
    typeof fields['instance'] === 'string' &&
    fields['instance'] === toInstanceName(fields['instance']) &&
    Number.isSafeInteger(fields['beat']) &&
    isTime(fields['timestamp'])
  )
}
