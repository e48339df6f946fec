/** Every kind of service: the one place that names them. A line here and a folder are all that a new one is. */
export { geocoding } from './geocoding/kind.ts'
export { locationAggregator } from './location-aggregator/kind.ts'
export { notification } from './notification/kind.ts'
export { realtimeGeofence } from './realtime-geofence/kind.ts'
export { trackerFetcher } from './tracker-fetcher/kind.ts'
export { worker } from './worker/kind.ts'
