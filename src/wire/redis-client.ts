/** The only file that makes Redis clients. ioredis is imported when the first one is made, so that starting up does not pay for it. */
import { readFile } from 'node:fs/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Cluster, Redis } from 'ioredis'
import { ALERT } from './scripts/alert.ts'
import { ANSWER, type AnswerReply } from './scripts/answer.ts'
import { BEAT } from './scripts/beat.ts'
import { DEATH } from './scripts/death.ts'
import { DOWN } from './scripts/down.ts'
import { HISTORY } from './scripts/history.ts'
import { RECOVERY } from './scripts/recovery.ts'
import type { Script } from './scripts/script.ts'
import { FORGET, SILENCE, type SilenceReply } from './scripts/silence.ts'
import { SERVER_TIME } from './scripts/time.ts'
import { WATCH, type WatchReply } from './scripts/watch.ts'

export interface RedisTarget {
  readonly host: string
  readonly port: number
  readonly clusterMode?: boolean
  /** Number of the database; 0 where a cluster or nothing says otherwise. */
  readonly database?: number
  readonly username?: string
  readonly password?: string
  readonly tls?: boolean
  /** File with the CA certificate in PEM. */
  readonly caFile?: string
  /** Number of shards that services are spread over; 1 where nothing says otherwise. */
  readonly shards?: number
  /** With which what is said there is signed; left out: it is not. */
  readonly hmacKey?: string
  /** Longest that an answer may take, in milliseconds. */
  readonly timeoutMs?: number
}

export type AlertReply = readonly [outcome: '1' | '3' | '4', rev: string, state: string, severity: string, episode: string, epoch: string]
export type BeatReply = readonly [epoch: string, wasKept: '0' | '1', nextDueMs: string, isWatcher: '0' | '1', now: string]
type ScriptCommand<Reply> = (...keysAndArguments: readonly string[]) => Promise<Reply>

/** The scripts as commands: EVALSHA, with EVAL where the server does not know the script. */
interface ScriptCommands {
  readonly healthAlert: ScriptCommand<AlertReply>
  readonly healthBeat: ScriptCommand<BeatReply>
  readonly healthSilence: ScriptCommand<SilenceReply>
  readonly healthForget: ScriptCommand<'0' | '1'>
  readonly healthHistory: ScriptCommand<unknown>
  readonly healthRecovery: ScriptCommand<'0' | '1'>
  readonly healthAnswer: ScriptCommand<AnswerReply>
  readonly healthDown: ScriptCommand<unknown>
  readonly healthDeath: ScriptCommand<'0' | '1'>
  readonly healthWatch: ScriptCommand<WatchReply>
  readonly healthTime: ScriptCommand<readonly [seconds: string, microseconds: string]>
}
const SCRIPTS: Readonly<Record<keyof ScriptCommands, Script>> = {
  healthAlert: ALERT,
  healthBeat: BEAT,
  healthSilence: SILENCE,
  healthForget: FORGET,
  healthHistory: HISTORY,
  healthRecovery: RECOVERY,
  healthAnswer: ANSWER,
  healthDown: DOWN,
  healthDeath: DEATH,
  healthWatch: WATCH,
  healthTime: SERVER_TIME,
}

/** Tells our connections from the service's, which may use the same server; see src/instrument/clients/ioredis-connections.ts. */
const OWN_CONNECTION = Symbol.for('otel-health.own-connection')

/** A node of a cluster that does not say its slots in time is passed over for another. */
const SLOTS_TIMEOUT_MS = 500

export interface RedisNode {
  readonly host: string
  readonly port: number
}

export type RedisClient = Redis | Cluster
export type PublisherClient = RedisClient & ScriptCommands

export interface Publisher {
  readonly client: PublisherClient
  /** Whether its sockets keep the process alive; they do not unless told to. */
  hold(alive: boolean): void
}

/**
 * A client for one connection that is not repaired: when it is lost it ends, and whoever needs another makes one. Nothing of it keeps
 * the process alive: no retry timer, no timer per command, no socket. Not connected yet; commands are refused while it is not. `nodes`:
 * others of the cluster that are asked for it besides the target.
 */
export async function createPublisher(target: RedisTarget, connectTimeoutMs: number, nodes: readonly RedisNode[] = []): Promise<Publisher> {
  const { AbstractConnector, Cluster, Redis } = await import('ioredis')
  const tls = await tlsOptions(target)
  const sockets = new Set<Socket>()
  let held = false
  const applyHold = (socket: Socket) => void (held ? socket.ref() : socket.unref())

  class UnreferencedConnector extends AbstractConnector {
    /** What otel-health sends is no evidence of what the service uses. */
    static readonly [OWN_CONNECTION] = true
    readonly #node: { readonly host: string; readonly port: number }
    #socket: Socket | undefined

    constructor(node: unknown) {
      super(0)
      this.#node = node as { host: string; port: number }
    }

    // oxlint-disable-next-line typescript/require-await
    override async connect(): Promise<Socket> {
      const { host, port } = this.#node
      const socket = tls ? connectTls({ host, port, ...tls, ...(isIP(host) ? {} : { servername: host }) }) : connectTcp({ host, port })
      applyHold(socket)
      // Each address that a name resolves to is tried on a handle of its own.
      socket.on('connectionAttempt', () => applyHold(socket)).once('connect', () => applyHold(socket))
      socket.once('error', (error) => (this.firstError = error))
      sockets.add(socket.once('close', () => sockets.delete(socket)))
      this.#socket = socket
      return socket
    }

    // Not as ioredis does it: a frozen server never closes its side, and waiting for that takes a timer that keeps the process alive.
    override disconnect(): void {
      if (this.#socket?.connecting || this.#socket?.writableLength) this.#socket.destroy()
      else this.#socket?.destroySoon()
    }
  }

  const options = {
    ...session(target),
    ...PLAIN_HANDSHAKE,
    Connector: UnreferencedConnector,
    connectTimeout: connectTimeoutMs,
    autoResendUnfulfilledCommands: false,
    lazyConnect: true,
  }
  const { host, port } = target
  const client = target.clusterMode
    ? new Cluster([{ host, port }, ...nodes], {
        redisOptions: options,
        clusterRetryStrategy: () => null,
        enableOfflineQueue: false,
        enableReadyCheck: false,
        slotsRefreshTimeout: SLOTS_TIMEOUT_MS,
        lazyConnect: true,
      })
    : new Redis({ ...options, host, port, retryStrategy: null, enableOfflineQueue: false })
  for (const [name, { lua, numberOfKeys }] of Object.entries(SCRIPTS)) client.defineCommand(name, { lua, numberOfKeys })
  return {
    client: client as PublisherClient,
    hold(alive) {
      held = alive
      for (const socket of sockets) applyHold(socket)
    },
  }
}

/**
 * A client for those who read: it comes back by itself if `reconnect`, else it ends when its connection is lost. A server that stops
 * answering while a command waits is taken for lost after `timeoutMs`.
 */
export async function createReader(
  target: RedisTarget,
  { timeoutMs, reconnect }: { timeoutMs: number; reconnect: boolean },
): Promise<RedisClient> {
  const { Cluster, Redis } = await import('ioredis')
  const tls = await tlsOptions(target)
  const options = {
    ...session(target),
    ...PLAIN_HANDSHAKE,
    ...(tls && { tls }),
    connectTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    // ioredis waits this long for a socket to close, though it may be closed already, and keeps the process alive meanwhile.
    disconnectTimeout: 100,
    lazyConnect: true,
  }
  const { host, port } = target
  const wait = reconnect ? (times: number) => Math.min(50 * 2 ** times, 1000) : () => null
  return target.clusterMode
    ? new Cluster([{ host, port }], {
        redisOptions: options,
        clusterRetryStrategy: wait,
        shardedSubscribers: (target.shards ?? 1) > 1,
        lazyConnect: true,
      })
    : new Redis({ ...options, host, port, retryStrategy: wait })
}

/** RESP2 without CLIENT SETINFO and INFO: every server and every ACL allows it, and the connection is usable at once. */
const PLAIN_HANDSHAKE = { protocol: 2, disableClientInfo: true, enableReadyCheck: false } as const

function session({ username, password, database }: RedisTarget): { username?: string; password?: string; db?: number } {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(database !== undefined && { db: database }),
  }
}

async function tlsOptions({ tls, caFile }: RedisTarget): Promise<{ ca?: Buffer } | undefined> {
  if (!tls) return undefined
  return caFile === undefined ? {} : { ca: await readFile(caFile) }
}
