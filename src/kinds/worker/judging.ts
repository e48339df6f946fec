/** What a worker is to whoever judges it. */
import type { ServiceKind } from '../../rules/service-kind.ts'
import { WORKER_SELECTORS, workerFigures, workerTotals } from './figures.ts'
import { WORKER_METRICS } from './metrics.ts'
import { REQUIRED, workerRules } from './rules.ts'

export const workerJudging: ServiceKind = {
  name: 'worker',
  metrics: WORKER_METRICS,
  rules: workerRules,
  required: REQUIRED,
  selectors: WORKER_SELECTORS,
  figures: workerFigures,
  totals: workerTotals,
}
