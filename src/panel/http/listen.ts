/** A server for the panel alone. Whoever sends slowly, much, or nothing at all is cut off. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { createAdaptorServer } from '@hono/node-server'

import type { Panel } from './panel.ts'

export interface ListenOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string
  /** 0: any that is free. Default: 8010. */
  readonly port?: number
}

export interface Listening {
  /** `http://127.0.0.1:8010`, as this machine reaches it. */
  readonly url: string
  readonly port: number
  /** Ends live streams, connections and the panel. */
  readonly close: () => Promise<void>
}

const SERVER = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2000,
  keepAliveTimeout: 10_000,
  maxHeaderSize: 16 * 1024,
}
const MOST_CONNECTIONS = 2000
const DEFAULT_PORT = 8010

/** Rejects with one sentence where others would get in without a login, the port is taken, or the health Redis cannot be reached. */
export async function listen(panel: Panel, { host = '127.0.0.1', port = DEFAULT_PORT }: ListenOptions = {}): Promise<Listening> {
  panel.checkHost(host)
  const server = createAdaptorServer({ fetch: panel.fetch, serverOptions: SERVER, overrideGlobalObjects: false }) as Server
  server.maxConnections = MOST_CONNECTIONS
  // Found out before anything is asked of Redis.
  await bound(server, host, port)
  try {
    await panel.start()
  } catch (error) {
    server.close()
    throw error
  }
  const address = server.address() as AddressInfo
  return {
    url: `http://${urlHost(host)}:${address.port}`,
    port: address.port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      await panel.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function bound(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new Error(troubleOf(error, host, port), { cause: error })))
    server.listen(port, host, resolve)
  })
}

function troubleOf({ code }: NodeJS.ErrnoException, host: string, port: number): string {
  const where = `${urlHost(host)}:${port}`
  if (code === 'EADDRINUSE') return `The panel cannot listen on ${where}: something else does already. Give it another port, or 0 for any.`
  if (code === 'EACCES') return `The panel cannot listen on ${where}: this user may not. Give it a port above 1023.`
  return `The panel cannot listen on ${where} (${code ?? 'unknown error'}): is that an address of this machine?`
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
