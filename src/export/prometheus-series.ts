/** Which series of a metric are meant, as PromQL says it. Pure. */
import type { MetricDefinition } from '../catalogue.ts'
import type { Where } from '../types.ts'
import { prometheusLabel, prometheusName } from './prometheus-name.ts'

/** `matchers`: besides those of `where`. `suffix`: of a histogram `_bucket`, `_sum` or `_count`. */
export function prometheusSeries(metric: MetricDefinition, where: Where, matchers: readonly string[], suffix: string = ''): string {
  const all = [...matchers, ...Object.entries(where).map(([attribute, wanted]) => matcher(prometheusLabel(attribute), wanted))]
  return `${prometheusName(metric)}${suffix}${all.length > 0 ? `{${all.join(',')}}` : ''}`
}

/** Of values as they are, whatever a regular expression would read in them. */
export function alternatives(values: readonly string[]): string {
  return values.map((value) => value.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`)).join('|')
}

/** A series without the label has the empty value, as everywhere in otel-health. */
function matcher(label: string, wanted: Where[string]): string {
  if (typeof wanted === 'string') return `${label}=${JSON.stringify(wanted)}`
  if (isList(wanted)) return `${label}=~${JSON.stringify(alternatives(wanted))}`
  const { not } = wanted
  return isList(not) ? `${label}!~${JSON.stringify(alternatives(not))}` : `${label}!=${JSON.stringify(not)}`
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value)
}
