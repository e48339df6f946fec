/**
 * Every outgoing HTTP request; one to a host that health.config names is a call to that upstream. Where it names none, each host is one of
 * its own, which is shown and exported and which no rule judges: nobody has said that the service depends on it.
 */
import type { HealthConfig } from '../config/health-config.ts'
import type { KindConfig } from '../config/kind-config.ts'
import { NO_LIMIT } from '../instrument/http/asked-to-wait.ts'
import { watchHttpClient } from '../instrument/http/http-client.ts'
import type { HttpRequest } from '../instrument/http/http-exchange.ts'
import { isOwnRequest } from '../instrument/http/own-requests.ts'
import { upstreamOf } from '../instrument/http/upstream-hosts.ts'
import type { Cancel, Clock } from '../types.ts'
import type { ServiceRecorder } from './service-recorder.ts'

/** Nobody waits this long for what they then no longer want: a request given up later was given up for being late. Milliseconds. */
const LATE_AFTER_MS = 5000

export interface UpstreamWatchOptions {
  readonly config: HealthConfig
  readonly kind: KindConfig
  readonly recorder: Pick<ServiceRecorder, 'httpRequest' | 'apiCall' | 'attempt'>
  readonly clock: Clock
}

export function watchUpstreams({ config, kind, recorder, clock }: UpstreamWatchOptions): Cancel {
  const { upstreams = {}, methods = [], channels = [] } = config
  const nameOf = upstreamOf(upstreams)
  // A call that health.config names, and that sends a request, would be two.
  const namesCalls = [...methods, ...channels].some(({ records }) => records === 'api_call')
  const byHost = !kind.upstreams && !namesCalls && Object.keys(upstreams).length === 0
  return watchHttpClient({
    clock,
    ignore: isOwnRequest,
    onRequest(request: HttpRequest) {
      recorder.httpRequest(request)
      const { host, port, statusCode, cancelled, durationMs, answerMs, streamed } = request
      const named = nameOf(host, port)
      const upstream = named ?? (byHost ? host : undefined)
      if (upstream === undefined) return
      const target = named === undefined ? undefined : upstreams[named]
      const waitMs = target?.waits ? NO_LIMIT : request.waitMs
      const late = cancelled && statusCode === undefined && durationMs >= LATE_AFTER_MS + waitMs
      // Any other request that the service gave up says nothing of the upstream.
      if (cancelled && !late) return
      const errorType = late ? 'timeout' : request.errorType
      recorder.apiCall({
        upstream,
        durationMs: answerMs,
        errorType,
        ...(streamed && { streamed }),
        ...(waitMs > 0 && { waitMs }),
        ...(named === undefined && { unnamed: true }),
      })
      if (target?.records !== 'attempt') return
      recorder.attempt({
        name: upstream,
        success: errorType === undefined,
        durationMs,
        errorType,
        reportsFound: undefined,
        events: undefined,
      })
    },
  })
}
