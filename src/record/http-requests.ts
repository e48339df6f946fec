/**
 * Outgoing HTTP requests as `http.client.request.duration` of the OTel conventions, through handles that are resolved once
 * per series. Hosts, methods, statuses and errors come from outside, so their number is bounded: whatever a service calls,
 * it makes at most `SERIES_LIMIT` series.
 */

import { diag } from '../diag.ts'
import {
  ERROR_TYPE,
  HTTP_CLIENT_REQUEST_DURATION,
  HTTP_METHODS,
  HTTP_REQUEST_METHOD,
  HTTP_RESPONSE_STATUS_CODE,
  RECORDS_DROPPED,
  SERVER_ADDRESS,
  SERVER_PORT,
} from '../catalogue.ts'
import type { Attributes } from '../types.ts'
import { isAmount } from './amount.ts'
import type { CounterHandle, HistogramHandle, Recording } from './recording.ts'

export interface EndedRequest {
  readonly method: string
  readonly host: string
  /** 1 to 65535, else left out. */
  readonly port: number
  readonly statusCode: number | undefined
  readonly errorType: string | undefined
  /** Milliseconds, >= 0. */
  readonly durationMs: number
}

/** Distinct hosts with their ports; further ones are recorded as `_OTHER`, without a port. */
export const SERVER_LIMIT = 100
/** Below the cardinality limit of 2000 that an OTel SDK has; further series are counted together, as an SDK does. */
export const SERIES_LIMIT = 1500
const OTHER = '_OTHER'

/** The series of one method of one server: by `error.type`, then by status. */
type Outcomes = Map<string | undefined, Map<number | undefined, HistogramHandle>>

interface Server {
  readonly attributes: Readonly<Record<string, string | number>>
  readonly methods: Map<string, Outcomes>
}

export class HttpRequests {
  readonly #recording: Recording
  readonly #methods: ReadonlySet<string>
  /** By host, then by port. */
  readonly #servers = new Map<string, Map<number, Server>>()
  readonly #otherServer: Server = { attributes: { [SERVER_ADDRESS]: OTHER }, methods: new Map() }
  readonly #dropped: CounterHandle
  /** Requests come in runs of one kind: the series of the last one costs no lookup, of which there are five. */
  #last: EndedRequest | undefined
  #lastDuration: HistogramHandle | undefined
  #overflow: HistogramHandle | undefined
  #serverCount = 0
  #seriesCount = 0
  #saidDropped = false

  /** `methods`: those told apart, as OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS names them; case matters. */
  constructor(recording: Recording, methods: readonly string[] = HTTP_METHODS) {
    this.#recording = recording
    this.#methods = new Set(methods)
    this.#dropped = recording.counter(RECORDS_DROPPED, {})
  }

  /** Never throws: what is no request that ended is dropped and counted. The request must not be changed afterwards. */
  record(request: EndedRequest): void {
    if (!isAmount(request.durationMs) || typeof request.host !== 'string' || typeof request.method !== 'string') return this.#drop()
    if (!this.#last || !isAlike(request, this.#last)) {
      this.#last = request
      this.#lastDuration = this.#find(request)
    }
    this.#lastDuration!.record(request.durationMs / 1000)
  }

  #find({ host, port, method, statusCode, errorType }: EndedRequest): HistogramHandle {
    const server = this.#servers.get(host)?.get(port) ?? this.#addServer(host, port)
    const outcomes = server.methods.get(method) ?? this.#addMethod(server, method)
    return outcomes.get(errorType)?.get(statusCode) ?? this.#addSeries(server, method, outcomes, errorType, statusCode)
  }

  #addServer(host: string, port: number): Server {
    if (this.#serverCount >= SERVER_LIMIT) return this.#otherServer
    this.#serverCount++
    const isPort = Number.isInteger(port) && port > 0 && port <= 65_535
    const server: Server = { attributes: { [SERVER_ADDRESS]: host, ...(isPort && { [SERVER_PORT]: port }) }, methods: new Map() }
    const ports = this.#servers.get(host)
    if (ports) ports.set(port, server)
    else this.#servers.set(host, new Map([[port, server]]))
    return server
  }

  #addMethod({ methods }: Server, method: string): Outcomes {
    const known = this.#known(method)
    let outcomes = methods.get(known)
    if (!outcomes) methods.set(known, (outcomes = new Map()))
    return outcomes
  }

  #addSeries(
    server: Server,
    method: string,
    outcomes: Outcomes,
    errorType: string | undefined,
    statusCode: number | undefined,
  ): HistogramHandle {
    if (this.#seriesCount >= SERIES_LIMIT) {
      return (this.#overflow ??= this.#recording.histogram(HTTP_CLIENT_REQUEST_DURATION, { 'otel.metric.overflow': 'true' }))
    }
    this.#seriesCount++
    const attributes: Readonly<Record<string, string | number>> = {
      [HTTP_REQUEST_METHOD]: this.#known(method),
      ...server.attributes,
      ...(statusCode !== undefined && { [HTTP_RESPONSE_STATUS_CODE]: statusCode }),
      ...(errorType !== undefined && { [ERROR_TYPE]: errorType }),
    }
    // The conventions want port and status as numbers.
    const duration = this.#recording.histogram(HTTP_CLIENT_REQUEST_DURATION, attributes as Attributes)
    const statuses = outcomes.get(errorType)
    if (statuses) statuses.set(statusCode, duration)
    else outcomes.set(errorType, new Map([[statusCode, duration]]))
    return duration
  }

  #known(method: string): string {
    return this.#methods.has(method) ? method : OTHER
  }

  #drop(): void {
    this.#dropped.add(1)
    if (this.#saidDropped) return
    this.#saidDropped = true
    diag.warn(`otel-health: an HTTP request without a duration was dropped; ${RECORDS_DROPPED.name} counts this and what follows`)
  }
}

function isAlike(a: EndedRequest, b: EndedRequest): boolean {
  return a.host === b.host && a.port === b.port && a.method === b.method && a.statusCode === b.statusCode && a.errorType === b.errorType
}
