/**
 * As much of PostgreSQL's protocol 3.0 as a client needs to log in and ask: a query is answered with one row, and one that is
 * `error <SQLSTATE>` with that error; a class 57P0x error ends the connection, as the real one does.
 */
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'

export interface PostgresServer {
  readonly port: number
  /** Connections that asked for TLS and then left, as probes do. */
  readonly probes: () => number
  /** Sends this error to every connection, as a server that is shut down does. */
  fail(sqlState: string): void
  stop(): Promise<void>
}

const SSL_REQUEST = 80_877_103

export async function startPostgres(): Promise<PostgresServer> {
  const sockets = new Set<Socket>()
  let probes = 0
  const server = createServer((socket) => {
    let started = false
    let pending: Buffer = Buffer.alloc(0)
    sockets.add(socket)
    socket
      .on('error', () => {})
      .once('close', () => {
        sockets.delete(socket)
        if (!started) probes++
      })
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      for (;;) {
        const header = started ? 1 : 0
        if (pending.length < header + 4) return
        const length = header + pending.readInt32BE(header)
        if (pending.length < length) return
        const message = pending.subarray(0, length)
        pending = pending.subarray(length)
        if (!started && message.readInt32BE(4) === SSL_REQUEST) socket.write('N')
        else if (started) answer(socket, String.fromCharCode(message[0]!), message.subarray(5))
        else {
          started = true
          socket.write(Buffer.concat([typed('R', int32(0)), READY]))
        }
      }
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    probes: () => probes,
    fail(sqlState) {
      for (const socket of sockets) socket.end(errorResponse('FATAL', sqlState))
    },
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

function answer(socket: Socket, type: string, body: Buffer): void {
  if (type === 'Q') {
    const sqlState = /^error (\w{5})/.exec(body.toString())?.[1]
    if (sqlState?.startsWith('57P')) socket.end(errorResponse('FATAL', sqlState))
    else socket.write(Buffer.concat([sqlState === undefined ? ROW : errorResponse('ERROR', sqlState), READY]))
  } else if (type === 'P') socket.write(typed('1'))
  else if (type === 'B') socket.write(typed('2'))
  else if (type === 'E') socket.write(ROW)
  else if (type === 'S') socket.write(READY)
  else if (type === 'X') socket.end()
}

const int16 = (n: number): Buffer => Buffer.from([n >> 8, n & 0xff])
const int32 = (n: number): Buffer => Buffer.concat([int16(n >> 16), int16(n & 0xffff)])
const typed = (type: string, ...body: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from(type), int32(4 + Buffer.concat(body).length), ...body])
const text = (value: string): Buffer => Buffer.from(`${value}\0`)

const READY = typed('Z', Buffer.from('I'))
const ROW = Buffer.concat([
  typed('T', int16(1), text('one'), int32(0), int16(0), int32(25), int16(-1 & 0xffff), int32(-1), int16(0)),
  typed('D', int16(1), int32(1), Buffer.from('1')),
  typed('C', text('SELECT 1')),
])

function errorResponse(severity: string, sqlState: string): Buffer {
  return typed(
    'E',
    Buffer.from('S'),
    text(severity),
    Buffer.from('C'),
    text(sqlState),
    Buffer.from('M'),
    text('as asked'),
    Buffer.from([0]),
  )
}
