import type { Figure } from '../../figures.ts'
import { compareBooks, type Totals } from '../../ledger-comparison.ts'
import { SERVICES, type ServiceName } from '../services.ts'
import type { Books, Telemetry } from './books.ts'
import { geocodingBooks } from './geocoding.ts'
import { aggregatorBooks } from './location-aggregator.ts'
import { notificationBooks } from './notification.ts'
import { geofenceBooks } from './realtime-geofence.ts'
import { losses } from './work.ts'

type OwnBooks = (books: Books, telemetry: Telemetry) => readonly Figure[]

const BOOKS: Readonly<Record<ServiceName, OwnBooks>> = {
  tracker_fetcher: ({ ledger, entries, refused, counts }, { otlp, totals }) =>
    compareBooks({ ledger, entries, refused, service: counts.tracker_fetcher, otlp, totals: totals as unknown as Totals }),
  location_aggregator: aggregatorBooks,
  realtime_geofence: geofenceBooks,
  notification: notificationBooks,
  geocoding: geocodingBooks,
}

/** Every figure that must be equal in all books, of every service. */
export function compareAll(books: Books): readonly Figure[] {
  return SERVICES.flatMap(({ name }) => {
    const telemetry: Telemetry = { otlp: books.otlp.ofService(name), totals: books.totals[name] }
    return [...BOOKS[name](books, telemetry), ...losses(telemetry)].map((figure) => ({ ...figure, what: `${name}: ${figure.what}` }))
  })
}
