/**
 * What a metric and an attribute are called in Prometheus, with its translation strategy UnderscoreEscapingWithSuffixes (the default).
 * Source: OTel specification, compatibility/prometheus_and_openmetrics; proven on the real program by test/ci/dashboards.test.ts.
 */
import type { MetricDefinition } from '../catalogue.ts'
import { unitWords } from './prometheus-unit.ts'

/** Of a histogram the base, to which `_bucket`, `_sum` and `_count` are added. */
export function prometheusName({ name, unit, instrument }: Pick<MetricDefinition, 'name' | 'unit' | 'instrument'>): string {
  let tokens = name.split(/[^a-zA-Z0-9]+/).filter(Boolean)
  for (const word of unitWords(unit)) if (!tokens.includes(word)) tokens.push(word)
  // Last, wherever in its name the metric has it.
  const ends = instrument === 'counter' ? 'total' : instrument === 'observable_gauge' && unit === '1' ? 'ratio' : undefined
  if (ends) tokens = [...tokens.filter((token) => token !== ends), ends]
  const joined = tokens.join('_')
  return /^\d/.test(joined) ? `_${joined}` : joined
}

/** An attribute as a label, which begins with no digit, and with no `_` that is not one of two. */
export function prometheusLabel(attribute: string): string {
  const label = attribute.replaceAll(/[^a-zA-Z0-9_]/g, '_')
  if (/^\d/.test(label)) return `key_${label}`
  return /^_(?!_)/.test(label) ? `key${label}` : label
}
