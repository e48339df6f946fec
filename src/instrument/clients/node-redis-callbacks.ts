/** redis 2 and 3, whose clients call back, and what is made of them, such as handy-redis: watched where replies come in. */
import { cancelAll, noticeCalls, prototypeOf } from '../calls/replace-method.ts'
import type { Cancel } from '../../types.ts'
import type { WatchClient } from './client-library.ts'
import { redisOutcome } from './dependency-outcome.ts'
import { isHandshake, waitsOnPurpose } from './redis-commands.ts'
import type { EvidenceTeller } from './watched-connection.ts'
import { WatchedConnection, addressOf, socketAddress } from './watched-connection.ts'

interface Command {
  readonly command?: string
}

/** What is read of a `RedisClient`. */
interface RedisClient {
  readonly connection_options?: { readonly host?: string; readonly port?: number; readonly path?: string }
  readonly command_queue?: { readonly length: number; peekFront?(): Command | undefined }
  /** By the service. */
  readonly closing?: boolean
  readonly retry_timer?: unknown
}

export const watchNodeRedisCallbacks: WatchClient = (hook, teller) =>
  hook.add({
    label: 'redis',
    // The folder of an alias or of several versions side by side may have more to its name.
    matches: (url) => /\/node_modules\/redis[^/]*\/index\.js$/.test(url),
    names: ['RedisClient'],
    isCommonJs: true,
    onLoad({ RedisClient }) {
      const prototype = prototypeOf(RedisClient?.get())
      return prototype && watch(prototype, teller)
    },
  })

function watch(prototype: object, teller: EvidenceTeller): Cancel {
  const connections = new WeakMap<object, WatchedConnection>()
  const of = (self: unknown): WatchedConnection => {
    const client = self as RedisClient
    let connection = connections.get(client)
    if (!connection) connections.set(client, (connection = new WatchedConnection(teller, 'redis', redisAddress(client))))
    return connection
  }
  return cancelAll([
    noticeCalls(prototype, 'create_stream', (self) => of(self).begins()),
    noticeCalls(prototype, 'internal_send_command', (self, [command]) => {
      const connection = of(self)
      if (connection.told) return
      const { command: name = '' } = (command ?? {}) as Command
      connection.sent((self as RedisClient).command_queue?.length === 0 && !waitsOnPurpose(name))
    }),
    noticeCalls(prototype, 'return_reply', (self) => {
      const connection = of(self)
      if (!connection.told && !answersHandshake(self as RedisClient)) connection.answered()
    }),
    noticeCalls(prototype, 'return_error', (self, [error]) => {
      const outcome = redisOutcome(error)
      const isRefusal = typeof outcome === 'object' && 'refused' in outcome
      if (!isRefusal && answersHandshake(self as RedisClient)) return
      // It is an answer whatever a script wrote into it.
      of(self).ended(isRefusal ? outcome : 'answered')
    }),
    // Also called when the connection ended without an error; again while it is waited for the next attempt.
    noticeCalls(prototype, 'connection_gone', (self, [why, error]) => {
      const { closing, retry_timer: isWaiting } = self as RedisClient
      if (closing || isWaiting) return
      const outcome = redisOutcome(error)
      of(self).ended(typeof outcome === 'object' ? outcome : { failed: why === 'timeout' ? 'timeout' : 'closed' })
    }),
  ])
}

function redisAddress({ connection_options: { host, port, path } = {} }: RedisClient): string {
  return path ? socketAddress(path) : addressOf(host, port ?? 6379)
}

/** Redis answers in order: an answer is the oldest command's. */
function answersHandshake({ command_queue: queue }: RedisClient): boolean {
  return isHandshake(queue?.peekFront?.()?.command ?? '')
}
