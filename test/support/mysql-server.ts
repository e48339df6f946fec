/** mysql2 as a server: a query is answered with OK, `error <number>` with that error, and on `leave` the connection is dropped. */
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'

import type { Connection } from 'mysql2'
import mysql from 'mysql2'

export interface MysqlServer {
  readonly port: number
  stop(): void
}

/** What mysql2 has and its types lack. */
interface ServerConnection extends Connection {
  readonly stream: NodeJS.EventEmitter & { destroy(): void }
  serverHandshake(greeting: object): void
  writeError(error: { readonly code: number; readonly message: string }): void
  writeOk(): void
}
type CreateServer = (onConnection: (connection: ServerConnection) => void) => { listen(port: number): void; readonly _server: Server }

const GREETING = {
  protocolVersion: 10,
  serverVersion: '8.4.0',
  connectionId: 1,
  statusFlags: 2,
  characterSet: 8,
  capabilityFlags: 0xffffff,
}

export async function startMysql(): Promise<MysqlServer> {
  const { createServer } = mysql as unknown as { createServer: CreateServer }
  const connections = new Set<ServerConnection>()
  const server = createServer((connection) => {
    connections.add(connection)
    connection.on('error', () => {})
    connection.serverHandshake(GREETING)
    // As a server mysql2 goes on counting packets where each command begins anew, and says so on stderr.
    connection.stream.prependListener('data', (chunk: Buffer) => Object.assign(connection, { sequenceId: chunk[3] }))
    connection.on('query', (sql: string) => {
      const code = /^error (\d+)/.exec(sql)?.[1]
      if (code) connection.writeError({ code: Number(code), message: 'as asked' })
      else if (sql === 'leave') connection.stream.destroy()
      else connection.writeOk()
    })
  })
  server.listen(0)
  const { _server: listener } = server
  await once(listener, 'listening')
  return {
    port: (listener.address() as AddressInfo).port,
    stop() {
      listener.close()
      for (const { stream } of connections) stream.destroy()
    },
  }
}
