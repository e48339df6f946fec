/** What health.config may hold. Checked whole at start. */
import { checkChannels, checkMethods, checkQueues, checkUpstreams } from './check-targets.ts'
import { checkKeys, checkText, checkUrl, fail, isRecord } from './checking.ts'
import { checkControl, type ControlConfig } from './control-config.ts'
import { checkDependsOn } from './depends-on.ts'
import type { Settings } from './settings.ts'
import { Expected, SETTINGS, shownSetting } from './settings.ts'
import { shownValue } from '../rules/shown-value.ts'
import type { ChannelTarget, MethodTarget, QueueTarget, UpstreamTarget } from './targets.ts'
import { MEANINGS, upstreamNameOf } from './targets.ts'
import { checkMetrics, checkRules } from './check-rules.ts'
import type { KindConfig, KnownKind } from './kind-config.ts'
import type { MetricsConfig, RulesConfig } from '../rules/rules-config.ts'
import type { FiguresConfig } from '../rules/figure.ts'
import { readFigures } from '../rules/figure.ts'
import type { RecordsConfig } from '../rules/tally.ts'
import { checkRecords } from './check-records.ts'

export type HealthConfig = Partial<Settings> & {
  /** Which kind of service it is: the name of one, or one made by defineKind. Default: `worker`. */
  readonly profile?: string | KnownKind
  readonly serviceName?: string
  /**
   * What it depends on, at most 20 names: other services as they are called in Redis, and checks of its own such as `redis`. Published with
   * the status, so that readers tell what is wrong with the service from what is wrong with what it needs.
   */
  readonly dependsOn?: readonly string[]
  readonly methods?: readonly MethodTarget[]
  readonly channels?: readonly ChannelTarget[]
  /** By name. */
  readonly upstreams?: Readonly<Record<string, UpstreamTarget>>
  /** By name. */
  readonly queues?: Readonly<Record<string, QueueTarget>>
  /** Where the queues are; default: the service's `REDIS_URL`, else its `REDIS_HOST` and `REDIS_PORT`. */
  readonly queuesRedis?: string
  /** The queues are on a Redis Cluster, of which `queuesRedis` is one node. */
  readonly queuesRedisCluster?: boolean
  /** Rules of one's own, and other limits for those of the kind of service; `false` switches one off. */
  readonly rules?: RulesConfig
  /** What the service records itself with the OpenTelemetry API, for rules that name it. */
  readonly metrics?: MetricsConfig
  /** What status and metrics show besides, by name. */
  readonly figures?: FiguresConfig
  /** What a method or channel may record besides attempts and calls: a name, and the metrics of `metrics` or of the kind that it adds to. */
  readonly records?: RecordsConfig
  /** What people may ask of the service while it runs, and how it is paused. */
  readonly control?: ControlConfig
}

const OTHER_KEYS = [
  ...['profile', 'serviceName', 'dependsOn', 'rules', 'metrics', 'figures', 'records'],
  ...['methods', 'channels', 'upstreams', 'queues', 'queuesRedis', 'queuesRedisCluster', 'control'],
] as const

/** Returns `config` if it is valid. Throws one sentence naming the key, its value and what is expected. */
export function checkHealthConfig(config: unknown, file: string, kinds: readonly KnownKind[]): HealthConfig {
  if (!isRecord(config)) throw new Error(`${file} must export an object as its default, but exports ${shownValue(config)}.`)
  const at = (path: string) => `${file}: ${path}`
  const kind = kindOf(config['profile'], kinds, at('profile'))
  const ofOthers = kinds.find(({ config: { keys } }) =>
    Object.keys(keys).some((key) => Object.hasOwn(config, key) && !Object.hasOwn(kind.config.keys, key)),
  )
  if (ofOthers) {
    const key = Object.keys(ofOthers.config.keys).find((each) => Object.hasOwn(config, each))!
    throw new Error(`${at(key)} is of use to a service of another kind only: add profile: '${ofOthers.name}'.`)
  }
  checkKeys(config, [...Object.keys(SETTINGS), ...OTHER_KEYS, ...Object.keys(kind.config.keys)], at(''))
  for (const [name, setting] of Object.entries(SETTINGS)) {
    const value = config[name]
    const checked = value === undefined ? undefined : setting.check(value)
    if (checked instanceof Expected) throw new Error(`${at(name)} is ${shownSetting(setting, value)}, expected ${checked.what}.`)
  }
  const { serviceName, dependsOn, queuesRedis } = config
  if (serviceName !== undefined) checkText(serviceName, at('serviceName'))
  if (dependsOn !== undefined) checkDependsOn(dependsOn, at('dependsOn'))
  if (queuesRedis !== undefined) checkUrl(queuesRedis, at('queuesRedis'), ['redis:', 'rediss:'])
  if (![undefined, true, false].includes(config['queuesRedisCluster'] as boolean)) {
    fail(at('queuesRedisCluster'), config['queuesRedisCluster'], 'true or false')
  }
  for (const [key, check] of Object.entries(kind.config.keys)) if (config[key] !== undefined) check(config[key], at(key))
  checkControl(config['control'], at('control'))
  checkFigures(config['figures'], at('figures'))
  checkRecords(config['records'], at('records'))
  const meanings = [...MEANINGS, ...Object.keys({ ...kind.config.records, ...(config['records'] as RecordsConfig | undefined) })]
  checkMethods(config['methods'], at('methods'), kind.config, meanings)
  checkChannels(config['channels'], at('channels'), kind.config, meanings)
  checkUpstreams(config['upstreams'], at('upstreams'))
  checkQueues(config['queues'], at('queues'), kind.config)
  checkCountedOnce(config, kind.config, at(''))
  checkRules(config['rules'], kind.ruleNames, at('rules'))
  checkMetrics(config['metrics'], at('metrics'))
  return config
}

function checkFigures(figures: unknown, path: string): void {
  if (figures === undefined) return
  if (!isRecord(figures)) return fail(path, figures, 'an object from name to figure')
  readFigures(figures as FiguresConfig)
}

/** A call that is seen by its method and by its host would be two calls. */
function checkCountedOnce({ methods = [], channels = [], upstreams = {} }: HealthConfig, kind: KindConfig, where: string): void {
  for (const [list, targets] of Object.entries({ methods, channels })) {
    for (const [index, target] of targets.entries()) {
      const upstream = upstreamNameOf(target, kind.defaultUpstream)
      if (target.records !== 'api_call' || !Object.hasOwn(upstreams, upstream)) continue
      throw new Error(
        `${where}${list}[${index}] and upstreams.${upstream} both record the calls to ${upstream}: keep one of them, or each call counts twice.`,
      )
    }
  }
}

function kindOf(profile: unknown, kinds: readonly KnownKind[], path: string): KnownKind {
  if (isRecord(profile) && isRecord(profile['config']) && Array.isArray(profile['ruleNames'])) return profile as unknown as KnownKind
  const kind = kinds.find(({ name, isDefault }) => (profile === undefined ? isDefault : name === profile))
  return kind ?? fail(path, profile, `${kinds.map(({ name }) => `'${name}'`).join(' or ')}, or a kind made by defineKind`)
}
