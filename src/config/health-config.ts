/** What health.config.{ts,js,json} may hold. Checked whole at start. */
import { checkChannels, checkMethods, checkQueues, checkUpstreams } from './check-targets.ts'
import type { Fields } from './checking.ts'
import { checkKeys, checkOneOf, checkText, checkUrl, fail, isRecord } from './checking.ts'
import type { Settings } from './settings.ts'
import { Expected, SETTINGS } from './settings.ts'
import { shownValue } from './shown-value.ts'
import type { ChannelTarget, MethodTarget, QueueTarget, UpstreamTarget } from './targets.ts'
import { upstreamNameOf } from './targets.ts'

/** What a service is judged as: by the rules and metrics of a tracker fetcher, or of any worker. */
export type ProfileName = 'tracker_fetcher' | 'worker'

/** Override of a rule's limits and timing, in the rule's own unit and in seconds. */
export interface RuleOverride {
  readonly limit?: number
  readonly critical?: number
  readonly for?: number
  readonly keepFiring?: number
}

export type HealthConfig = Partial<Settings> & {
  /** Default: `worker`. */
  readonly profile?: ProfileName
  readonly serviceName?: string
  readonly methods?: readonly MethodTarget[]
  readonly channels?: readonly ChannelTarget[]
  /** By name. A tracker fetcher's are called `apple` and `anisette`. */
  readonly upstreams?: Readonly<Record<string, UpstreamTarget>>
  /** By name. A tracker fetcher's are its tiers and `leased`. */
  readonly queues?: Readonly<Record<string, QueueTarget>>
  /** Where the queues are; default: the service's `REDIS_URL`, else its `REDIS_HOST` and `REDIS_PORT`. */
  readonly queuesRedis?: string
  /** The queues are on a Redis Cluster, of which `queuesRedis` is one node. */
  readonly queuesRedisCluster?: boolean
  /** Base URL of the anisette server, probed when no real request proves it works. */
  readonly anisetteUrl?: string
  readonly rules?: Readonly<Record<string, RuleOverride>>
}

/** For type checking and completion in health.config.ts; gives back what it is given. */
export function defineHealth(config: HealthConfig): HealthConfig {
  return config
}

const OTHER_KEYS = [
  ...['profile', 'serviceName', 'methods', 'channels', 'upstreams', 'queues', 'queuesRedis', 'queuesRedisCluster', 'anisetteUrl', 'rules'],
] as const
const RULE_KEYS = ['limit', 'critical', 'for', 'keepFiring'] as const
/** The names of all rules of each profile; compared with the profiles by a test. */
export const RULES: Readonly<Record<ProfileName, readonly string[]>> = {
  tracker_fetcher: [
    ...['apple_account_unauthenticated', 'anisette_unreachable', 'large_queue', 'low_success_rate', 'low_fetch_rate', 'slow_apple_api'],
    'service_silent',
  ],
  worker: ['low_success_rate', 'large_queue', 'low_work_rate', 'slow_upstream', 'service_silent'],
}

/** Returns `config` if it is valid. Throws one sentence naming the key, its value and what is expected. */
export function checkHealthConfig(config: unknown, file: string): HealthConfig {
  if (!isRecord(config)) throw new Error(`${file} must export an object as its default, but exports ${shownValue(config)}.`)
  const at = (path: string) => `${file}: ${path}`
  checkKeys(config, [...Object.keys(SETTINGS), ...OTHER_KEYS], at(''))
  for (const [name, setting] of Object.entries(SETTINGS)) {
    const value = config[name]
    const checked = value === undefined ? undefined : setting.check(value)
    if (checked instanceof Expected) fail(at(name), value, checked.what, setting.secret)
  }
  const { profile = 'worker', serviceName, queuesRedis, anisetteUrl } = config
  checkOneOf(profile, Object.keys(RULES), at('profile'))
  const isTracker = profile === 'tracker_fetcher'
  if (serviceName !== undefined) checkText(serviceName, at('serviceName'))
  if (queuesRedis !== undefined) checkUrl(queuesRedis, at('queuesRedis'), ['redis:', 'rediss:'])
  if (![undefined, true, false].includes(config['queuesRedisCluster'] as boolean)) {
    fail(at('queuesRedisCluster'), config['queuesRedisCluster'], 'true or false')
  }
  if (anisetteUrl !== undefined) {
    checkUrl(anisetteUrl, at('anisetteUrl'), ['http:', 'https:'])
    if (!isTracker) throw new Error(`${at('anisetteUrl')} is of use to a tracker fetcher only: add profile: 'tracker_fetcher'.`)
  }
  checkMethods(config['methods'], at('methods'), isTracker)
  checkChannels(config['channels'], at('channels'), isTracker)
  checkUpstreams(config['upstreams'], at('upstreams'))
  checkQueues(config['queues'], at('queues'), isTracker)
  checkCountedOnce(config, at(''))
  checkRules(config['rules'], RULES[profile as ProfileName], at('rules'))
  return config
}

/** A call that is seen by its method and by its host would be two calls. */
function checkCountedOnce({ methods = [], channels = [], upstreams = {}, profile }: HealthConfig, where: string): void {
  for (const [list, targets] of Object.entries({ methods, channels })) {
    for (const [index, target] of targets.entries()) {
      const upstream = upstreamNameOf(target, profile)
      if (target.records !== 'api_call' || !Object.hasOwn(upstreams, upstream)) continue
      throw new Error(
        `${where}${list}[${index}] and upstreams.${upstream} both record the calls to ${upstream}: keep one of them, or each call counts twice.`,
      )
    }
  }
}

function checkRules(rules: unknown, known: readonly string[], path: string): void {
  if (rules === undefined) return
  if (!isRecord(rules)) return fail(path, rules, 'an object from rule to overrides')
  checkKeys(rules, known, `${path} `)
  for (const [rule, override] of Object.entries(rules)) {
    if (!isRecord(override)) return fail(`${path}.${rule}`, override, 'an object with limit, critical, for or keepFiring')
    checkRule(override, `${path}.${rule}`)
  }
}

function checkRule(override: Fields, path: string): void {
  checkKeys(override, RULE_KEYS, `${path} `)
  for (const [key, value] of Object.entries(override)) {
    if (typeof value !== 'number' || !(value >= 0 && value < Infinity)) fail(`${path}.${key}`, value, 'a number >= 0')
  }
}
