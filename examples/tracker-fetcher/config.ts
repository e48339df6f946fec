import { readFileSync } from 'node:fs'
import type { AccountPoolSettings, Credentials } from './account-pool.ts'
import type { FetcherSettings } from './fetcher.ts'
import { splitFleet, type FleetSize } from './fleet.ts'
import { DEFAULT_GEOFENCES, type Geofence } from '../service/geofence.ts'
import { MINUTE, number, optionalNumber, redisTarget, required, SECOND, url, type Variables } from '../service/settings.ts'

export interface Config {
  readonly redis: { readonly host: string; readonly port: number }
  readonly appleUrl: string
  readonly anisetteUrl: string
  readonly appleTimeoutMs: number
  readonly anisetteTimeoutMs: number
  readonly accounts: readonly Credentials[]
  readonly accountPool: AccountPoolSettings
  readonly fleetSecret: string
  readonly fleet: FleetSize
  readonly geofences: readonly Geofence[]
  readonly dwellMs: number
  /** The list that new positions are pushed to, if they are wanted elsewhere. */
  readonly reportsQueue: string | undefined
  readonly fetcher: FetcherSettings
}

/** Reads and checks the whole configuration. Throws one sentence that names the first variable that is wrong. */
export function readConfig(env: Variables): Config {
  const min = optionalNumber(env, 'POLL_MIN_MS')
  const max = optionalNumber(env, 'POLL_MAX_MS') ?? min
  if ((min ?? max) !== undefined && !(min !== undefined && max !== undefined && min <= max)) {
    throw new Error(`POLL_MIN_MS is ${env.POLL_MIN_MS} and POLL_MAX_MS is ${env.POLL_MAX_MS}; set both, the first not above the second`)
  }
  return {
    redis: redisTarget(env),
    appleUrl: url(env, 'APPLE_URL'),
    anisetteUrl: url(env, 'ANISETTE_URL'),
    // Longer than any answer that is still worth having: a client that gives up at 5 s never sees that Apple takes 10.
    appleTimeoutMs: number(env, 'APPLE_TIMEOUT_MS', 30 * SECOND),
    anisetteTimeoutMs: number(env, 'ANISETTE_TIMEOUT_MS', 5 * SECOND),
    accounts: accounts(env),
    accountPool: { pauseMs: number(env, 'ACCOUNT_PAUSE_MS', 15 * MINUTE), intervalMs: number(env, 'ACCOUNT_INTERVAL_MS', 15 * MINUTE) },
    fleetSecret: required(env, 'FLEET_SECRET'),
    fleet: fleet(required(env, 'TRACKER_COUNT')),
    geofences: DEFAULT_GEOFENCES,
    dwellMs: number(env, 'GEOFENCE_DWELL_MS', 10 * MINUTE),
    reportsQueue: env.REPORTS_QUEUE || undefined,
    fetcher: {
      ...(min !== undefined && max !== undefined && { pollMs: { min, max } }),
      tierMoves: env.TIER_MOVES !== 'false',
      batchSize: number(env, 'BATCH_SIZE', 64),
      leaseMs: number(env, 'LEASE_MS', 5 * MINUTE),
      outagePauseMs: number(env, 'OUTAGE_PAUSE_MS', 5 * SECOND),
      idlePollMs: number(env, 'IDLE_POLL_MS', SECOND),
      drainMs: number(env, 'DRAIN_MS', 3 * SECOND),
      retryBaseMs: number(env, 'RETRY_BASE_MS', 30 * SECOND),
      retryCapMs: number(env, 'RETRY_CAP_MS', 30 * MINUTE),
      retryMax: number(env, 'RETRY_MAX', 6),
      inlineRetryScale: number(env, 'INLINE_RETRY_SCALE', 1),
    },
  }
}

/** `40`, or `60,340,800` for hot, warm and cold. */
function fleet(text: string): FleetSize {
  const counts = text.split(',').map(Number)
  if (counts.every((count) => Number.isInteger(count) && count >= 0)) {
    const [hot, warm, cold] = counts
    if (counts.length === 1) return splitFleet(hot!)
    if (counts.length === 3) return { hot: hot!, warm: warm!, cold: cold! }
  }
  throw new Error(`TRACKER_COUNT is ${JSON.stringify(text)}; expected one number, or three for hot,warm,cold`)
}

/** From APPLE_ACCOUNTS, or from the file that APPLE_ACCOUNTS_FILE names: a list of {alias, appleId, password}. */
function accounts(env: Variables): readonly Credentials[] {
  const name = env.APPLE_ACCOUNTS_FILE ? 'APPLE_ACCOUNTS_FILE' : 'APPLE_ACCOUNTS'
  const json = env.APPLE_ACCOUNTS_FILE ? readFileSync(env.APPLE_ACCOUNTS_FILE, 'utf8') : required(env, name)
  let list: unknown
  try {
    list = JSON.parse(json)
  } catch {
    // Without the parser's message: it would quote a password.
    list = undefined
  }
  if (Array.isArray(list) && list.length > 0 && list.every(isCredentials)) return list
  throw new Error(`${name} does not hold a JSON list of {"alias", "appleId", "password"} with at least one account`)
}

function isCredentials(value: unknown): value is Credentials {
  const { alias, appleId, password } = (value ?? {}) as Record<string, unknown>
  return [alias, appleId, password].every((field) => typeof field === 'string' && field !== '')
}
