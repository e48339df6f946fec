/** PromQL over the metrics of the catalogue, as a dashboard's variables select them. */
import type { MetricDefinition } from '../catalogue.ts'
import { prometheusLabel } from '../export/prometheus-name.ts'
import { prometheusSeries } from '../export/prometheus-series.ts'
import type { Where } from '../types.ts'

/** What the variables of every dashboard select. */
const SELECTED: readonly string[] = ['deployment_environment_name=~"$environment"', 'job=~"$service"', 'instance=~"$instance"']

/** Labels that make a service one; `job` is service.namespace/service.name, or service.name alone. */
export const SERVICE_LABELS: readonly string[] = ['deployment_environment_name', 'job']
/** Those of one run of an instance: where its id outlives a deploy, as of a StatefulSet, what the version before said last is not its word. */
export const INSTANCE_LABELS: readonly string[] = [...SERVICE_LABELS, 'instance', 'service_version']

/** The series of a metric; of a histogram with the suffix `_bucket`, `_sum` or `_count`. `selected`: matchers that all expressions have. */
export function series(metric: MetricDefinition, where: Where = {}, suffix: string = '', selected: readonly string[] = SELECTED): string {
  return prometheusSeries(metric, where, selected, suffix)
}

/** Per second, over what Grafana finds right for the width of the chart. */
export function rate(metric: MetricDefinition, where?: Where, suffix?: string): string {
  return `rate(${series(metric, where, suffix)}[$__rate_interval])`
}

export function increase(metric: MetricDefinition, window: string, where?: Where, suffix?: string): string {
  return `increase(${series(metric, where, suffix)}[${window}])`
}

/** A duration, such as 90 s as `90s`. */
export function promqlTime(seconds: number): string {
  if (seconds > 0 && seconds % 3600 === 0) return `${seconds / 3600}h`
  if (seconds > 0 && seconds % 60 === 0) return `${seconds / 60}m`
  return Number.isInteger(seconds) ? `${seconds}s` : `${Math.round(1000 * seconds)}ms`
}

export function sum(expression: string, by: readonly string[] = []): string {
  return aggregated('sum', expression, by)
}

/** The worst, or the only one where all instances see the same. */
export function max(expression: string, by: readonly string[] = []): string {
  return aggregated('max', expression, by)
}

/** By attributes or labels. */
export function aggregated(operator: 'sum' | 'max' | 'min', expression: string, by: readonly string[]): string {
  return by.length > 0 ? `${operator} by (${by.map(prometheusLabel).join(', ')}) (${expression})` : `${operator}(${expression})`
}

/** Of a histogram's values, by the given attributes. */
export function quantile(q: number, metric: MetricDefinition, where?: Where, by: readonly string[] = []): string {
  return `histogram_quantile(${q}, ${sum(rate(metric, where, '_bucket'), ['le', ...by])})`
}

/** Mean of a histogram's values; no data where there were none. */
export function mean(metric: MetricDefinition, where?: Where, by: readonly string[] = []): string {
  return `${sum(rate(metric, where, '_sum'), by)} / (${sum(rate(metric, where, '_count'), by)} > 0)`
}

/**
 * Percent of `part` in `whole`; no data, rather than 0 or 100 %, where there was nothing. A counter has no series before it first counts:
 * where all failed from the start, nothing succeeded is 0 %.
 */
export function percent(part: string, whole: string): string {
  return `100 * (${part} or 0 * ${whole}) / (${whole} > 0)`
}

/**
 * A state metric as one number: the place in `states` of the state that is 1, and no data if none is. States stand from best to worst, so
 * that the highest of several instances is the worst.
 */
export function stateNumber(
  metric: MetricDefinition,
  attribute: string,
  states: readonly string[],
  where: Where = {},
  selected?: readonly string[],
): string {
  const terms = states.map((state, index) => {
    const is = series(metric, { ...where, [attribute]: state }, '', selected)
    return index === 0 ? is : `${index + 1} * ${is}`
  })
  return `((${terms.join(` + ignoring (${prometheusLabel(attribute)}) `)} > 0) - 1)`
}
