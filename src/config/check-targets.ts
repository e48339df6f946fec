/** Checks what health.config names of the service: methods, channels, upstream hosts, queues. */
import { hasCredentials } from '../credentials.ts'
import type { Fields } from './checking.ts'
import { checkKeys, checkOneOf, checkText, fail, isRecord } from './checking.ts'
import type { KindConfig } from './kind-config.ts'
import { MEANINGS } from './targets.ts'

const EXTRACTORS = ['success', 'reportsFound', 'events', 'errorType', 'result'] as const
const READING_KEYS = ['records', 'name', 'upstream', ...EXTRACTORS, 'onError'] as const
const METHOD_KEYS = ['module', 'class', 'method', 'function', 'callback', ...READING_KEYS] as const
const CHANNEL_KEYS = ['channel', ...READING_KEYS] as const
const UPSTREAM_KEYS = ['host', 'records', 'waits'] as const
/** What a queue of a library is named by, and as people call the library. */
const QUEUE_LIBRARIES = { bullmq: 'BullMQ', bull: 'Bull', beeQueue: 'Bee-Queue' } as const
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
    const { host, records, waits } = upstream
    const hosts: unknown[] = Array.isArray(host) ? host : [host]
    if (hosts.length === 0) fail(`${here}.host`, host, 'a host or a list of hosts')
    for (const each of hosts) {
      if (typeof each !== 'string' || !/^(\*\.)?[^\s/*@]+$/.test(each)) {
        fail(`${here}.host`, each, "a host as 'gateway.icloud.com', 'localhost:6969' or '*.icloud.com'")
      }
    }
    if (records !== undefined) checkOneOf(records, ['attempt'], `${here}.records`)
    if (waits !== undefined && typeof waits !== 'boolean') fail(`${here}.waits`, waits, 'true or false')
  })
}

export function checkQueues(queues: unknown, path: string, kind: KindConfig): void {
  checkObject(queues, path, 'an object from name to queue', (queue, here) => {
    if (!isRecord(queue)) return fail(here, queue, 'an object with key and type, or with bullmq, bull or beeQueue')
    for (const [key, library] of Object.entries(QUEUE_LIBRARIES)) {
      if (queue[key] === undefined) continue
      checkKeys(queue, [key, 'prefix'], `${here} `)
      checkText(queue[key], `${here}.${key}`, `the name of a ${library} queue`)
      if (queue['prefix'] !== undefined) checkText(queue['prefix'], `${here}.prefix`)
      return
    }
    checkKeys(
      queue,
      ['key', 'type', ...Object.keys(QUEUE_LIBRARIES), ...(OF_TYPE[queue['type'] as string] ?? ['scores', 'group'])],
      `${here} `,
    )
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
  checkOnError(reading, `${here}.onError`, kind)
}

function checkOnError({ onError, records }: Fields, path: string, kind: KindConfig): void {
  if (onError === undefined) return
  if ((MEANINGS as readonly unknown[]).includes(records)) {
    throw new Error(`${path} is of use to a record only, such as the state of an account: leave it out of what records ${String(records)}.`)
  }
  if (typeof onError === 'function') return
  const state = kind.records?.[records as string]?.state
  const expected = state ? "an object from code, status or class to state, such as { 401: 'logged_out' }" : 'an object of objects, such as'
  if (!isRecord(onError)) return fail(path, onError, state ? expected : `${expected} { 401: { authenticated: 0 } }`)
  for (const [mark, recorded] of Object.entries(onError)) {
    if (recorded === null) continue
    if (state) checkOneOf(recorded, state.values, `${path}.${mark}`)
    else if (!isRecord(recorded)) fail(`${path}.${mark}`, recorded, 'an object with the fields of the record, or null')
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
