import { createHash } from 'node:crypto'

/** Identity of an alert for ever: rule, service and scope labels, never severity, instance, threshold or text. 16 hexadecimal digits. */
export function alertId(rule: string, service: string): string {
  return createHash('sha256')
    .update(JSON.stringify([rule, service]))
    .digest('hex')
    .slice(0, 16)
}
