/**
 * Makes the ACL files of docs/acl, of what the scripts of src/wire and src/relay call and of the names of src/wire:
 * `node scripts/acl.ts` writes them, test/acl.test.ts compares them, test/ci/acl.test.ts tries them on a real server.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { laneNames } from '../src/relay/lane-names.ts'
import { ADVANCE, CLAIM, READ, RELEASE } from '../src/relay/lane-scripts.ts'
import { METRICS_CHANNELS, shardNames, STATUS_CHANNELS, type ShardNames } from '../src/wire/names.ts'
import { ALERT } from '../src/wire/scripts/alert.ts'
import { ANSWER } from '../src/wire/scripts/answer.ts'
import { BEAT } from '../src/wire/scripts/beat.ts'
import { DEATH } from '../src/wire/scripts/death.ts'
import { DOWN } from '../src/wire/scripts/down.ts'
import { HISTORY } from '../src/wire/scripts/history.ts'
import { RECOVERY } from '../src/wire/scripts/recovery.ts'
import { REQUEST } from '../src/wire/scripts/request.ts'
import { FORGET, SILENCE } from '../src/wire/scripts/silence.ts'
import { WATCH } from '../src/wire/scripts/watch.ts'

export const ACL_FOLDER: string = fileURLToPath(new URL('../docs/acl/', import.meta.url))

export type Role = 'service' | 'viewer' | 'operator' | 'relay'

interface Rights {
  readonly commands: readonly string[]
  /** Keys that it reads and, by the commands that it has, writes. */
  readonly keys: readonly string[]
  /** Keys that it only reads though its commands could write; these rules need Redis 7. */
  readonly readKeys?: readonly string[]
  readonly channels: readonly string[]
  /** Channels that it publishes to though it listens to more; these rules need Redis 7. */
  readonly publishes?: readonly string[]
}

/** What any connection of ours may send; on a cluster the client asks for more. */
const CONNECTION = ['PING', 'SELECT', 'INFO', 'CLIENT|SETNAME', 'CLUSTER|SLOTS', 'CLUSTER|INFO']
const READING = [
  ...['TIME', 'EXISTS', 'STRLEN', 'GETRANGE', 'HSTRLEN', 'HGET', 'HMGET', 'HGETALL', 'SMEMBERS', 'XRANGE', 'XREVRANGE'],
  ...['ZCARD', 'ZCOUNT', 'ZSCORE', 'ZSCAN', 'ZRANGE', 'ZREVRANGE', 'ZREVRANGEBYSCORE'],
]
const LISTENING = ['SUBSCRIBE', 'UNSUBSCRIBE', 'PSUBSCRIBE', 'PUNSUBSCRIBE']
const SHARD_LISTENING = ['SSUBSCRIBE', 'SUNSUBSCRIBE']
const SCRIPTING = ['EVAL', 'EVALSHA']
/** Of people: what they silence, and the record of what they did. */
const BY_PEOPLE = ['HLEN', 'HSET', 'HDEL', 'MULTI', 'EXEC', 'XADD', 'XTRIM']

/** Commands that Lua calls, by `redis.call`, `redis.pcall` or a local of that name, sorted; both of two where it chooses one. */
export function commandsOf(...scripts: readonly { readonly lua: string }[]): string[] {
  const calls = scripts.flatMap(({ lua }) => lua.split(/\bp?call\(/).slice(1))
  const names = calls.flatMap((call) => Array.from(firstArgument(call).matchAll(/'([A-Z]+)'/g), ([, name]) => name!))
  return [...new Set(names)].toSorted()
}

/** Up to the comma that ends it. */
function firstArgument(call: string): string {
  let depth = 0
  for (const [i, character] of Array.from(call).entries()) {
    if (character === '(') depth++
    else if (character === ')' && depth-- === 0) return call.slice(0, i)
    else if (character === ',' && depth === 0) return call.slice(0, i)
  }
  return call
}

/** Where there is more than one shard, the names of all of them. */
function rightsOf(role: Role, sharded: boolean): Rights {
  const names = sharded ? anyShard() : shardNames()
  const tag = names.meta.slice(0, names.meta.lastIndexOf(':'))
  const published = [names.alertsChannel, names.statusChannel('*'), names.metricsChannel('*')]
  // PSUBSCRIBE is granted for the very pattern alone.
  const heard = sharded ? published : ['health:*', ...published, STATUS_CHANNELS, METRICS_CHANNELS]
  const doctor = sharded ? 'health:doctor:*' : undefined
  const viewer = [...CONNECTION, ...READING, ...LISTENING, ...(sharded ? SHARD_LISTENING : [])]
  const asked = [names.requests('*'), names.desired('*')]
  const publishing = (commands: readonly string[]) => commands.filter((name) => sharded || name !== 'SPUBLISH')
  switch (role) {
    case 'viewer':
      return { commands: viewer, keys: [`${tag}:*`], channels: heard }
    case 'service':
      return {
        // It listens and reads for doctor, which is run with its settings.
        commands: [
          ...viewer,
          ...SCRIPTING,
          'DEL',
          ...publishing(commandsOf(ALERT, BEAT, HISTORY, SILENCE, FORGET, WATCH, ANSWER, DOWN, DEATH, RECOVERY)),
        ],
        keys: [...keysOf(names).filter((key) => key !== names.audit && !asked.includes(key)), '{health}:doctor:*'],
        // It obeys what people ask, and asks nothing.
        readKeys: asked,
        channels: [...heard, ...(doctor ? [doctor] : [])],
      }
    case 'operator':
      return {
        commands: [
          ...[...viewer, ...SCRIPTING, ...BY_PEOPLE],
          ...commandsOf(ALERT, SILENCE, FORGET, REQUEST).filter((name) => !name.endsWith('PUBLISH')),
        ],
        keys: [
          ...[names.alert('*'), names.open, names.openOf('*'), names.alerts, names.meta],
          ...[names.silences, names.audit, names.causing, names.overlayDue],
          ...[...asked, names.down('*')],
          // Of a service that is forgotten.
          ...[names.due, names.services, names.instances('*'), names.silent, names.starts('*'), names.restarts('*'), names.draining('*')],
        ],
        readKeys: [`${tag}:*`],
        channels: heard,
        publishes: [names.alertsChannel],
      }
    case 'relay': {
      const { claim, position } = laneNames(names, '*')
      return {
        commands: [...CONNECTION, ...READING, ...SCRIPTING, 'EVAL_RO', 'EVALSHA_RO', ...commandsOf(CLAIM, READ, ADVANCE, RELEASE)],
        keys: claim.startsWith(position) ? [position] : [claim, position],
        readKeys: [`${tag}:*`],
        channels: [],
      }
    }
  }
}

function anyShard(): ShardNames {
  const pattern = (text: string) => text.replace('{health:0}', '{health:*}')
  return Object.fromEntries(
    Object.entries(shardNames(0, 2)).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'string'
        ? pattern(value)
        : typeof value === 'function'
          ? (...parts: string[]) => pattern((value as (...names: string[]) => string)(...parts))
          : value,
    ]),
  ) as unknown as ShardNames
}

/** Every key of the names, as patterns. */
function keysOf(names: ShardNames): string[] {
  const patterns = Object.entries(names).flatMap(([name, value]: [string, unknown]) => {
    if (name.endsWith('Channel')) return []
    if (typeof value === 'function') return [(value as (...parts: string[]) => string)('*', '*')]
    return typeof value === 'string' ? [value] : []
  })
  // The keys of an alert are under its own.
  return patterns.filter(
    (pattern) => !patterns.some((other) => other !== pattern && other.endsWith('*') && pattern.startsWith(other.slice(0, -1))),
  )
}

/** One line, as an ACL file and ACL SETUSER take it. Nobody can log in before a password is added. */
export function aclLine(role: Role, sharded: boolean): string {
  const { commands, keys, readKeys = [], channels, publishes = [] } = rightsOf(role, sharded)
  const rules = [
    ...['on', 'resetpass', 'resetkeys', 'resetchannels', '-@all'],
    ...sorted(readKeys).map((pattern) => `%R~${pattern}`),
    ...sorted(keys).map((pattern) => `~${pattern}`),
    ...sorted(channels).map((pattern) => `&${pattern}`),
    ...sorted(commands).map((command) => `+${command.toLowerCase()}`),
    ...sorted(publishes).map((channel) => `(-@all resetchannels &${channel} +${sharded ? 'spublish' : 'publish'})`),
  ]
  return `user health-${role} ${rules.join(' ')}\n`
}

function sorted(words: readonly string[]): string[] {
  return [...new Set(words)].toSorted()
}

/** By path below docs/acl. */
export function aclFiles(): Readonly<Record<string, string>> {
  const roles: readonly Role[] = ['service', 'viewer', 'operator', 'relay']
  return Object.fromEntries(
    roles.flatMap((role) => [
      [`${role}.acl`, aclLine(role, false)],
      [`shards/${role}.acl`, aclLine(role, true)],
    ]),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of Object.entries(aclFiles())) {
    mkdirSync(dirname(join(ACL_FOLDER, file)), { recursive: true })
    writeFileSync(join(ACL_FOLDER, file), text)
  }
}
