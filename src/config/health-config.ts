/** What health.config.{ts,js,json} may hold. Checked whole at start. */
import { checkChannels, checkMethods, checkQueues, checkUpstreams } from './check-targets.ts'
import { checkKeys, checkText, checkUrl, fail, isRecord } from './checking.ts'
import type { Settings } from './settings.ts'
import { Expected, SETTINGS } from './settings.ts'
import { shownValue } from '../rules/shown-value.ts'
import type { ChannelTarget, MethodTarget, QueueTarget, UpstreamTarget } from './targets.ts'
import { upstreamNameOf } from './targets.ts'
import { checkMetrics, checkRules } from './check-rules.ts'
import type { KindConfig, KnownKind } from './kind-config.ts'
import type { MetricsConfig, RulesConfig } from '../rules/rules-config.ts'

export type HealthConfig = Partial<Settings> & {
  /** Which kind of service it is: the name of one, or one made by defineKind. Default: `worker`. */
  readonly profile?: string | KnownKind
  readonly serviceName?: string
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
}

const OTHER_KEYS = [
  ...['profile', 'serviceName', 'methods', 'channels', 'upstreams', 'queues', 'queuesRedis', 'queuesRedisCluster', 'rules', 'metrics'],
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
    if (checked instanceof Expected) fail(at(name), value, checked.what, setting.secret)
  }
  const { serviceName, queuesRedis } = config
  if (serviceName !== undefined) checkText(serviceName, at('serviceName'))
  if (queuesRedis !== undefined) checkUrl(queuesRedis, at('queuesRedis'), ['redis:', 'rediss:'])
  if (![undefined, true, false].includes(config['queuesRedisCluster'] as boolean)) {
    fail(at('queuesRedisCluster'), config['queuesRedisCluster'], 'true or false')
  }
  for (const [key, check] of Object.entries(kind.config.keys)) if (config[key] !== undefined) check(config[key], at(key))
  checkMethods(config['methods'], at('methods'), kind.config)
  checkChannels(config['channels'], at('channels'), kind.config)
  checkUpstreams(config['upstreams'], at('upstreams'))
  checkQueues(config['queues'], at('queues'), kind.config)
  checkCountedOnce(config, kind.config, at(''))
  checkRules(config['rules'], kind.ruleNames, at('rules'))
  checkMetrics(config['metrics'], at('metrics'))
  return config
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
