/** Matchers for silences over alerts that somebody has chosen. Pure. */
import type { AlertRow } from '../../protocol.ts'

/** More silences than this are too many to end again one by one. */
const MOST = 10

/** As few as say it: each alert alone, else whole services, else whole rules, else all. */
export function matchersFor(alerts: readonly AlertRow[]): readonly string[] {
  const ways = [
    (alert: AlertRow) => [`service=${meant(alert.service)}`, `rule=${meant(alert.rule)}`, ...labelsOf(alert)].join(','),
    ({ service }: AlertRow) => `service=${meant(service)}`,
    ({ rule }: AlertRow) => `rule=${meant(rule)}`,
  ]
  for (const way of ways) {
    const matchers = [...new Set(alerts.map(way))]
    if (matchers.length <= MOST) return matchers
  }
  return ['*']
}

/** A matcher has ten parts at most. */
function labelsOf({ labels = {} }: AlertRow): readonly string[] {
  return Object.entries(labels)
    .filter(([name, value]) => /^[A-Za-z_][\w.-]*$/.test(name) && value !== '')
    .slice(0, 8)
    .map(([name, value]) => `label.${name}=${meant(value)}`)
}

/** As it is, and nothing else. */
export function meant(value: string): string {
  return value.replaceAll(/[\\*,]/g, (sign) => `\\${sign}`)
}
