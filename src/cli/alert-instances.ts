/** Which instances an alert is about: `2 of 3 instances: a, b; c is gone`. */
import type { AlertView } from '../wire/alert-view.ts'

const MOST_NAMES = 10

/** `undefined` where it goes without saying: one instance said something of it, and what it found is a breach. */
export function alertInstances(alert: Pick<AlertView, 'instances' | 'instances_left_out'>): string | undefined {
  const { instances, instances_left_out: leftOut = 0 } = alert
  const all = Object.entries(instances).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const gone = all.filter(([, { state }]) => state === 'gone').map(([name]) => name)
  const unknown = all.filter(([, { state }]) => state === 'unknown').map(([name]) => name)
  const breaching = all
    .filter(([, { state, breaching: breaches }]) => breaches && state !== 'gone' && state !== 'unknown')
    .map(([name]) => name)
  const total = all.length + leftOut
  if (all.length === 0 || (total === 1 && breaching.length === 1)) return undefined
  const count = total === 1 ? '1 instance' : `${total} instances`
  const parts = [
    breaching.length === 0 ? `none of ${count}` : `${breaching.length} of ${count}: ${names(breaching)}`,
    ...(unknown.length > 0 ? [`${names(unknown)} ${unknown.length === 1 ? 'does' : 'do'} not know`] : []),
    ...(gone.length > 0 ? [`${names(gone)} ${gone.length === 1 ? 'is' : 'are'} gone`] : []),
  ]
  return parts.join('; ')
}

function names(all: readonly string[]): string {
  const more = all.length - MOST_NAMES
  return more > 0 ? `${all.slice(0, MOST_NAMES).join(', ')} and ${more} more` : all.join(', ')
}
