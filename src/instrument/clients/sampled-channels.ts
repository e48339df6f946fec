/**
 * Commands of a client library that publishes tracing channels, sampled: channels cost the service a context per command, and some
 * promises change while anybody listens, so nobody listens for longer than it takes to hear every server once per period.
 */
import type { TracingChannel } from 'node:diagnostics_channel'
import { tracingChannel } from 'node:diagnostics_channel'

import type { DependencyKind } from '../../checks/dependency-evidence.ts'
import type { Outcome } from './dependency-outcome.ts'
import type { EvidenceTeller } from './watched-connection.ts'
import { WatchedConnection, addressOf, socketAddress } from './watched-connection.ts'

/** While a server is idle and not heard, this many commands to others are enough. */
const MOST_COMMANDS = 100
/** As of a cluster; more are not waited for. */
const MOST_SERVERS = 100

/** What the contexts of ioredis, @redis/client and mysql2 have in common. */
export interface CommandContext {
  readonly command?: string
  readonly serverAddress?: string
  readonly serverPort?: number
  readonly error?: unknown
}

export interface SampledChannelsOptions {
  readonly teller: EvidenceTeller
  readonly kind: DependencyKind
  readonly channels: readonly string[]
  readonly defaultPort: number
  readonly outcome: (error: unknown) => Outcome
  /** Commands that are not the service's, or are watched elsewhere. */
  readonly ignore: (context: CommandContext) => boolean
  /** Commands that wait on purpose are not timed. */
  readonly waits: (command: string) => boolean
}

export class SampledChannels {
  readonly #options: SampledChannelsOptions
  readonly #channels: readonly TracingChannel[]
  readonly #servers = new Map<string, WatchedConnection>()
  /** When the commands that are listened to were sent; `undefined` for one that waits on purpose. */
  readonly #sent = new WeakMap<object, { readonly at: number | undefined }>()
  #listening = false
  #commands = 0
  #active = false

  constructor(options: SampledChannelsOptions) {
    this.#options = options
    this.#channels = options.channels.map((name) => tracingChannel(name))
  }

  /** Begins to sample; from then on in every period. */
  start(): void {
    if (this.#active) return
    this.#active = true
    this.#options.teller.onPeriod(() => this.#listen())
    this.#listen()
  }

  stop(): void {
    this.#active = false
    this.#endListening()
  }

  /** The server of a context; known ones are waited for in every period. */
  server({ serverAddress, serverPort }: CommandContext): WatchedConnection | undefined {
    // All three clients leave the port out for the path of a socket, and only for that.
    const isPath = serverAddress !== undefined && serverPort === undefined
    const address = isPath ? socketAddress(serverAddress) : addressOf(serverAddress, serverPort ?? this.#options.defaultPort)
    const known = this.#servers.get(address)
    if (known || this.#servers.size >= MOST_SERVERS) return known
    const server = new WatchedConnection(this.#options.teller, this.#options.kind, address)
    this.#servers.set(address, server)
    return server
  }

  #listen(): void {
    this.#commands = 0
    if (!this.#active || this.#listening) return
    this.#listening = true
    for (const channel of this.#channels) {
      channel.start.subscribe(this.#onStart)
      channel.asyncStart.subscribe(this.#onAnswer)
    }
  }

  #endListening(): void {
    if (!this.#listening) return
    this.#listening = false
    for (const channel of this.#channels) {
      channel.start.unsubscribe(this.#onStart)
      channel.asyncStart.unsubscribe(this.#onAnswer)
    }
  }

  readonly #onStart = (message: unknown): void => {
    const context = message as CommandContext
    if (this.#commands >= MOST_COMMANDS || this.#options.ignore(context)) return
    this.#commands++
    const waits = this.#options.waits(context.command ?? '')
    this.#sent.set(context, { at: waits ? undefined : this.#options.teller.clock.monotonicMs() })
  }

  readonly #onAnswer = (message: unknown): void => {
    const context = message as CommandContext
    const sent = this.#sent.get(context)
    const server = sent && this.server(context)
    if (!server) return
    const { outcome, teller } = this.#options
    const latencyMs = sent.at === undefined ? undefined : teller.clock.monotonicMs() - sent.at
    server.ended(context.error === undefined ? 'answered' : outcome(context.error), latencyMs)
    if (this.#commands >= MOST_COMMANDS || [...this.#servers.values()].every(({ told }) => told)) this.#endListening()
  }
}
