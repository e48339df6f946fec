/**
 * @valkey/valkey-glide: its core, which talks to the servers, is not JavaScript; what it answers is seen where it comes in. Which of
 * several servers answered it does not tell: the first address that the client was given stands for all of them.
 */
import { noticeCalls, prototypeOf } from '../calls/replace-method.ts'
import type { Cancel } from '../../types.ts'
import type { WatchClient } from './client-library.ts'
import type { Outcome } from './dependency-outcome.ts'
import { redisOutcome } from './dependency-outcome.ts'
import type { EvidenceTeller } from './watched-connection.ts'
import { WatchedConnection, addressOf } from './watched-connection.ts'

/** What is read of a `BaseClient`. */
interface BaseClient {
  readonly config?: { readonly addresses?: readonly { readonly host?: string; readonly port?: number }[] }
  /** By the service, unless the core said why. */
  readonly isClosed?: boolean
}

/** Of a `Response` of the core. `type`: of `RequestErrorType`. */
interface Response {
  readonly closingError?: string | null
  readonly requestError?: { readonly type?: number | null; readonly message?: string | null } | null
}

/** `RequestErrorType` of the core. */
const TIMEOUT = 2
const DISCONNECT = 3

interface Client {
  readonly connection: WatchedConnection
  /** When it last failed: the core tells of no attempts to connect, so that one failure a period is told. */
  failedPeriod: number
}

export const watchValkeyGlide: WatchClient = (hook, teller) =>
  hook.add({
    label: '@valkey/valkey-glide',
    matches: (url) => /\/valkey-glide\/build-ts\/(?:src\/)?BaseClient\.js$/.test(url),
    names: ['BaseClient'],
    isCommonJs: true,
    onLoad({ BaseClient }) {
      const prototype = prototypeOf(BaseClient?.get())
      return prototype && watch(prototype, teller)
    },
  })

function watch(prototype: object, teller: EvidenceTeller): Cancel {
  const clients = new WeakMap<object, Client>()
  const of = (client: BaseClient): Client => {
    let known = clients.get(client)
    if (!known) {
      const { host, port } = client.config?.addresses?.[0] ?? {}
      const connection = new WatchedConnection(teller, 'redis', addressOf(host, port ?? 6379))
      clients.set(client, (known = { connection, failedPeriod: -1 }))
    }
    return known
  }
  return noticeCalls(prototype, 'processResponse', (self, [message]) => {
    const client = of(self as BaseClient)
    const outcome = outcomeOf(message ?? {})
    if (typeof outcome !== 'object' && client.connection.told) return
    if (typeof outcome === 'object' && 'failed' in outcome && client.failedPeriod !== teller.period) {
      client.failedPeriod = teller.period
      client.connection.begins()
    }
    client.connection.ended(outcome)
  })
}

function outcomeOf({ closingError, requestError }: Response): Outcome {
  if (closingError !== undefined && closingError !== null) return refusalIn(closingError) ?? { failed: lostBy(closingError) }
  if (requestError === undefined || requestError === null) return 'answered'
  if (requestError.type === TIMEOUT) return { failed: 'timeout' }
  if (requestError.type === DISCONNECT) return { failed: lostBy(requestError.message ?? '') }
  return refusalIn(requestError.message ?? '') ?? 'answered'
}

/** The core's own names of what servers say. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['BUSYLOADING', 'LOADING'],
  ['BUSYLOADINGERROR', 'LOADING'],
  ['AUTHENTICATIONFAILED', 'WRONGPASS'],
])

/** What the server said comes after words of the core, as in `An error was signalled by the server: - ClusterDown: The cluster is down`. */
function refusalIn(message: string): Outcome | undefined {
  for (const [, word = ''] of message.matchAll(/\b([A-Z][A-Za-z]+):/g)) {
    const name = word.toUpperCase()
    const outcome = redisOutcome({ message: NAMES.get(name) ?? name })
    if (typeof outcome === 'object') return outcome
  }
  return undefined
}

const lostBy = (message: string): string => (/connection refused/i.test(message) ? 'ECONNREFUSED' : 'closed')
