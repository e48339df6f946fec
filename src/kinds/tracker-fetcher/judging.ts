/** What a tracker fetcher is to whoever judges it. */
import type { ServiceKind } from '../../rules/service-kind.ts'
import { TRACKER_FETCHER_SELECTORS, trackerFetcherFigures, trackerFetcherTotals } from './figures.ts'
import { TRACKER_FETCHER_METRICS } from './metrics.ts'
import { REQUIRED, trackerFetcherRules } from './rules.ts'

export const trackerFetcherJudging: ServiceKind = {
  name: 'tracker_fetcher',
  metrics: TRACKER_FETCHER_METRICS,
  rules: trackerFetcherRules,
  required: REQUIRED,
  selectors: TRACKER_FETCHER_SELECTORS,
  figures: trackerFetcherFigures,
  totals: trackerFetcherTotals,
}
