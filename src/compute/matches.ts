/** Whether a series is one that a selector selects. */
import type { Attributes, Series, Where } from '../types.ts'
import type { DirectSelector } from './selector-key.ts'

export function matches({ metric, where }: DirectSelector, series: Series): boolean {
  return (
    metric === series.metric && (where === undefined || Object.entries(where).every((condition) => holds(condition, series.attributes)))
  )
}

function holds([name, wanted]: [string, Where[string]], attributes: Attributes): boolean {
  const value = attributes[name] ?? ''
  if (typeof wanted === 'string') return value === wanted
  return isList(wanted) ? wanted.includes(value) : !(isList(wanted.not) ? wanted.not.includes(value) : wanted.not === value)
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value)
}
