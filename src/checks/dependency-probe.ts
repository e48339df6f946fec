/**
 * Whether a server is there, asked in its own protocol, without credentials, over a connection that is closed at once. A frozen server
 * accepts connections (its kernel does) but says nothing, so only an answer counts.
 *
 * Redis: PING, which is answered with PONG, or by a server that wants a password with NOAUTH. One that only speaks TLS closes the
 * connection without a word, and is asked again over TLS. PostgreSQL: the request for TLS, answered with S or N before anybody logs in,
 * and not logged (protocol 3.0, section "SSL Session Encryption"). MySQL: the greeting it sends on its own.
 */
import { connect as connectTcp, isIP, type NetConnectOpts, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

import type { DependencyKind } from './dependency-evidence.ts'

/** `reached`: something accepted the connection, so the address is one that this process can reach. */
export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly error: string; readonly reached: boolean }

/** Never rejects, and settles at once when `signal` is aborted. */
export type DependencyProbe = (signal: AbortSignal) => Promise<ProbeResult>

const PING = 'PING\r\n'
/** Length 8, then the code 80877103. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])
/** Of the errors a PING may be answered with, those by which the server says that it serves nobody. */
const REFUSAL = /^-(LOADING|MASTERDOWN|BUSY)\b/

const QUESTIONS: Readonly<Record<DependencyKind, string | Buffer | undefined>> = { redis: PING, postgres: SSL_REQUEST, mysql: undefined }

/** `address`: `host:port`, or the path of a Unix socket or Windows pipe. */
export function dependencyProbe(kind: DependencyKind, address: string): DependencyProbe {
  const target = targetOf(address)
  const question = QUESTIONS[kind]
  let overTls = false
  return async (signal) => {
    const result = await ask(() => (overTls ? tlsSocket(target) : connectTcp(target)), question, signal)
    if (kind !== 'redis' || overTls || result.ok || !WORDLESS.has(result.error)) return result
    const secured = await ask(() => tlsSocket(target), question, signal)
    overTls = secured.ok
    return secured.ok ? secured : result
  }
}

const WORDLESS: ReadonlySet<string> = new Set(['closed', 'ECONNRESET', 'EPIPE'])

function ask(open: () => Socket, question: string | Buffer | undefined, signal: AbortSignal): Promise<ProbeResult> {
  const { promise, resolve } = Promise.withResolvers<ProbeResult>()
  let reached = false
  let socket: Socket
  try {
    socket = open()
  } catch (error) {
    // A port out of range, a host with a NUL in it: no attempt is made.
    return Promise.resolve({ ok: false, error: (error as NodeJS.ErrnoException).code ?? 'error', reached })
  }
  const end = (result: ProbeResult): void => {
    signal.removeEventListener('abort', onAbort)
    socket.destroy()
    resolve(result)
  }
  const fail = (error: string): void => end({ ok: false, error, reached })
  const onAbort = (): void => fail('timeout')
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort)

  socket
    .unref()
    // Each address that a name resolves to is tried on a handle of its own.
    .on('connectionAttempt', () => socket.unref())
    .once('connect', () => (reached = true))
    .once('encrypted' in socket ? 'secureConnect' : 'connect', () => question !== undefined && socket.write(question))
    .once('data', (answer: Buffer) => {
      const refusal = REFUSAL.exec(answer.toString('latin1', 0, 32))?.[1]
      if (question === PING && refusal !== undefined) fail(refusal)
      else end({ ok: true })
    })
    .on('error', (error: NodeJS.ErrnoException) => {
      // An alert of the other side's TLS, such as that it wants a certificate, is an answer.
      if (error.code?.startsWith('ERR_SSL_')) end({ ok: true })
      else fail(error.code ?? 'error')
    })
    .once('close', () => fail('closed'))
  return promise
}

function tlsSocket(target: NetConnectOpts): Socket {
  const host = 'host' in target ? target.host : undefined
  const servername = host !== undefined && !isIP(host) ? { servername: host } : {}
  // Nothing is sent that somebody in between could make use of, and whose certificate it is makes no difference to whether it answers.
  return connectTls({ ...target, ...servername, rejectUnauthorized: false })
}

/** No name of a host has a slash, backslash or NUL in it, and of colons only one in brackets: everything else is a path. */
const HOST_AND_PORT = /^(?:\[([^\]/\\\0]+)\]|([^:/\\\0]+)):(\d+)$/

function targetOf(address: string): NetConnectOpts {
  const [, ipv6, name, port] = HOST_AND_PORT.exec(address) ?? []
  const host = ipv6 ?? name
  return host === undefined ? { path: address } : { host, port: Number(port) }
}
