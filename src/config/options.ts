/** Environment + health.config + code -> validated options. Pure: the environment is an argument. */
import type { HealthConfig, MethodTarget, QueueTarget, RuleOverride } from './health-config.ts'
import { toServiceName } from './service-name.ts'
import type { SettingName, Settings } from './settings.ts'
import { Expected, SETTINGS } from './settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface HealthOptions {
  readonly serviceName: string
  /** Set when the name had to be changed to fit into keys: what it was. */
  readonly originalServiceName: string | undefined
  /** service.instance.id, if the environment names one. */
  readonly instance: string | undefined
  readonly settings: Settings
  readonly methods: readonly MethodTarget[]
  readonly queues: Readonly<Record<string, QueueTarget>>
  readonly queuesRedis: string | undefined
  readonly anisetteUrl: string | undefined
  readonly rules: Readonly<Record<string, RuleOverride>>
}

export interface OptionSources {
  readonly env: Environment
  /** What was given in code; wins over everything. */
  readonly code?: Partial<Settings> & { readonly serviceName?: string; readonly instance?: string }
  /** A checked health.config. */
  readonly config?: HealthConfig
  /** `name` of the service's package.json. */
  readonly packageName?: string
}

/** Precedence: code > environment > health.config > default. Throws one sentence naming the setting, its value and what is expected. */
export function resolveOptions({ env, code = {}, config = {}, packageName }: OptionSources): HealthOptions {
  const settings = Object.fromEntries(
    (Object.keys(SETTINGS) as SettingName[]).map((name) => [name, resolveSetting(name, env, code[name], config[name])]),
  ) as Settings
  checkOrder(settings)
  const attributes = parseResourceAttributes(env['OTEL_RESOURCE_ATTRIBUTES'])
  const original =
    code.serviceName ??
    env['HEALTH_SERVICE_NAME'] ??
    env['OTEL_SERVICE_NAME'] ??
    attributes['service.name'] ??
    config.serviceName ??
    packageName ??
    'unknown_service'
  const serviceName = toServiceName(original)
  if (!serviceName) {
    throw new Error(
      `The service name ${JSON.stringify(original.slice(0, 100))} has no letter or digit that can be used: set HEALTH_SERVICE_NAME to a name of a-z, 0-9, ".", "_" or "-".`,
    )
  }
  return {
    serviceName,
    originalServiceName: serviceName === original ? undefined : original,
    instance: code.instance ?? attributes['service.instance.id'],
    settings,
    methods: config.methods ?? [],
    queues: config.queues ?? {},
    queuesRedis: config.queuesRedis,
    anisetteUrl: config.anisetteUrl,
    rules: config.rules ?? {},
  }
}

function resolveSetting(name: SettingName, env: Environment, fromCode: unknown, fromConfig: unknown): unknown {
  const setting = SETTINGS[name]
  if (fromCode !== undefined) return orThrow(setting.check(fromCode), `The option ${name}`, fromCode, name)
  const fromEnv = env[setting.env]
  // An empty variable counts as unset, as the OTel specification demands of its own.
  if (fromEnv !== undefined && fromEnv !== '') return orThrow(setting.parse(fromEnv), setting.env, fromEnv, name)
  return fromConfig ?? setting.default
}

function orThrow(value: unknown, what: string, given: unknown, name: SettingName): unknown {
  if (!(value instanceof Expected)) return value
  const shown = name === 'redisPassword' ? 'set' : JSON.stringify(given)?.slice(0, 100)
  throw new Error(`${what} is ${shown}, expected ${value.what}.`)
}

function checkOrder(settings: Settings): void {
  if (settings.veryLargeQueue < settings.largeQueue) {
    throw new Error(
      `VERY_LARGE_QUEUE_THRESHOLD is ${settings.veryLargeQueue}, expected at least LARGE_QUEUE_THRESHOLD (${settings.largeQueue}).`,
    )
  }
  if (settings.minSuccessRateDegraded > settings.minSuccessRateHealthy) {
    throw new Error(
      `MIN_SUCCESS_RATE_DEGRADED is ${settings.minSuccessRateDegraded}, expected at most MIN_SUCCESS_RATE_HEALTHY (${settings.minSuccessRateHealthy}).`,
    )
  }
}

/** `key=value,key=value`, percent-encoded; one bad pair voids the whole variable, as in the OTel SDK. */
export function parseResourceAttributes(text: string | undefined): Readonly<Record<string, string>> {
  if (!text) return {}
  const attributes: Record<string, string> = {}
  for (const pair of text.split(',')) {
    const [key, value, ...rest] = pair.split('=')
    if (!key?.trim() || value === undefined || rest.length > 0) return {}
    try {
      attributes[decodeURIComponent(key.trim())] = decodeURIComponent(value.trim())
    } catch {
      return {}
    }
  }
  return attributes
}
