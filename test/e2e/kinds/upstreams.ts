/** The upstreams of the strangers in test/kinds/strangers: two that know places, and a gateway. What is asked for says how it is answered. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Upstreams {
  /** Where they are, as the strangers' environment says it. */
  readonly env: Readonly<Record<'NOMINATIM_URL' | 'PHOTON_URL' | 'GATEWAY_URL', string>>
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: object
}

export async function startUpstreams(): Promise<Upstreams> {
  const servers = await Promise.all([listening(nominatim), listening(photon), listening(gateway)])
  const [nominatimUrl, photonUrl, gatewayUrl] = servers.map(({ url }) => url) as [string, string, string]
  return {
    env: { NOMINATIM_URL: nominatimUrl, PHOTON_URL: photonUrl, GATEWAY_URL: gatewayUrl },
    async close() {
      await Promise.all(servers.map(({ server }) => closed(server)))
    },
  }
}

/** The place `500-200-7` is the seventh to which Nominatim answers 500 and Photon 200. */
function nominatim(path: string): Answer {
  return placed(Number(path.split(/[/-]/).at(-3)))
}

/** Photon says how much of its quota is used. */
function photon(path: string): Answer {
  return { ...placed(Number(path.split(/[/-]/).at(-2))), headers: { 'x-quota-used': '96', 'x-quota-limit': '100' } }
}

function placed(status: number): Answer {
  return { status, body: status === 200 ? { street: 'High Street' } : { error: 'not now' } }
}

/** The notification `bounced-7` is the seventh that bounces. */
function gateway(path: string): Answer {
  const [, outcome] = /([a-z]+)-\d+$/.exec(path) ?? []
  if (outcome === 'down') return { status: 503, body: {} }
  if (outcome === 'bounced') return { status: 200, body: { receipt: 'bounced', reason: 'mailbox_full' } }
  return outcome === 'delivered' ? { status: 200, body: { receipt: 'delivered' } } : { status: 202, body: {} }
}

async function listening(answer: (path: string) => Answer): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => {
    const { status, headers = {}, body } = answer(request.url ?? '/')
    request.resume()
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}
