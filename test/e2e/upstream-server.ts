/** The upstream of the services in test/e2e/services: answers JSON by the path alone, fails below `/failing`, is slow below `/slow`. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const SLOW_MS = 300

export interface UpstreamServer {
  readonly url: string
  close(): Promise<void>
}

export async function startUpstream(): Promise<UpstreamServer> {
  const server = createServer((request, response) => {
    const [, mode, path] = /^(?:\/(failing|slow))?(\/.*)$/.exec(request.url ?? '/')!
    const { status, body } = mode === 'failing' ? { status: 503, body: { error: 'down for maintenance' } } : answer(path!)
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const send = (): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(text)
    if (mode === 'slow') setTimeout(send, SLOW_MS)
    else send()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Of ten trackers or pages the seventh is broken; a place with an odd number of letters is not found. */
function answer(path: string): { readonly status: number; readonly body: unknown } {
  const [, kind, name = ''] = path.split('/')
  const number = Number(/\d+$/.exec(name)?.[0] ?? 0)
  const some = (count: number): string[] => Array.from({ length: count }, (_, index) => `${name}-${index + 1}`)
  if (number % 10 === 7) return { status: 500, body: { error: 'broken' } }
  if (kind === 'trackers') return { status: 200, body: { reports: some(number % 3), zones: number % 2 } }
  if (kind === 'feed') return { status: 200, body: { items: some(number % 4) } }
  if (kind === 'places' && name === 'nowhere%') return { status: 400, body: 'no such place' }
  if (kind === 'places') return { status: 200, body: { places: some(1 + (name.length % 2)) } }
  return { status: 404, body: { error: 'not found' } }
}
