/** The kinds of service, for whoever goes through all of them. */
import type { MetricDefinition } from '../catalogue.ts'
import { EVERY_SERVICE } from '../catalogue.ts'
import type { Kind } from './kind.ts'
import * as list from './list.ts'

/** The one that a service is which does not say, then the others by the names of the exports, as a module has them. */
export const KINDS: readonly (typeof list)[keyof typeof list][] = Object.values(list).toSorted(
  (a, b) => Number(b.isDefault ?? false) - Number(a.isDefault ?? false),
)

/** Every metric of these kinds once, in the order of docs and dashboards. */
export function metricsOf(kinds: readonly Kind[]): readonly MetricDefinition[] {
  return Array.from(new Set([...kinds.flatMap(({ metrics }) => metrics), ...EVERY_SERVICE]))
}

/** Every metric once, in the order of docs and dashboards. */
export const CATALOGUE: readonly MetricDefinition[] = metricsOf(KINDS)
