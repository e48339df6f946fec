/**
 * mysql2 3. Where the module hook can reach it, its connections are watched where packets come in. To subscribe to its channels would
 * change the service: mysql2 then listens for `error` on the connection or the query, and an error that nobody listens for no longer
 * ends the process.
 */
import type { Cancel } from '../../types.ts'
import { MYSQL_REFUSALS, mysqlOutcome } from './dependency-outcome.ts'
import type { ModuleHook } from '../hook/module-hook.ts'
import { cancelAll, noticeCalls, prototypeOf } from '../calls/replace-method.ts'
import type { WatchClient } from './client-library.ts'
import { SampledChannels } from './sampled-channels.ts'
import type { EvidenceTeller } from './watched-connection.ts'
import { WatchedConnection, addressOf, socketAddress } from './watched-connection.ts'

/** What is read of a connection of mysql2 3. */
interface Connection {
  readonly config?: { readonly host?: string; readonly port?: number | string; readonly socketPath?: string; readonly isServer?: boolean }
  readonly _command?: unknown
}

interface Packet {
  readonly buffer?: Buffer
  readonly offset?: number
}

const ERROR_PACKET = 0xff

export const watchMysql2: WatchClient = (hook, teller) => {
  const hooked = new Mysql2Connections(teller)
  return cancelAll([hooked.hook(hook), watchBundled(hooked, teller)])
}

class Mysql2Connections {
  readonly #teller: EvidenceTeller
  readonly #connections = new WeakMap<object, WatchedConnection | 'server'>()
  #loaded = false

  constructor(teller: EvidenceTeller) {
    this.#teller = teller
  }

  /** Whether there is a mysql2 that is watched here. */
  get loaded(): boolean {
    return this.#loaded
  }

  hook(hook: ModuleHook): Cancel {
    return hook.add({
      label: 'mysql2',
      // The class moved to base/ in 3.10.
      matches: (url) => /\/mysql2?\d*\/lib\/(?:base\/)?connection\.js$/.test(url),
      names: ['BaseConnection', 'Connection'],
      isCommonJs: true,
      onLoad: ({ BaseConnection, Connection }) => {
        const prototype = prototypeOf(BaseConnection?.get() ?? Connection?.get())
        if (!prototype || !Object.hasOwn(prototype, 'handlePacket')) return undefined
        this.#loaded = true
        return this.#watch(prototype)
      },
    })
  }

  #watch(prototype: object): Cancel {
    return cancelAll([
      noticeCalls(prototype, 'addCommand', (self) => {
        const connection = this.#of(self as Connection)
        if (!connection || connection.told) return
        const { _command: active } = self as Connection
        connection.sent(!active)
      }),
      noticeCalls(prototype, 'handlePacket', (self, [packet]) => {
        // Without a packet it is the next command that is begun.
        if (packet) this.#receives(self as Connection, packet)
      }),
      noticeCalls(prototype, '_notifyError', (self, [error]) => {
        const outcome = mysqlOutcome(error)
        if (typeof outcome === 'object') this.#of(self as Connection)?.ended(outcome)
      }),
    ])
  }

  #receives(self: Connection, packet: Packet): void {
    const connection = this.#of(self)
    if (!connection) return
    const { buffer, offset } = packet
    const isError = buffer !== undefined && offset !== undefined && buffer[offset] === ERROR_PACKET
    const refusal = isError && offset + 3 <= buffer.length ? MYSQL_REFUSALS.get(buffer.readUInt16LE(offset + 1)) : undefined
    connection.ended(refusal === undefined ? 'answered' : { refused: refusal })
  }

  /** `undefined` for a connection by which the service is a server itself. */
  #of(self: Connection): WatchedConnection | undefined {
    let connection = this.#connections.get(self)
    if (!connection) {
      const { host, port, socketPath, isServer } = self.config ?? {}
      const address = socketPath ? socketAddress(socketPath) : addressOf(host, port ?? 3306)
      connection = isServer ? 'server' : new WatchedConnection(this.#teller, 'mysql', address)
      this.#connections.set(self, connection)
    }
    return connection === 'server' ? undefined : connection
  }
}

/**
 * A copy that the module hook did not reach, as in a bundle. Queries with callbacks or promises are the same while they are listened to;
 * a streamed one without a listener for errors is not.
 */
function watchBundled(hooked: Mysql2Connections, teller: EvidenceTeller): Cancel {
  const sampled = new SampledChannels({
    teller,
    kind: 'mysql',
    channels: ['mysql2:query', 'mysql2:execute'],
    defaultPort: 3306,
    outcome: mysqlOutcome,
    ignore: () => hooked.loaded,
    waits: () => false,
  })
  teller.onPeriod(() => (hooked.loaded ? sampled.stop() : sampled.start()))
  return () => sampled.stop()
}
