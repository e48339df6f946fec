/** Which series of a metric a rule or a figure selects, checked against what the metric says of its attributes. */
import type { MetricDefinition } from '../catalogue.ts'
import type { Where } from '../types.ts'
import { shownValue } from './shown-value.ts'

/** Throws one sentence if the metric has no such attribute, or the attribute no such value. */
export function selectionOf({ name, attributes }: MetricDefinition, where: Where, whose: string): { metric: string; where?: Where } {
  const known = Object.keys(attributes)
  for (const [attribute, wanted] of Object.entries(where)) {
    if (known.length > 0 && !known.includes(attribute)) {
      throw new Error(
        `The ${whose} selects series of ${name} by ${attribute}, but its attributes are ${known.join(', ')}: use one of these.`,
      )
    }
    const values = attributes[attribute] ?? []
    for (const value of valuesOf(wanted)) {
      if (typeof value === 'string' && (values.length === 0 || values.includes(value))) continue
      const expected = values.length === 0 ? 'a text' : `one of ${values.join(', ')}`
      throw new Error(`The ${whose} selects series of ${name} whose ${attribute} is ${shownValue(value)}, expected ${expected}.`)
    }
  }
  return Object.keys(where).length === 0 ? { metric: name } : { metric: name, where }
}

function valuesOf(wanted: Where[string]): readonly string[] {
  const listed = typeof wanted === 'object' && !Array.isArray(wanted) ? (wanted as { not: string | readonly string[] }).not : wanted
  return Array.isArray(listed) ? (listed as readonly string[]) : [listed as string]
}
