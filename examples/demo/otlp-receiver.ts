import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { fields } from './fields.ts'

export interface OtlpReceiver {
  readonly url: string
  readonly counts: { requests: number; dataPoints: number; lastSeenAt: number | undefined }
}

const LARGEST_BODY = 32 * 1024 * 1024

/** Takes metrics over OTLP/HTTP in place of a collector, and counts them. It ends with the process. */
export async function startOtlpReceiver(port: number): Promise<OtlpReceiver> {
  const counts: OtlpReceiver['counts'] = { requests: 0, dataPoints: 0, lastSeenAt: undefined }
  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => {
        counts.requests++
        counts.dataPoints += countDataPoints(body, request)
        counts.lastSeenAt = Date.now()
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      },
      () => response.destroy(),
    )
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, counts }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LARGEST_BODY) throw new Error('the body is too large')
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body, { maxOutputLength: LARGEST_BODY }) : body
}

/** 0 for what is not OTLP's JSON. */
function countDataPoints(body: Buffer, { headers }: IncomingMessage): number {
  if (!headers['content-type']?.startsWith('application/json')) return 0
  try {
    return entries(JSON.parse(body.toString()), 'resourceMetrics')
      .flatMap((resource) => entries(resource, 'scopeMetrics'))
      .flatMap((scope) => entries(scope, 'metrics'))
      .flatMap((metric) => Object.values(fields(metric)))
      .reduce<number>((sum, data) => sum + entries(data, 'dataPoints').length, 0)
  } catch {
    return 0
  }
}

function entries(value: unknown, key: string): readonly unknown[] {
  const list = fields(value)[key]
  return Array.isArray(list) ? list : []
}
