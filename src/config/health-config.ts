/**
 * What health.config.{ts,js,json} may hold. Checked whole at start: a key that is not known is named together with the
 * nearest one that is, because a rule that is silently not there is found out at night.
 */
import type { Settings } from './settings.ts'
import { Expected, SETTINGS } from './settings.ts'
import { shownSecret, shownValue } from './shown-value.ts'

/** What a call of a wrapped method means. */
export type MethodMeaning = 'batch' | 'api_call' | 'account'

/** An async method of a class of the service, recorded without touching the service. */
export interface MethodTarget {
  /** File of the class, relative to health.config. */
  readonly module: string
  /** Name of the class as declared in that file. */
  readonly class: string
  readonly method: string
  readonly records: MethodMeaning
  /** For `api_call`: which upstream is called. */
  readonly upstream?: 'apple' | 'anisette'
  /** Turns what the method resolves to into what is recorded; default: it already has that shape. */
  readonly result?: (value: unknown) => unknown
}

/** A queue in the service's Redis. A list's members are due; a sorted set's score is the time due in epoch milliseconds. */
export interface QueueTarget {
  readonly key: string
  readonly type: 'list' | 'zset'
}

/** Override of a rule's limits and timing, in the rule's own unit and in seconds. */
export interface RuleOverride {
  readonly limit?: number
  readonly critical?: number
  readonly for?: number
  readonly keepFiring?: number
}

export type HealthConfig = Partial<Settings> & {
  readonly profile?: 'tracker_fetcher'
  readonly serviceName?: string
  readonly methods?: readonly MethodTarget[]
  readonly queues?: Readonly<Record<string, QueueTarget>>
  /** Where the queues are; default: the service's `REDIS_URL`, else the health Redis. */
  readonly queuesRedis?: string
  /** Base URL of the anisette server, probed when no real request proves it works. */
  readonly anisetteUrl?: string
  readonly rules?: Readonly<Record<string, RuleOverride>>
}

const OTHER_KEYS = ['profile', 'serviceName', 'methods', 'queues', 'queuesRedis', 'anisetteUrl', 'rules'] as const
const METHOD_KEYS = ['module', 'class', 'method', 'records', 'upstream', 'result'] as const
const QUEUE_KEYS = ['key', 'type'] as const
const RULE_KEYS = ['limit', 'critical', 'for', 'keepFiring'] as const
const RULES = [
  'apple_account_unauthenticated',
  'anisette_unreachable',
  'large_queue',
  'low_success_rate',
  'low_fetch_rate',
  'slow_apple_api',
  'service_silent',
] as const
const TIERS = ['immediate', 'hot', 'warm', 'cold', 'retry', 'leased'] as const

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
  if (config['profile'] !== undefined && config['profile'] !== 'tracker_fetcher')
    fail(at('profile'), config['profile'], "'tracker_fetcher'")
  for (const name of ['serviceName', 'queuesRedis', 'anisetteUrl']) {
    const value = config[name]
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      fail(at(name), value, 'a text that is not empty', name === 'queuesRedis')
    }
  }
  checkUrl(config['queuesRedis'], at('queuesRedis'), ['redis:', 'rediss:'])
  checkUrl(config['anisetteUrl'], at('anisetteUrl'), ['http:', 'https:'])
  checkMethods(config['methods'], at('methods'))
  checkQueues(config['queues'], at('queues'))
  checkRules(config['rules'], at('rules'))
  return config
}

function checkMethods(methods: unknown, path: string): void {
  if (methods === undefined) return
  if (!Array.isArray(methods)) return fail(path, methods, 'a list of methods')
  for (const [index, method] of methods.entries()) {
    const here = `${path}[${index}]`
    if (!isRecord(method)) return fail(here, method, 'an object with module, class, method and records')
    checkKeys(method, METHOD_KEYS, `${here} `)
    for (const key of ['module', 'class', 'method']) {
      if (typeof method[key] !== 'string' || method[key] === '') fail(`${here}.${key}`, method[key], 'a text that is not empty')
    }
    oneOf(method['records'], ['batch', 'api_call', 'account'], `${here}.records`)
    if (method['upstream'] !== undefined) oneOf(method['upstream'], ['apple', 'anisette'], `${here}.upstream`)
    if (method['result'] !== undefined && typeof method['result'] !== 'function') fail(`${here}.result`, method['result'], 'a function')
  }
}

function checkQueues(queues: unknown, path: string): void {
  if (queues === undefined) return
  if (!isRecord(queues)) return fail(path, queues, 'an object from tier to queue')
  checkKeys(queues, TIERS, `${path} `)
  for (const [tier, queue] of Object.entries(queues)) {
    if (!isRecord(queue)) return fail(`${path}.${tier}`, queue, 'an object with key and type')
    checkKeys(queue, QUEUE_KEYS, `${path}.${tier} `)
    if (typeof queue['key'] !== 'string' || queue['key'] === '') fail(`${path}.${tier}.key`, queue['key'], 'the name of a Redis key')
    oneOf(queue['type'], ['list', 'zset'], `${path}.${tier}.type`)
  }
}

function checkRules(rules: unknown, path: string): void {
  if (rules === undefined) return
  if (!isRecord(rules)) return fail(path, rules, 'an object from rule to overrides')
  checkKeys(rules, RULES, `${path} `)
  for (const [rule, override] of Object.entries(rules)) {
    if (!isRecord(override)) return fail(`${path}.${rule}`, override, 'an object with limit, critical, for or keepFiring')
    checkKeys(override, RULE_KEYS, `${path}.${rule} `)
    for (const [key, value] of Object.entries(override)) {
      if (typeof value !== 'number' || !(value >= 0 && value < Infinity)) fail(`${path}.${rule}.${key}`, value, 'a number >= 0')
    }
  }
}

function checkUrl(value: unknown, path: string, protocols: readonly string[]): void {
  if (value === undefined) return
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  // The value is left out: a URL may hold a password.
  if (!url || !protocols.includes(url.protocol)) throw new Error(`${path} must be a URL that begins with ${protocols.join('// or ')}//.`)
}

function checkKeys(object: Readonly<Record<string, unknown>>, known: readonly string[], where: string): void {
  for (const key of Object.keys(object)) {
    if (known.includes(key)) continue
    throw new Error(`${where}${JSON.stringify(key.slice(0, 100))} is not a known key: did you mean "${nearest(key, known)}"?`)
  }
}

function oneOf(value: unknown, allowed: readonly string[], path: string): void {
  if (!allowed.includes(value as string)) fail(path, value, allowed.map((each) => `'${each}'`).join(' or '))
}

function fail(path: string, value: unknown, expected: string, secret = false): never {
  throw new Error(`${path} is ${secret ? shownSecret(value) : shownValue(value)}, expected ${expected}.`)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function nearest(word: string, known: readonly string[]): string {
  const distances = known.map((candidate) => [distance(word.toLowerCase().slice(0, 100), candidate.toLowerCase()), candidate] as const)
  return distances.toSorted(([a], [b]) => a - b)[0]?.[1] ?? ''
}

/** Levenshtein's edit distance. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      current[j] = Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    previous = current
  }
  return previous[b.length]!
}
