/** The services of the demo, each a process of its own, in the order in which a report goes through them. */
import { LISTS } from '../service/pipeline.ts'

/** Where the simulators are, and what they let in. Those after `fleetSecret` run only for all services. */
export interface Simulators {
  readonly apple: string
  readonly anisette: string
  readonly control: string
  readonly accounts: readonly object[]
  readonly fleetSecret: string
  readonly store?: string
  readonly fences?: string
  readonly nominatim?: string
  readonly photon?: string
  readonly gateway?: string
}

export interface DemoService {
  /** On its channels, and where another says that it depends on it. */
  readonly name: string
  /** What people call it at the beginning of a sentence. */
  readonly title: string
  /** What it is called in the list of what runs, if not by its name. */
  readonly part?: string
  /** Beside this one, with its service.ts and its health.config. */
  readonly folder: string
  /** Settings that make sense for it in the demo. Whoever sets one of these in the environment gets that. */
  readonly settings: Readonly<Record<string, string>>
  /** What it cannot do without. */
  readonly needs: (simulators: Simulators) => NodeJS.ProcessEnv
}

const FETCHER: DemoService = {
  name: 'tracker_fetcher',
  title: 'The fetcher',
  folder: 'tracker-fetcher',
  settings: {
    TRACKER_COUNT: '40',
    POLL_MIN_MS: '5000',
    POLL_MAX_MS: '10000',
    TIER_MOVES: 'false',
    BATCH_SIZE: '4',
    ACCOUNT_INTERVAL_MS: '2500',
    ACCOUNT_PAUSE_MS: '5000',
    RETRY_BASE_MS: '5000',
    RETRY_CAP_MS: '10000',
    INLINE_RETRY_SCALE: '0.1',
  },
  needs: ({ apple, anisette, accounts, fleetSecret }) => ({
    APPLE_URL: apple,
    ANISETTE_URL: anisette,
    APPLE_ACCOUNTS: JSON.stringify(accounts),
    FLEET_SECRET: fleetSecret,
  }),
}

/** They stop one after the other: first whoever the work comes from, then the others. */
const SHORT_DRAIN = { DRAIN_MS: '500' }

/** What `npm start` runs. */
export const FETCHER_ALONE: readonly DemoService[] = [{ ...FETCHER, part: 'fetcher' }]

/** What `npm start -- --all` runs. */
export const ALL_SERVICES: readonly DemoService[] = [
  {
    ...FETCHER,
    // Half of SIM_TRACKERS: the hot and the warm ones.
    settings: { ...FETCHER.settings, ...SHORT_DRAIN, TRACKER_COUNT: '15,15,0' },
    needs: (simulators) => ({ ...FETCHER.needs(simulators), REPORTS_QUEUE: LISTS.reports }),
  },
  {
    name: 'location_aggregator',
    title: 'The location aggregator',
    folder: 'location-aggregator',
    settings: {
      ...SHORT_DRAIN,
      // Longer than the 12 s of the fault: a client that gives up before never sees that the store is slow.
      STORE_TIMEOUT_MS: '20000',
      // 300 m/s in a world that is 400 times faster.
      MAX_SPEED_MPS: '120000',
    },
    needs: ({ store }) => ({ STORE_URL: store }),
  },
  {
    name: 'realtime_geofence',
    title: 'The realtime geofence',
    folder: 'realtime-geofence',
    settings: {
      ...SHORT_DRAIN,
      FENCES_EVERY_MS: '5000',
      // Reports are here within half that; what is older is of before the start.
      LATE_AFTER_MS: '60000',
      // A day of the trackers, whose nights have fewer events: what is quiet can be told after that.
      EVENTS_LEARNING: '216s',
    },
    needs: ({ fences }) => ({ FENCES_URL: fences }),
  },
  {
    name: 'notification',
    title: 'Notification',
    folder: 'notification',
    settings: {
      ...SHORT_DRAIN,
      RECEIPTS_EVERY_MS: '1000',
      // Given up after some 7 s, so that a gateway that fails is seen soon.
      RETRY_BASE_MS: '1000',
      RETRY_CAP_MS: '4000',
      RETRY_MAX: '3',
    },
    needs: ({ gateway }) => ({ GATEWAY_URL: gateway }),
  },
  {
    name: 'geocoding',
    title: 'Geocoding',
    folder: 'geocoding',
    settings: {
      ...SHORT_DRAIN,
      // Shorter, and the many that are stale would make a cache hit rate that is too low.
      PLACE_FRESH_MS: '300000',
      PLACE_STALE_MS: '3600000',
    },
    needs: ({ nominatim, photon }) => ({ NOMINATIM_URL: nominatim, PHOTON_URL: photon }),
  },
]
