/**
 * What a metric and an attribute are called in Prometheus, with its translation strategy UnderscoreEscapingWithSuffixes (the default).
 * Source: OTel specification, compatibility/prometheus_and_openmetrics; proven on the real program by test/ci/dashboards.test.ts.
 */
import type { MetricDefinition } from '../catalogue.ts'

const UNITS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' }

/** Of a histogram the base, to which `_bucket`, `_sum` and `_count` are added. Throws if the unit is one that nobody has thought of yet. */
export function prometheusName({ name, unit, instrument }: Pick<MetricDefinition, 'name' | 'unit' | 'instrument'>): string {
  const tokens = name.split(/[^a-zA-Z0-9]+/).filter(Boolean)
  const suffix = unitSuffix(unit, instrument)
  if (suffix && !tokens.includes(suffix)) tokens.push(suffix)
  if (instrument === 'counter') return [...tokens.filter((token) => token !== 'total'), 'total'].join('_')
  return tokens.join('_')
}

/** An attribute as a label. */
export function prometheusLabel(attribute: string): string {
  return attribute.replaceAll(/[^a-zA-Z0-9_]/g, '_')
}

/** `{thing}` is dropped; `1` is a ratio where it is the unit of a gauge, and of a sum nothing. */
function unitSuffix(unit: string, instrument: MetricDefinition['instrument']): string | undefined {
  if (/^\{.*\}$/.test(unit)) return undefined
  if (unit === '1') return instrument === 'observable_gauge' ? 'ratio' : undefined
  const suffix = UNITS[unit]
  if (!suffix) throw new Error(`The unit ${JSON.stringify(unit)} has no name in Prometheus here: add it to src/prometheus-name.ts.`)
  return suffix
}
