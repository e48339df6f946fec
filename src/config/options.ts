/** Environment + health.config + code -> validated options. Pure: the environment is an argument. */
import type { MetricDefinition } from '../catalogue.ts'
import type { MetricsConfig, OwnRules, RulesConfig } from '../rules/rules-config.ts'
import { readMetrics, readRules } from '../rules/rules-config.ts'
import { maskedText } from '../credentials.ts'
import { checkRecords } from './check-records.ts'
import { resolveDependsOn } from './depends-on.ts'
import type { FigureData, FiguresConfig } from '../rules/figure.ts'
import { readFigures } from '../rules/figure.ts'
import type { RecordData, RecordsConfig } from '../rules/tally.ts'
import { readRecords } from '../rules/tally.ts'
import type { HealthConfig } from './health-config.ts'
import { withOneAddress } from './one-address.ts'
import { toServiceName } from './service-name.ts'
import type { Environment, Setting, SettingName, Settings } from './settings.ts'
import { Expected, SETTINGS, shownSetting } from './settings.ts'
import { shownValue } from '../rules/shown-value.ts'

export type { Environment } from './settings.ts'

/** What a service is called that nothing names. */
export const UNKNOWN_SERVICE = 'unknown_service'

/** What to do about it, in one sentence. */
export const NAME_IT = 'Set OTEL_SERVICE_NAME, or give the service a "name" in its package.json.'

export interface HealthOptions {
  readonly serviceName: string
  /** Set when the name had to be changed to fit into keys: what it was. */
  readonly originalServiceName: string | undefined
  /** service.instance.id, if the environment names one. */
  readonly instance: string | undefined
  readonly settings: Settings
  /** Services and checks of its own that it depends on. */
  readonly dependsOn: readonly string[]
  readonly rules: OwnRules
  /** Metrics that the service records itself, for rules that name them. */
  readonly metrics: readonly MetricDefinition[]
  /** What status and metrics show besides, by name. */
  readonly figures: Readonly<Record<string, FigureData>>
  /** What each record of health.config or of code adds to the metrics. */
  readonly records: Readonly<Record<string, RecordData>>
}

export interface OptionSources {
  readonly env: Environment
  /** What was given in code; wins over everything. */
  readonly code?: Partial<Settings> & {
    readonly serviceName?: string
    readonly instance?: string
    readonly dependsOn?: readonly string[]
    readonly rules?: RulesConfig
    readonly metrics?: MetricsConfig
    readonly figures?: FiguresConfig
    readonly records?: RecordsConfig
  }
  /** A checked health.config. */
  readonly config?: HealthConfig
  /** `name` of the service's package.json. */
  readonly packageName?: string
}

/** Precedence: code > environment > health.config > default. Throws one sentence naming the setting, its value and what is expected. */
export function resolveOptions({ env, code = {}, config = {}, packageName }: OptionSources): HealthOptions {
  const given = Object.fromEntries(
    (Object.keys(SETTINGS) as SettingName[]).map((name) => [name, resolveSetting(name, env, code[name], config[name])]),
  ) as Settings
  const settings = withOneAddress(given, env, code, config)
  checkOrder(settings)
  const attributes = parseResourceAttributes(env['OTEL_RESOURCE_ATTRIBUTES'])
  const original = maskedText(givenText('serviceName', code.serviceName) ?? givenName({ env, config, packageName }) ?? UNKNOWN_SERVICE)
  checkRecords(code.records, 'The option records')
  const serviceName = toServiceName(original)
  if (!serviceName) {
    throw new Error(
      `The service name ${shownValue(original)} has no letter or digit that can be used: set HEALTH_SERVICE_NAME to a name of a-z, 0-9, ".", "_" or "-".`,
    )
  }
  const instance = givenText('instance', code.instance) ?? (attributes['service.instance.id'] || undefined)
  return {
    serviceName,
    originalServiceName: serviceName === original ? undefined : original,
    instance: instance === undefined ? undefined : maskedText(instance),
    settings,
    dependsOn: resolveDependsOn({ code: code.dependsOn, config: config.dependsOn, serviceName }),
    rules: merged(readRules(config.rules), readRules(code.rules)),
    metrics: [...readMetrics(config.metrics), ...readMetrics(code.metrics)],
    figures: { ...readFigures(config.figures), ...readFigures(code.figures) },
    records: { ...readRecords(config.records), ...readRecords(code.records) },
  }
}

/** What environment, health.config or package.json call the service; `undefined`: nothing names it. */
export function givenName({
  env,
  config,
  packageName,
}: Pick<OptionSources, 'env' | 'config'> & { packageName?: string | undefined }): string | undefined {
  return (
    // As with settings, an empty variable counts as unset.
    env['HEALTH_SERVICE_NAME']?.trim() ||
    env['OTEL_SERVICE_NAME']?.trim() ||
    parseResourceAttributes(env['OTEL_RESOURCE_ATTRIBUTES'])['service.name'] ||
    config?.serviceName ||
    packageName ||
    undefined
  )
}

function merged(config: OwnRules, code: OwnRules): OwnRules {
  const own = new Map([...config.own, ...code.own].map((rule) => [rule.name, rule]))
  return { overrides: { ...config.overrides, ...code.overrides }, own: [...own.values()] }
}

function resolveSetting(name: SettingName, env: Environment, fromCode: unknown, fromConfig: unknown): unknown {
  const setting = SETTINGS[name]
  if (fromCode !== undefined) return orThrow(setting.check(fromCode), `The option ${name}`, fromCode, name)
  const fromEnv = env[setting.env]
  // An empty variable counts as unset, as the OTel specification demands of its own.
  if (fromEnv !== undefined && fromEnv !== '') return orThrow(setting.parse(trimmed(fromEnv, setting)), setting.env, fromEnv, name)
  return fromConfig ?? setting.default
}

/** Blanks around it come of how it was written down; of a secret only the end of the line that a file has. */
function trimmed(text: string, { secret = false }: Setting<unknown>): string {
  return secret ? text.replace(/[\r\n]+$/, '') : text.trim()
}

function orThrow(value: unknown, what: string, given: unknown, name: SettingName): unknown {
  if (!(value instanceof Expected)) return value
  throw new Error(`${what} is ${shownSetting(SETTINGS[name], given)}, expected ${value.what}.`)
}

/** A text given in code, where `undefined` means that none was given. */
function givenText(name: string, value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && value.trim() !== '')) return value
  throw new Error(`The option ${name} is ${shownValue(value)}, expected a text that is not empty.`)
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

/** Characters of a key or a value, as in the OTel SDK. */
const LONGEST_ATTRIBUTE = 255

/** `key=value,key=value`, percent-encoded; one bad pair voids the whole variable, as in the OTel SDK. */
export function parseResourceAttributes(text: string | undefined): Readonly<Record<string, string>> {
  const pairs: [string, string][] = []
  for (const pair of (text ?? '').split(',')) {
    if (pair.trim() === '') continue
    const [key = '', value, ...rest] = pair.split('=').map((part) => decoded(part.trim()))
    if (!key || value === undefined || rest.length > 0 || key.length > LONGEST_ATTRIBUTE || value.length > LONGEST_ATTRIBUTE) return {}
    pairs.push([key, value])
  }
  return Object.fromEntries(pairs)
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
