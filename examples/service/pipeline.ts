/** What the services hand to one another as JSON, and on which Redis lists. Times are epoch milliseconds. */
import type { Coordinates } from './distance.ts'
import type { GeofenceTransition, Sighting } from './geofence.ts'

export const LISTS = {
  /** Report: from the tracker fetcher (REPORTS_QUEUE) to the location aggregator. */
  reports: 'location:reports',
  /** Position: from the location aggregator to the realtime geofence. */
  positions: 'geofence:positions',
  /** PlaceRequest: from the location aggregator to geocoding. */
  placeRequests: 'geocode:requests',
  /** FenceEvent: from the realtime geofence to notification. */
  events: 'notification:events',
} as const

/** What a finder saw, as it was fetched: maybe twice, maybe nonsense. */
export interface Report extends Sighting {
  readonly trackerId: string
  readonly fetchedAt: number
}

/** Where a tracker was; there is one for a tracker and a second. */
export interface Position extends Sighting {
  readonly trackerId: string
}

/** A tracker came to a place whose name may not be known. */
export interface PlaceRequest {
  readonly trackerId: string
  readonly cell: string
}

export interface FenceEvent {
  readonly trackerId: string
  readonly fence: string
  readonly transition: GeofenceTransition
  /** When the tracker was seen doing it. */
  readonly at: number
  /** When it was put on the list. */
  readonly enqueuedAt: number
}

/** Names a square of about 100 m. */
export function cellOf({ latitude, longitude }: Coordinates): string {
  return `${thousandths(latitude)},${thousandths(longitude)}`
}

/** The middle of the square. */
export function pointOf(cell: string): Coordinates {
  const [latitude, longitude] = cell.split(',').map(Number)
  return { latitude: latitude!, longitude: longitude! }
}

/** Adding 0 makes 0 of -0, which would name a square of its own. */
function thousandths(degrees: number): string {
  return (Math.round(degrees * 1_000) / 1_000 + 0).toFixed(3)
}
