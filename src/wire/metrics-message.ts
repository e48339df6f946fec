/** `health:service:<service>:metrics`: the figures of one instance, with what they rest on. */
import type { Snapshot } from '../types.ts'
import { encodeMessage } from './bounded-json.ts'
import { isFields, type Fields } from './fields.ts'
import { hasInstanceHead, instanceHead, type InstanceHead } from './instance-head.ts'

export interface MetricsMessage extends InstanceHead {
  readonly channel: 'metrics'
  readonly metrics: Fields
  readonly evidence: Fields
  readonly totals: Fields
}

/** `beat` counts this instance's metrics messages from 1. */
export function encodeMetrics(snapshot: Snapshot, beat: number): { readonly json: string; readonly cut: number } {
  return encodeMessage({
    ...instanceHead(snapshot, beat),
    metrics: snapshot.metrics,
    evidence: snapshot.evidence,
    totals: snapshot.totals,
  })
}

export function toMetricsMessage(fields: Fields): MetricsMessage | undefined {
  const isMessage = hasInstanceHead(fields) && isFields(fields['metrics']) && isFields(fields['evidence']) && isFields(fields['totals'])
  return isMessage ? ({ ...fields, channel: 'metrics' } as unknown as MetricsMessage) : undefined
}
