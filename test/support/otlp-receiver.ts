/** An endpoint of OTLP over HTTP in JSON, in this process: what each service has sent it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Point {
  readonly metric: string
  readonly scope: string
  /** Attributes of whoever sent it, in JSON. */
  readonly resource: string
  /** service.name of whoever sent it. */
  readonly service: string
  readonly attributes: Readonly<Record<string, unknown>>
  /** When whoever counts began with this series: another process counts from another time on. Not of gauges. */
  readonly start: string | undefined
  /** When it was read, in nanoseconds since 1970. */
  readonly time: bigint
  /** What was counted, or how many values a histogram has. */
  readonly total: number
  /** Of a histogram. */
  readonly sum: number | undefined
}

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT, with OTEL_EXPORTER_OTLP_PROTOCOL=http/json. */
  readonly endpoint: string
  /** In the order of their arrival. */
  readonly points: readonly Point[]
  /** Resolves when what has come is as wanted. */
  until(isThere: (points: readonly Point[]) => boolean): Promise<void>
  close(): void
}

/** On `port`, else on a free one. */
export async function startOtlpReceiver(port = 0): Promise<OtlpReceiver> {
  const points: Point[] = []
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      if (request.url === '/v1/metrics') points.push(...pointsOf(body))
      for (const look of waiting) look()
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    points,
    until: (isThere) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!isThere(points)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

/** Of one request. */
function pointsOf(body: string): Point[] {
  type Value = {
    attributes?: Attribute[]
    count?: number | string
    sum?: number
    asDouble?: number
    asInt?: number | string
    startTimeUnixNano?: unknown
    timeUnixNano: UnixNano
  }
  type Data = { dataPoints: Value[] }
  type Metric = { name: string; sum?: Data; gauge?: Data; histogram?: Data; exponentialHistogram?: Data }
  type Scope = { scope: { name: string }; metrics: Metric[] }
  const { resourceMetrics } = JSON.parse(body) as { resourceMetrics: { resource: { attributes: Attribute[] }; scopeMetrics: Scope[] }[] }
  return resourceMetrics.flatMap(({ resource, scopeMetrics }) => {
    const from = { resource: JSON.stringify(resource.attributes), service: String(valuesOf(resource.attributes)['service.name']) }
    return scopeMetrics.flatMap(({ scope, metrics }) =>
      metrics.flatMap(({ name, sum: counted, gauge, histogram, exponentialHistogram }) =>
        (counted ?? gauge ?? histogram ?? exponentialHistogram)!.dataPoints.map(
          ({ attributes = [], startTimeUnixNano, timeUnixNano, count, sum, asDouble, asInt }) => ({
            ...from,
            metric: name,
            scope: scope.name,
            attributes: valuesOf(attributes),
            start: gauge ? undefined : JSON.stringify(startTimeUnixNano),
            time: nanosOf(timeUnixNano),
            total: Number(count ?? asDouble ?? asInt),
            sum,
          }),
        ),
      ),
    )
  })
}

function valuesOf(attributes: readonly Attribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}

/** Older SDKs send a 64-bit number in two halves. */
type UnixNano = string | number | { readonly low: number; readonly high: number }

function nanosOf(time: UnixNano): bigint {
  return typeof time === 'object' ? BigInt.asUintN(64, (BigInt(time.high) << 32n) | BigInt(time.low >>> 0)) : BigInt(time)
}

/**
 * The newest point of each series of each sender: what cumulative metrics have come to. By its own time, as a backend
 * does: an export that is tried again arrives after newer ones.
 */
export function lastPoints(points: readonly Point[], metric: string): readonly Point[] {
  const last = new Map<string, Point>()
  for (const point of points) {
    if (point.metric !== metric) continue
    const series = JSON.stringify([point.resource, point.scope, point.attributes, point.start])
    const known = last.get(series)
    if (!known || point.time >= known.time) last.set(series, point)
  }
  return [...last.values()]
}

/** What a metric has come to, over all series and senders: one that sends it by two ways has counted it twice. */
export function totalOf(points: readonly Point[], metric: string): number {
  return lastPoints(points, metric).reduce((sum, { total }) => sum + total, 0)
}

/** The sum of all values of a histogram. */
export function sumOf(points: readonly Point[], metric: string): number {
  return lastPoints(points, metric).reduce((all, { sum = 0 }) => all + sum, 0)
}
