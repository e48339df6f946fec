/** Every kind of service: the one list that names them. */
import type { MetricDefinition } from '../catalogue.ts'
import { EVERY_SERVICE } from '../catalogue.ts'
import { trackerFetcher } from './tracker-fetcher/kind.ts'
import { worker } from './worker/kind.ts'

export const KINDS = [worker, trackerFetcher] as const

/** Every metric once, in the order of docs and dashboards. */
export const CATALOGUE: readonly MetricDefinition[] = [...KINDS.flatMap(({ metrics }) => metrics), ...EVERY_SERVICE]
