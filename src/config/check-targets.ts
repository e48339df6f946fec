/** Checks what health.config names of the service: methods, channels, upstream hosts, queues. */
import { hasCredentials } from '../credentials.ts'
import type { Fields } from './checking.ts'
import { checkKeys, checkOneOf, checkText, fail, isRecord } from './checking.ts'
import type { KindConfig } from './kind-config.ts'

const EXTRACTORS = ['success', 'reportsFound', 'events', 'errorType', 'result'] as const
const READING_KEYS = ['records', 'name', 'upstream', ...EXTRACTORS] as const
const METHOD_KEYS = ['module', 'class', 'method', 'function', 'callback', ...READING_KEYS] as const
const CHANNEL_KEYS = ['channel', ...READING_KEYS] as const
const UPSTREAM_KEYS = ['host', 'records'] as const
const QUEUE_TYPES = ['list', 'set', 'zset', 'stream'] as const

/** `meanings`: what a call may be recorded as. */
export function checkMethods(methods: unknown, path: string, kind: KindConfig, meanings: readonly string[]): void {
  checkList(methods, path, 'methods', METHOD_KEYS, (method, here) => {
    checkText(method['module'], `${here}.module`)
    for (const key of ['class', 'method', 'function']) if (method[key] !== undefined) checkText(method[key], `${here}.${key}`)
    const isMethod = method['class'] !== undefined && method['method'] !== undefined && method['function'] === undefined
    const isFunction = method['function'] !== undefined && method['class'] === undefined && method['method'] === undefined
    if (!isMethod && !isFunction) fail(here, method, 'either class and method, or function')
    if (method['callback'] !== undefined && typeof method['callback'] !== 'boolean')
      fail(`${here}.callback`, method['callback'], 'true or false')
    checkReading(method, here, kind, meanings)
  })
}

export function checkChannels(channels: unknown, path: string, kind: KindConfig, meanings: readonly string[]): void {
  checkList(channels, path, 'channels', CHANNEL_KEYS, (channel, here) => {
    checkText(channel['channel'], `${here}.channel`, 'the name of a tracing channel')
    checkReading(channel, here, kind, meanings)
  })
}

export function checkUpstreams(upstreams: unknown, path: string): void {
  checkObject(upstreams, path, 'an object from name to host', (upstream, here) => {
    if (!isRecord(upstream)) return fail(here, upstream, 'an object with host')
    checkKeys(upstream, UPSTREAM_KEYS, `${here} `)
    const { host, records } = upstream
    const hosts: unknown[] = Array.isArray(host) ? host : [host]
    if (hosts.length === 0) fail(`${here}.host`, host, 'a host or a list of hosts')
    for (const each of hosts) {
      if (typeof each !== 'string' || !/^(\*\.)?[^\s/*@]+$/.test(each)) {
        fail(`${here}.host`, each, "a host as 'gateway.icloud.com', 'localhost:6969' or '*.icloud.com'")
      }
    }
    if (records !== undefined) checkOneOf(records, ['attempt'], `${here}.records`)
  })
}

export function checkQueues(queues: unknown, path: string, kind: KindConfig): void {
  checkObject(queues, path, 'an object from name to queue', (queue, here) => {
    if (!isRecord(queue)) return fail(here, queue, 'an object with key and type, or with bullmq')
    if (queue['bullmq'] !== undefined) {
      checkKeys(queue, ['bullmq', 'prefix'], `${here} `)
      checkText(queue['bullmq'], `${here}.bullmq`, 'the name of a BullMQ queue')
      if (queue['prefix'] !== undefined) checkText(queue['prefix'], `${here}.prefix`)
      return
    }
    checkKeys(queue, ['key', 'type', 'bullmq', ...(OF_TYPE[queue['type'] as string] ?? ['scores', 'group'])], `${here} `)
    checkText(queue['key'], `${here}.key`, 'the name of a Redis key')
    checkOneOf(queue['type'], QUEUE_TYPES, `${here}.type`)
    if (queue['scores'] !== undefined) checkOneOf(queue['scores'], ['milliseconds', 'seconds'], `${here}.scores`)
    if (queue['group'] !== undefined) checkText(queue['group'], `${here}.group`, 'the name of a consumer group')
  })
  if (kind.queues && isRecord(queues)) checkKeys(queues, kind.queues, `${path} `)
}

/** Keys besides `key` and `type`. */
const OF_TYPE: Readonly<Record<string, readonly string[]>> = { list: [], set: [], zset: ['scores'], stream: ['group'] }

function checkReading(reading: Fields, here: string, kind: KindConfig, meanings: readonly string[]): void {
  const { records, name, upstream } = reading
  checkOneOf(records, meanings, `${here}.records`)
  if (name !== undefined) checkText(name, `${here}.name`)
  if (upstream !== undefined) {
    if (kind.upstreams) checkOneOf(upstream, kind.upstreams, `${here}.upstream`)
    else checkText(upstream, `${here}.upstream`)
  }
  for (const key of EXTRACTORS) {
    const extractor = reading[key]
    if (extractor === undefined || typeof extractor === 'function') continue
    if (typeof extractor !== 'string' || extractor === '')
      fail(`${here}.${key}`, extractor, "a function or the path of a property such as 'reports.length'")
  }
}

function checkList(
  list: unknown,
  path: string,
  what: string,
  keys: readonly string[],
  checkEntry: (entry: Fields, path: string) => void,
): void {
  if (list === undefined) return
  if (!Array.isArray(list)) return fail(path, list, `a list of ${what}`)
  for (const [index, entry] of list.entries()) {
    const here = `${path}[${index}]`
    if (!isRecord(entry)) return fail(here, entry, `an object with ${keys.slice(0, 3).join(', ')} and records`)
    checkKeys(entry, keys, `${here} `)
    checkEntry(entry, here)
  }
}

function checkObject(object: unknown, path: string, expected: string, checkEntry: (entry: unknown, path: string) => void): void {
  if (object === undefined) return
  if (!isRecord(object)) return fail(path, object, expected)
  for (const [name, entry] of Object.entries(object)) {
    if (hasCredentials(name)) fail(path, name, 'names without a user or a password in them')
    if (name === '' || name.length > 64) throw new Error(`${path} has a name of ${name.length} characters: give it 1 to 64.`)
    checkEntry(entry, `${path}.${name}`)
  }
}
