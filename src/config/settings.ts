/** Every setting once: its environment variable, default, what it may be and what it means. The README's table is made from this. */
import { shownSecret, shownValue } from '../rules/shown-value.ts'
import { parseRedisUrl, REDIS_URL_FORM } from './redis-url.ts'

/** Of hash tags; see src/wire/names.ts. */
const MOST_SHARDS = 1024
/** Characters of a key: what is shorter can be guessed. */
const SHORTEST_KEY = 16

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface Setting<T> {
  readonly env: string
  readonly default: T
  readonly description: string
  /** Never shown, not even when it is wrong. */
  readonly secret?: boolean
  /** Turns the variable's text into a value, or says what is expected instead. */
  readonly parse: (text: string) => T | Expected
  /** Checks a value given in code or in health.config. */
  readonly check: (value: unknown) => T | Expected
}

export class Expected {
  readonly what: string
  constructor(what: string) {
    this.what = what
  }
}

/** A value that cannot be used, for the person who gave it. What stands before an `@` may be a password, for no setting needs one. */
export function shownSetting(setting: Setting<unknown>, value: unknown): string {
  if (setting.secret) return shownSecret(value)
  return shownValue(typeof value === 'string' && !value.includes('://') ? value.replace(/^.*@/s, '***@') : value)
}

function number(env: string, fallback: number, min: number, max: number, description: string): Setting<number> {
  const expected = new Expected(`a number from ${min} to ${max}`)
  const check = (value: unknown) => (typeof value === 'number' && value >= min && value <= max ? value : expected)
  return { env, default: fallback, description, check, parse: (given) => (given.trim() === '' ? expected : check(Number(given))) }
}

function integer(env: string, fallback: number, min: number, max: number, description: string): Setting<number> {
  const expected = new Expected(`a whole number from ${min} to ${max}`)
  const check = (value: unknown) => (Number.isInteger(value) && Number(value) >= min && Number(value) <= max ? Number(value) : expected)
  return { env, default: fallback, description, check, parse: (given) => (given.trim() === '' ? expected : check(Number(given))) }
}

function port(env: string, description: string): Setting<number | undefined> {
  const { check, parse } = integer(env, 0, 1, 65_535, description)
  return { env, default: undefined, description, check, parse }
}

function text(env: string, fallback: string | undefined, description: string): Setting<string | undefined> {
  const expected = new Expected('a text that is not empty')
  const check = (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? value : expected)
  return { env, default: fallback, description, check, parse: check }
}

function secret(env: string, expected: Expected, isValid: (value: string) => boolean, description: string): Setting<string | undefined> {
  const check = (value: unknown) => (typeof value === 'string' && isValid(value) ? value : expected)
  return { env, default: undefined, description, secret: true, check, parse: check }
}

/** Not `host:port`, not a URL, and not in quotes, which a file of variables may keep. An IPv6 address has several colons. */
function isHost(value: unknown): value is string {
  return typeof value === 'string' && /^[^\s/@"'?#=]+$/.test(value) && !/^[^:]*:\d*$/.test(value)
}

function host(env: string, fallback: string, expected: Expected, description: string): Setting<string> {
  const check = (value: unknown) => (isHost(value) ? value : expected)
  return { env, default: fallback, description, check, parse: check }
}

function flag(env: string, description: string): Setting<boolean> {
  const expected = new Expected('true or false')
  return {
    env,
    default: false,
    description,
    check: (value) => (typeof value === 'boolean' ? value : expected),
    parse: (value) => (/^\s*(true|1)\s*$/i.test(value) ? true : /^\s*(false|0)\s*$/i.test(value) ? false : expected),
  }
}

export const SETTINGS = {
  publishingInterval: number('HEALTH_PUBLISHING_INTERVAL', 30, 0.1, 3600, 'Seconds between two status messages when nothing changes.'),
  metricsInterval: number('HEALTH_METRICS_INTERVAL', 300, 0.1, 86_400, 'Seconds between two messages with the detailed metrics.'),
  retentionHours: number('HEALTH_RETENTION_HOURS', 24, 0.1, 8760, 'Hours of history and alert transitions kept in Redis.'),
  evaluationInterval: number(
    'HEALTH_EVALUATION_INTERVAL',
    1,
    0.1,
    60,
    'Seconds between two evaluations of the rules at most; changes of state are evaluated at once.',
  ),
  drainLimit: number(
    'HEALTH_DRAIN_LIMIT',
    600,
    1,
    86_400,
    'Seconds that a process which was asked to end may take, and a drain on request; beyond it `drain_stuck` warns, and the drain has failed.',
  ),
  redisUrl: secret(
    'HEALTH_REDIS_URL',
    new Expected(REDIS_URL_FORM),
    (value) => parseRedisUrl(value) !== undefined,
    'Where the health Redis is, as in `rediss://user:password@redis.internal:6380/0` (redis:// without TLS), instead of host, port, user, password and TLS; user and password are percent-encoded. Secret: never shown or published.',
  ),
  redisHost: host(
    'HEALTH_REDIS_HOST',
    'localhost',
    new Expected('the name or address of a host; a URL goes into HEALTH_REDIS_URL'),
    'Host of the health Redis, apart from the service’s own.',
  ),
  redisPort: integer('HEALTH_REDIS_PORT', 6379, 1, 65_535, 'Port of the health Redis.'),
  redisClusterMode: flag('HEALTH_REDIS_CLUSTER_MODE', 'Whether the health Redis is a Redis Cluster.'),
  redisUsername: text('HEALTH_REDIS_USERNAME', undefined, 'ACL user of the health Redis.'),
  redisPassword: {
    ...text('HEALTH_REDIS_PASSWORD', undefined, 'Password of the health Redis. Secret: never shown or published.'),
    secret: true,
  },
  redisTls: flag('HEALTH_REDIS_TLS', 'Whether to connect with TLS.'),
  redisCa: text('HEALTH_REDIS_CA', undefined, 'File with the CA certificate, in PEM, that signed the health Redis’ certificate.'),
  redisTimeout: number(
    'HEALTH_REDIS_TIMEOUT',
    5,
    0.1,
    60,
    'Seconds an answer of the health Redis may take at most; a server that is slower is taken for lost.',
  ),
  redisShards: integer(
    'HEALTH_REDIS_SHARDS',
    1,
    1,
    MOST_SHARDS,
    'Number of shards that services are spread over, for a cluster that one hash slot is too small for; the same for all services and readers of one health Redis.',
  ),
  hmacKey: secret(
    'HEALTH_HMAC_KEY',
    new Expected(`a text of at least ${SHORTEST_KEY} characters`),
    (value) => value.length >= SHORTEST_KEY,
    'Key that status and metrics messages are signed with, at least 16 characters; the same for all services and readers of one health Redis. Secret: never shown or published.',
  ),
  httpPort: port(
    'HEALTH_HTTP_PORT',
    'Port on which the process answers orchestrators over HTTP: `/livez`, `/readyz` and `/health` ([liveness.md](liveness.md)); unset: none.',
  ),
  httpHost: host(
    'HEALTH_HTTP_HOST',
    '127.0.0.1',
    new Expected('the name or address that is listened on, such as 127.0.0.1, ::1, or 0.0.0.0 for every address'),
    'Address on which it answers: this machine alone unless it says otherwise; 0.0.0.0 is every IPv4 address, :: every address.',
  ),
  httpToken: secret(
    'HEALTH_HTTP_TOKEN',
    new Expected(`a text of at least ${SHORTEST_KEY} characters without blanks`),
    (value) => value.length >= SHORTEST_KEY && !/\s/.test(value),
    'Token with which `/health` shows details, as `authorization: Bearer <token>`; unset: it never does. At least 16 characters. Secret: never shown or published.',
  ),
  largeQueue: integer('LARGE_QUEUE_THRESHOLD', 10_000, 1, 1e9, 'Due items above which the service is degraded.'),
  veryLargeQueue: integer('VERY_LARGE_QUEUE_THRESHOLD', 50_000, 1, 1e9, 'Due items above which the service is unhealthy.'),
  minSuccessRateHealthy: number('MIN_SUCCESS_RATE_HEALTHY', 80, 0, 100, 'Percent of attempts; below it the service is degraded.'),
  minSuccessRateDegraded: number('MIN_SUCCESS_RATE_DEGRADED', 50, 0, 100, 'Percent of attempts; below it the service is unhealthy.'),
  minFetchRate: number('MIN_FETCH_RATE', 10, 0, 1e9, 'Attempts per hour, while work is owed; below it the service is degraded.'),
  maxApiResponseTime: number(
    'MAX_API_RESPONSE_TIME',
    10_000,
    1,
    3_600_000,
    'Milliseconds; a call to an upstream that takes longer is slow.',
  ),
} as const satisfies Record<string, Setting<unknown>>

export type SettingName = keyof typeof SETTINGS
export type Settings = { readonly [N in SettingName]: (typeof SETTINGS)[N] extends Setting<infer T> ? T : never }

export function defaultSettings(): Settings {
  return Object.fromEntries(Object.entries(SETTINGS).map(([name, setting]) => [name, setting.default])) as Settings
}
