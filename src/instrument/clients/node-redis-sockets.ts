/**
 * @redis/client before 5.12, which is redis 4 and 5 (redis 4.0: @node-redis/client): its own sockets are listened to, which nobody else
 * holds. Of its commands nothing is touched, so that answers have no latency. Of versions that publish commands (node-redis.ts), but no
 * errors, only those are told.
 */
import type { EventEmitter } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'

import type { Cancel } from '../../types.ts'
import type { Binding } from '../hook/binding.ts'
import type { WatchClient } from './client-library.ts'
import { redisOutcome } from './dependency-outcome.ts'
import type { EvidenceTeller } from './watched-connection.ts'
import { WatchedConnection, addressOf, socketAddress } from './watched-connection.ts'

/** What the constructor of a socket is given last. */
interface SocketOptions {
  readonly host?: string
  readonly port?: number
  readonly path?: string
}

type SocketClass = new (...args: unknown[]) => EventEmitter

export const watchNodeRedisSockets: WatchClient = (hook, teller) =>
  hook.add({
    label: 'redis',
    matches: (url) => /\/@(?:node-)?redis\/client\/dist\/lib\/client\/socket\.js$/.test(url),
    // What the module exports, not its own class, whose private members another would not have.
    names: ['default'],
    isCommonJs: true,
    onLoad({ default: exported }, url) {
      const publishesErrors = readFileSync(new URL(url), 'utf8').includes('CHANNELS.ERROR')
      if (!exported || publishesErrors) return undefined
      return watchSockets(exported, teller, { answers: !existsSync(new URL('tracing.js', url)) })
    },
  })

interface Told {
  readonly answers: boolean
}

function watchSockets(binding: Binding, teller: EvidenceTeller, told: Told): Cancel {
  const original = binding.get()
  if (typeof original !== 'function') return () => {}
  let active = true
  const watched: SocketClass = new Proxy(original as SocketClass, {
    construct(target, args: unknown[], newTarget) {
      const socket = Reflect.construct(target, args, newTarget === watched ? target : newTarget) as EventEmitter
      const options = args.findLast((arg): arg is SocketOptions => typeof arg === 'object' && arg !== null)
      if (active) listen(socket, options ?? {}, { teller, ...told })
      return socket
    },
  })
  binding.set(watched)
  return () => {
    active = false
    if (binding.get() === watched) binding.set(original)
  }
}

/** Data before it is ready answers what the client sends for itself. */
function listen(
  socket: EventEmitter,
  { host, port, path }: SocketOptions,
  { teller, answers }: Told & { readonly teller: EvidenceTeller },
): void {
  const connection = new WatchedConnection(teller, 'redis', path ? socketAddress(path) : addressOf(host, port ?? 6379))
  let isReady = false
  socket.on('ready', () => (isReady = true))
  socket.on('reconnecting', () => connection.begins())
  socket.on('error', (error: unknown) => {
    isReady = false
    connection.ended(redisOutcome(error))
  })
  if (!answers) return
  socket.on('data', (data: Buffer) => {
    if (!isReady || connection.told) return
    const isError = data[0] === '-'.charCodeAt(0)
    const outcome = isError ? redisOutcome({ message: data.toString('latin1', 1, 100) }) : 'answered'
    // An error is an answer whatever a script wrote into it.
    connection.ended(typeof outcome === 'object' && 'refused' in outcome ? outcome : 'answered')
  })
}
