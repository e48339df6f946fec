/**
 * ioredis 3 to 6, and iovalkey, which was made of it. Where the module hook can reach it, its connections are watched where replies come in, not at the promises of
 * commands. To subscribe to its channel `ioredis:command` would change the service: ioredis then answers with a promise whose rejection
 * it has handled itself, and a rejection that nobody handles no longer ends the process.
 * Only for a copy in a bundle that is done, for moments.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import type { Cancel } from '../../types.ts'
import { redisOutcome } from './dependency-outcome.ts'
import type { ModuleHook } from '../hook/module-hook.ts'
import { isHandshake, waitsOnPurpose } from './redis-commands.ts'
import { cancelAll, noticeCalls, prototypeOf, replaceMethod } from '../calls/replace-method.ts'
import type { WatchClient } from './client-library.ts'
import { SampledChannels } from './sampled-channels.ts'
import type { EvidenceTeller } from './watched-connection.ts'
import { WatchedConnection, addressOf, socketAddress } from './watched-connection.ts'

/** Connections of otel-health itself carry it on their connector. */
const OWN_CONNECTION = Symbol.for('otel-health.own-connection')

/** The folder of an alias or of several versions side by side may have more to its name. */
const CLIENT = /\/(?:ioredis|iovalkey)[^/]*\/(?:built|lib)\/(?:Redis|redis|redis\/index)\.js$/
const REPLIES = /\/(?:ioredis|iovalkey)[^/]*\/built\/DataHandler\.js$/

interface Command {
  readonly name?: string
}

/** What is read of a `Redis` of any of them. */
interface Redis {
  readonly options?: {
    readonly host?: string
    readonly port?: number
    readonly path?: string
    readonly sentinels?: unknown
    readonly retryStrategy?: unknown
    readonly Connector?: { readonly [OWN_CONNECTION]?: boolean }
  }
  readonly manuallyClosing?: boolean
  readonly stream?: { readonly remoteAddress?: string; readonly remotePort?: number }
  readonly commandQueue?: { readonly length: number; peekAt?(index: number): { readonly command?: Command } | undefined }
}

interface Client {
  readonly connection: WatchedConnection
  /** Whether the service has sent anything by it. Nodes of a cluster and its subscriber connect on their own account. */
  used: boolean
}

export const watchIoredis: WatchClient = (hook, teller) => {
  const hooked = new IoredisConnections(teller)
  return cancelAll([hooked.hook(hook), watchBundled(hooked, teller)])
}

class IoredisConnections {
  readonly #teller: EvidenceTeller
  readonly #clients = new WeakMap<object, Client | 'own'>()
  #inside = false

  constructor(teller: EvidenceTeller) {
    this.#teller = teller
  }

  /** Whether a client that is watched here is sending or connecting right now, so that what its channels tell is known. */
  get inside(): boolean {
    return this.#inside
  }

  hook(hook: ModuleHook): Cancel {
    const add = (name: string, file: RegExp, watch: (prototype: object) => Cancel): Cancel =>
      hook.add({
        label: 'ioredis',
        matches: (url) => file.test(url),
        names: [name],
        isCommonJs: true,
        onLoad(bindings) {
          const prototype = prototypeOf(bindings[name]?.get())
          return prototype && watch(prototype)
        },
      })
    return cancelAll([
      add('Redis', CLIENT, (prototype) => cancelAll([this.#watchClients(prototype), this.#watchReplies(prototype)])),
      add('DataHandler', REPLIES, (prototype) => this.#watchReplies(prototype)),
    ])
  }

  #watchClients(prototype: object): Cancel {
    const enter = (self: unknown, args: unknown[], original: (this: unknown, ...args: unknown[]) => unknown): unknown => {
      const before = this.#inside
      this.#inside = true
      try {
        return original.apply(self, args)
      } finally {
        this.#inside = before
      }
    }
    return cancelAll([
      replaceMethod(prototype, 'connect', enter),
      replaceMethod(prototype, 'sendCommand', (self, args, original) => {
        this.#sends(self as Redis, args[0] as Command | undefined)
        return enter(self, args, original)
      }),
      noticeCalls(prototype, 'setStatus', (self, [status]) => this.#changes(self as Redis, status)),
      noticeCalls(prototype, 'silentEmit', (self, [event, error]) => {
        if (event === 'error') this.#inUse(self as Redis)?.ended(redisOutcome(error))
      }),
    ])
  }

  /** Clients before 4.10 take their replies themselves. */
  #watchReplies(prototype: object): Cancel {
    const redisOf = (self: unknown): Redis => (self as { readonly redis?: Redis }).redis ?? (self as Redis)
    return cancelAll([
      noticeCalls(prototype, 'returnReply', (self) => {
        const redis = redisOf(self)
        const client = this.#client(redis)
        if (client && !client.connection.told && !answersHandshake(redis)) client.connection.answered()
      }),
      noticeCalls(prototype, 'returnError', (self, [error]) => {
        const redis = redisOf(self)
        const outcome = redisOutcome(error)
        if (outcome === 'answered' && answersHandshake(redis)) return
        // It is an answer whatever a script wrote into it.
        this.#inUse(redis)?.ended(typeof outcome === 'object' && 'refused' in outcome ? outcome : 'answered')
      }),
    ])
  }

  #sends(redis: Redis, command: Command | undefined): void {
    const client = this.#client(redis)
    if (!client || (client.used && client.connection.told)) return
    const name = command?.name ?? ''
    if (isHandshake(name)) return
    client.used = true
    client.connection.sent(redis.commandQueue?.length === 0 && !waitsOnPurpose(name))
  }

  #changes(redis: Redis, status: unknown): void {
    if (status === 'connecting') {
      // Sentinels may now name another server.
      if (redis.options?.sentinels) this.#clients.delete(redis)
      this.#inUse(redis)?.begins()
    } else if (status === 'close' && !redis.manuallyClosing) this.#inUse(redis)?.ended({ failed: 'closed' })
  }

  #inUse(redis: Redis): WatchedConnection | undefined {
    const client = this.#client(redis)
    return client && (client.used || redis.options?.retryStrategy !== null) ? client.connection : undefined
  }

  /** `undefined` for a connection of otel-health, and while it is not known which server it is to. */
  #client(redis: Redis): Client | undefined {
    const known = this.#clients.get(redis)
    if (known) return known === 'own' ? undefined : known
    if (redis.options?.Connector?.[OWN_CONNECTION]) {
      this.#clients.set(redis, 'own')
      return undefined
    }
    const address = redisAddress(redis)
    if (address === undefined) return undefined
    const client = { connection: new WatchedConnection(this.#teller, 'redis', address), used: false }
    this.#clients.set(redis, client)
    return client
  }
}

function redisAddress({ options = {}, stream }: Redis): string | undefined {
  if (!options.sentinels) return options.path ? socketAddress(options.path) : addressOf(options.host, options.port ?? 6379)
  return stream?.remoteAddress === undefined ? undefined : addressOf(stream.remoteAddress, stream.remotePort)
}

/** Redis answers in order: an answer is the oldest command's. */
function answersHandshake({ commandQueue }: Redis): boolean {
  return isHandshake(commandQueue?.peekAt?.(0)?.command?.name ?? '')
}

/** A copy that the module hook did not reach, as in a bundle, is known by connecting on its own. */
function watchBundled(hooked: IoredisConnections, teller: EvidenceTeller): Cancel {
  const ignore = (): boolean => hooked.inside
  const options = { teller, kind: 'redis', defaultPort: 6379, outcome: redisOutcome, ignore, waits: waitsOnPurpose } as const
  const sampled = new SampledChannels({ ...options, channels: ['ioredis:command'] })
  const onConnect = (message: unknown): void => {
    if (hooked.inside) return
    sampled.start()
    unhooked.add(message as object)
  }
  const unhooked = new WeakSet<object>()
  const onFailure = (message: unknown): void => {
    if (!unhooked.has(message as object)) return
    const server = sampled.server(message as object)
    server?.begins()
    server?.ended(redisOutcome((message as { error?: unknown }).error))
  }
  subscribe('tracing:ioredis:connect:start', onConnect)
  subscribe('tracing:ioredis:connect:error', onFailure)
  return () => {
    unsubscribe('tracing:ioredis:connect:start', onConnect)
    unsubscribe('tracing:ioredis:connect:error', onFailure)
    sampled.stop()
  }
}
