/**
 * pg 8, where the module hook can reach it: its clients are watched where messages of the server come in. Queries, promises, callbacks,
 * pools, cursors and whatever else is submitted are not touched. pg-native, whose client is another one, is not seen.
 */
import type { Cancel } from '../../types.ts'
import { postgresOutcome } from './dependency-outcome.ts'
import { cancelAll, noticeCalls, prototypeOf } from '../calls/replace-method.ts'
import type { WatchClient } from './client-library.ts'
import { WatchedConnection, addressOf } from './watched-connection.ts'

/** What is read of a `Client` of pg 8. */
interface Client {
  readonly host?: string
  readonly port?: number
  readonly _ending?: boolean
  readonly _connecting?: boolean
  readonly _activeQuery?: unknown
}

export const watchPg: WatchClient = (hook, teller) => {
  const connections = new WeakMap<object, WatchedConnection>()
  const of = (self: unknown): WatchedConnection => {
    const client = self as Client
    let connection = connections.get(client)
    if (!connection) connections.set(client, (connection = new WatchedConnection(teller, 'postgres', pgAddress(client))))
    return connection
  }
  const ends = (client: Client, error: unknown): void => {
    const { _ending: byTheService } = client
    if (!byTheService) of(client).ended(postgresOutcome(error))
  }
  const watch = (prototype: object): Cancel =>
    cancelAll([
      noticeCalls(prototype, '_connect', (self) => {
        of(self).begins()
        of(self).sent(true)
      }),
      noticeCalls(prototype, 'query', (self) => {
        const connection = of(self)
        if (connection.told) return
        const { _activeQuery: active, _connecting: connecting } = self as Client
        connection.sent(!active && !connecting)
      }),
      noticeCalls(prototype, '_handleReadyForQuery', (self) => of(self).answered()),
      noticeCalls(prototype, '_handleErrorMessage', (self, [message]) => of(self).ended(postgresOutcome(message))),
      noticeCalls(prototype, '_handleErrorEvent', (self, [error]) => ends(self as Client, error)),
      // Also called when the connection ended without an error.
      noticeCalls(prototype, '_errorAllQueries', (self, [error]) => ends(self as Client, error)),
    ])
  return hook.add({
    label: 'pg',
    matches: (url) => /\/pg\d*\/lib\/client\.js$/.test(url),
    names: ['Client'],
    isCommonJs: true,
    onLoad({ Client }) {
      const prototype = prototypeOf(Client?.get())
      return prototype && watch(prototype)
    },
  })
}

/** A host that is a path is the folder of the socket. */
function pgAddress({ host, port }: Client): string {
  return host?.startsWith('/') ? `${host}/.s.PGSQL.${port ?? 5432}` : addressOf(host, port ?? 5432)
}
