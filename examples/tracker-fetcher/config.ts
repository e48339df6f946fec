import { readFileSync } from 'node:fs'
import type { AccountPoolSettings, Credentials } from './account-pool.ts'
import type { FetcherSettings } from './fetcher.ts'
import { splitFleet, type FleetSize } from './fleet.ts'
import { DEFAULT_GEOFENCES, type Geofence } from './geofence.ts'

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
  readonly fetcher: FetcherSettings
}

type Environment = Readonly<Record<string, string | undefined>>

const SECOND = 1_000
const MINUTE = 60 * SECOND

/** Reads and checks the whole configuration. Throws one sentence that names the first variable that is wrong. */
export function readConfig(env: Environment): Config {
  const min = optionalNumber(env, 'POLL_MIN_MS')
  const max = optionalNumber(env, 'POLL_MAX_MS') ?? min
  if ((min ?? max) !== undefined && !(min !== undefined && max !== undefined && min <= max)) {
    throw new Error(`POLL_MIN_MS is ${env.POLL_MIN_MS} and POLL_MAX_MS is ${env.POLL_MAX_MS}; set both, the first not above the second`)
  }
  return {
    redis: { host: env.REDIS_HOST ?? 'localhost', port: number(env, 'REDIS_PORT', 6379) },
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

function required(env: Environment, name: string): string {
  const value = env[name]
  if (!value) throw new Error(`${name} is not set`)
  return value
}

function optionalNumber(env: Environment, name: string): number | undefined {
  const text = env[name]
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new Error(`${name} is ${JSON.stringify(text)}; expected a number of at least 0`)
  return value
}

function number(env: Environment, name: string, otherwise: number): number {
  return optionalNumber(env, name) ?? otherwise
}

function url(env: Environment, name: string): string {
  const text = required(env, name)
  if (!URL.canParse(text)) throw new Error(`${name} is ${JSON.stringify(text)}; expected a URL such as http://127.0.0.1:6969`)
  return text.replace(/\/+$/, '')
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
function accounts(env: Environment): readonly Credentials[] {
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
