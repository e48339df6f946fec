/** The five services: what each is called, how its process is set, and how it is put together. */
import type { Environment } from '../../service/environment.ts'
import type { Variables } from '../../service/settings.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

export const FLEET = { hot: 8, warm: 0, cold: 120 }
export const ACCOUNTS = 30

/** Of every service. */
const COMMON = { IDLE_POLL_MS: String(5 * SECOND), OUTAGE_PAUSE_MS: String(10 * SECOND), DRAIN_MS: String(10 * MINUTE) }

/** `create` loads a service's modules: not before they are watched. */
export const SERVICES = [
  {
    name: 'tracker_fetcher',
    folder: 'tracker-fetcher',
    environment: {
      TRACKER_COUNT: Object.values(FLEET).join(),
      TIER_MOVES: 'false',
      // Every tracker is due again before all others had their turn, so that there is something to ask for at every turn.
      POLL_MIN_MS: String(50 * MINUTE),
      POLL_MAX_MS: String(50 * MINUTE),
      BATCH_SIZE: '1',
      IDLE_POLL_MS: String(30 * SECOND),
      OUTAGE_PAUSE_MS: String(MINUTE),
      REPORTS_QUEUE: 'location:reports',
      MIN_FETCH_RATE: '5',
    },
    create: async (variables: Variables, world: Environment) => {
      const { readConfig } = await import('../../tracker-fetcher/config.ts')
      const { createFetcher } = await import('../../tracker-fetcher/create-fetcher.ts')
      return createFetcher(readConfig(variables), world)
    },
  },
  {
    name: 'location_aggregator',
    folder: 'location-aggregator',
    environment: { ...COMMON, STORE_TIMEOUT_MS: String(2 * MINUTE), BATCH_SIZE: '8' },
    create: async (variables: Variables, world: Environment) => {
      const { readConfig } = await import('../../location-aggregator/config.ts')
      const { createLocationAggregator } = await import('../../location-aggregator/create-location-aggregator.ts')
      return createLocationAggregator(readConfig(variables), world)
    },
  },
  {
    name: 'realtime_geofence',
    folder: 'realtime-geofence',
    environment: {
      ...COMMON,
      FENCES_EVERY_MS: String(20 * SECOND),
      // A courier that is in a geofence says so twice, four minutes apart.
      GEOFENCE_DWELL_MS: String(3 * MINUTE),
      LATE_AFTER_MS: String(45 * MINUTE),
      EVENTS_LEARNING: '5h',
    },
    create: async (variables: Variables, world: Environment) => {
      const { readConfig } = await import('../../realtime-geofence/config.ts')
      const { createRealtimeGeofence } = await import('../../realtime-geofence/create-realtime-geofence.ts')
      return createRealtimeGeofence(readConfig(variables), world)
    },
  },
  {
    name: 'notification',
    folder: 'notification',
    environment: {
      ...COMMON,
      GATEWAY_TIMEOUT_MS: String(20 * SECOND),
      RECEIPTS_EVERY_MS: String(15 * SECOND),
      RETRY_BASE_MS: String(80 * SECOND),
      RETRY_MAX: '1',
    },
    create: async (variables: Variables, world: Environment) => {
      const { readConfig } = await import('../../notification/config.ts')
      const { createNotification } = await import('../../notification/create-notification.ts')
      return createNotification(readConfig(variables), world)
    },
  },
  {
    name: 'geocoding',
    folder: 'geocoding',
    environment: {
      ...COMMON,
      NOMINATIM_QUOTA: '1700',
      NOMINATIM_QUOTA_PER: 'hour',
      LARGE_QUEUE_THRESHOLD: '500',
      VERY_LARGE_QUEUE_THRESHOLD: '2000',
      // Not more than one in 30 s, as often as it is seen: one that waits for seconds may be seen waiting at every evaluation.
      MIN_FETCH_RATE: '120',
      PROVIDER_TIMEOUT_MS: String(20 * MINUTE),
    },
    create: async (variables: Variables, world: Environment) => {
      const { readConfig } = await import('../../geocoding/config.ts')
      const { createGeocoding } = await import('../../geocoding/create-geocoding.ts')
      return createGeocoding(readConfig(variables), world)
    },
  },
] as const

type Plan = (typeof SERVICES)[number]
export type ServiceName = Plan['name']
/** What belongs to each of them. */
export type OfEach<T> = Readonly<Record<ServiceName, T>>
/** The services as they run. */
export type Running = { readonly [P in Plan as P['name']]: Awaited<ReturnType<P['create']>> }

export function eachOf<T>(make: (service: Plan) => T): OfEach<T> {
  return Object.fromEntries(SERVICES.map((service) => [service.name, make(service)])) as Record<ServiceName, T>
}
