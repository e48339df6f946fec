/**
 * Watches the outgoing HTTP requests of the process, of fetch, undici, node:http and node:https, through the diagnostics
 * channels they publish on: nothing is patched, and it makes no difference how the service's modules were loaded.
 *
 * Not seen: node:http2 without undici, sockets of the service's own, and CONNECT, by which a proxy is told where to go.
 */
import type { ClientRequest } from 'node:http'

import { context, createContextKey } from '@opentelemetry/api'

import type { Cancel, Clock } from '../../types.ts'
import type { HttpRequest } from './http-exchange.ts'
import { HttpExchanges } from './http-exchange.ts'
import { watchNodeHttp } from './node-http-requests.ts'
import type { UndiciRequest } from './undici-requests.ts'
import { watchUndici } from './undici-requests.ts'

/** The key of OTel's `suppressTracing`, by which SDKs mark the export of telemetry; keys of one name are one key. */
const SUPPRESSED = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

export interface HttpClientWatch {
  readonly clock: Clock
  /** Called once for each request that ended, in the tick in which it did. May throw; that is said once. */
  readonly onRequest: (request: HttpRequest) => void
  /** Requests of our own, which are none of the service's; asked when a request starts. */
  readonly ignore?: (request: ClientRequest | UndiciRequest) => boolean
}

/** Requests begun before this are not seen. Returns what ends it; responses under way are told then. */
export function watchHttpClient({ clock, onRequest, ignore }: HttpClientWatch): Cancel {
  const exchanges = new HttpExchanges({ clock, onRequest })
  // SDKs export over node:http, where this is asked; fetch is spared it.
  const isExport = (): boolean => context.active().getValue(SUPPRESSED) === true
  const cancels = [watchUndici(exchanges, ignore), watchNodeHttp(exchanges, (request) => isExport() || ignore?.(request) === true)]
  return () => {
    for (const cancel of cancels) cancel()
    exchanges.close()
  }
}
