import { createHash } from 'node:crypto'

/**
 * Identity of an alert for ever: rule, service and labels, in whatever order, never severity, instance, threshold or text. 16
 * hexadecimal digits. No labels and `{}` are the same.
 */
export function alertId(rule: string, service: string, labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify(pairs.length === 0 ? [rule, service] : [rule, service, pairs]))
    .digest('hex')
    .slice(0, 16)
}
