import type { FetcherCounts } from '../../../tracker-fetcher/fetcher.ts'
import type { LedgerEntry, LedgerSummary } from '../../../simulators/ledger.ts'
import type { SiblingSummary } from '../../../simulators/siblings.ts'
import type { AggregatorCounts } from '../../../location-aggregator/create-location-aggregator.ts'
import type { GeofenceCounts } from '../../../realtime-geofence/create-realtime-geofence.ts'
import type { NotificationCounts } from '../../../notification/create-notification.ts'
import type { GeocodingCounts } from '../../../geocoding/create-geocoding.ts'
import type { OtlpSums } from '../../otlp-sums.ts'
import type { LeftOver } from '../left-over.ts'
import type { OfEach } from '../services.ts'

/** `totals` of the last metrics message of a service. */
export type AnyTotals = Readonly<Record<string, unknown>>

/** Everything that anybody wrote down about one day. */
export interface Books {
  /** Of Apple and anisette. */
  readonly ledger: LedgerSummary
  readonly entries: readonly LedgerEntry[]
  readonly siblings: SiblingSummary
  /** Calls whose connection was refused: they reached no simulator. */
  readonly refused: number
  /** Reports that couriers sent. */
  readonly couriers: number
  readonly counts: {
    readonly tracker_fetcher: FetcherCounts
    readonly location_aggregator: AggregatorCounts
    readonly realtime_geofence: GeofenceCounts
    readonly notification: NotificationCounts
    readonly geocoding: GeocodingCounts
  }
  readonly left: LeftOver
  readonly otlp: OtlpSums
  readonly totals: OfEach<AnyTotals>
}

/** What one service said of itself. */
export interface Telemetry {
  readonly otlp: Pick<OtlpSums, 'of'>
  readonly totals: AnyTotals
}
