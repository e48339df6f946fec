/** What to try: one key per fault, and how long it takes until the health channels say so with the rules at their defaults. */
import type { FaultName, FaultSettings } from '../simulators/faults.ts'

export interface FaultKey {
  readonly key: string
  readonly fault: FaultName
  readonly settings: FaultSettings
  readonly title: string
  /** What it leads to, and when. */
  readonly seen: string
}

export const FAULT_KEYS: readonly FaultKey[] = [
  { key: '1', fault: 'anisette.down', settings: {}, title: 'anisette is down', seen: 'CRITICAL within 20 s' },
  { key: '2', fault: 'http.500', settings: { probability: 0.5 }, title: 'half of the calls fail', seen: 'WARNING in about 8 min' },
  { key: '3', fault: 'http.500', settings: { probability: 1 }, title: 'every call fails', seen: 'WARNING in about 5 min' },
  { key: '4', fault: 'slow', settings: {}, title: 'Apple takes 12 s', seen: 'WARNING in about 5 min' },
  { key: '5', fault: 'auth.2fa', settings: {}, title: 'Apple wants a code', seen: 'CRITICAL in a few seconds' },
]

/** With all services: which of them each leads to. What depends on that one is marked in the same moment. */
export const ALL_FAULT_KEYS: readonly FaultKey[] = [
  { key: '1', fault: 'auth.2fa', settings: {}, title: 'Apple wants a code', seen: 'tracker_fetcher CRITICAL in a few seconds' },
  {
    key: '2',
    fault: 'http.500',
    settings: { probability: 1 },
    title: 'Apple always fails',
    seen: 'tracker_fetcher WARNING in about 5 min',
  },
  { key: '3', fault: 'store.slow', settings: {}, title: 'the store takes 12 s', seen: 'location_aggregator WARNING in about 1.5 min' },
  { key: '4', fault: 'fences.broken', settings: {}, title: 'a fence is broken', seen: 'realtime_geofence CRITICAL in about 1 min' },
  {
    key: '5',
    fault: 'world.still',
    settings: {},
    title: 'trackers stand still',
    seen: 'realtime_geofence WARNING in about 2 min, once it has run for 4',
  },
  { key: '6', fault: 'gateway.bounce', settings: {}, title: 'mail and sms bounce', seen: 'notification CRITICAL in less than 2 min' },
  {
    key: '7',
    fault: 'gateway.500',
    settings: {},
    title: 'the gateway fails',
    seen: 'notification WARNING in 20 s, CRITICAL in less than 2 min',
  },
  {
    key: '8',
    fault: 'geocoder.429',
    settings: { provider: 'nominatim', retry_after_s: 1 },
    title: 'nominatim says 429',
    seen: 'geocoding WARNING in about 2 min',
  },
]

/** A fault that is on, as the control server lists it. */
export interface ActiveFault {
  readonly name: string
  readonly settings: FaultSettings
  /** Epoch milliseconds. */
  readonly since: number
}

/** What tells two faults of one name apart. */
const TOLD_APART = ['probability', 'account', 'provider', 'channel'] as const

export function isOn({ fault, settings }: FaultKey, active: readonly ActiveFault[]): ActiveFault | undefined {
  return active.find(({ name, settings: on }) => name === fault && TOLD_APART.every((key) => on[key] === settings[key]))
}

/** As `npm run fault` takes them: `0.5`, `provider=nominatim retry_after_s=1`. */
export function asArguments({ probability, ...others }: FaultSettings): readonly string[] {
  const named = Object.entries(others).map(([key, value]) => `${key}=${value}`)
  return probability === undefined ? named : [String(probability), ...named]
}

/** `probability 0.5, channel sms`; nothing where there is no setting. */
export function inWords(settings: FaultSettings): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')
}
