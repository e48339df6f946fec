/** What somebody who has asked for it is told outside the page. Pure. */
import type { Transition } from '../../protocol.ts'

const TYPES: readonly string[] = ['fired', 'escalated', 'reopened']

/** That something CRITICAL has begun, of what people are told at all. */
export function isNews({ type, severity, deliver }: Pick<Transition, 'type' | 'severity' | 'deliver'>): boolean {
  return deliver && severity === 'CRITICAL' && TYPES.includes(type)
}
