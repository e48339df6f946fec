/** One request, with what is known of whoever sent it. Nothing here believes what a header says of the sender's address. */
import { BlockList, isIP } from 'node:net'

import { getPath } from 'hono/utils/url'

/** What a server of Node passes on beside the request, with HTTP 1 and 2: @hono/node-server does. */
export interface PanelEnv {
  readonly incoming?: Incoming
  readonly outgoing?: Outgoing
}

interface Incoming {
  readonly url?: string | undefined
  /** Express: `url` before anything was taken off it. */
  readonly originalUrl?: string
  /** Express: what a parser before us has made of the body. */
  readonly body?: unknown
  readonly socket: { readonly remoteAddress?: string | undefined }
}

export interface Outgoing {
  readonly destroyed: boolean
  destroy(): unknown
  once(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

export interface Where {
  /** How people reach the panel, without a slash at its end: `https://ops.example.org/health`. */
  readonly publicUrl?: URL
  /** The prefix alone: `/health`; `''`: none. Left out: what the server has taken off the path before. */
  readonly basePath?: string
}

export interface Call {
  readonly request: Request
  readonly url: URL
  /** Below the prefix, with its query. */
  readonly path: string
  /** The prefix, as the browser sees it: `''`, or `/health`. */
  readonly base: string
  /** Of the socket; `undefined` where the server does not tell it. */
  readonly address: string | undefined
  readonly isLoopback: boolean
  /** As the browser sees the panel. */
  readonly isHttps: boolean
  /** The body, where the server has read it before us. */
  readonly parsedBody: unknown
  /** Where the answer goes, under Node. */
  readonly outgoing: Outgoing | undefined
}

export function callOf(request: Request, env: PanelEnv | undefined, where: Where): Call {
  const url = new URL(request.url)
  const address = addressOf(env?.incoming)
  return {
    request,
    url,
    path: pathBelow(url.pathname, where) + url.search,
    base: baseOf(url, env?.incoming, where),
    address,
    isLoopback: address !== undefined && isLoopbackAddress(address),
    isHttps: isHttps(request, url, where),
    parsedBody: env?.incoming?.body,
    outgoing: env?.outgoing,
  }
}

/** The path that routes are found by. Whether a server that we are mounted in has taken off the prefix or not, it is off here. */
export function routedPath(request: Request, where: Where): string {
  return pathBelow(getPath(request), where)
}

function pathBelow(path: string, where: Where): string {
  const base = configuredBase(where)
  if (!base || !(path === base || path.startsWith(`${base}/`))) return path
  return path.slice(base.length) || '/'
}

function configuredBase({ publicUrl, basePath }: Where): string | undefined {
  return basePath ?? publicUrl?.pathname.replace(/\/$/, '')
}

/** Express says in `originalUrl` what it has taken off `url`; Hono leaves `url` as it came. */
function baseOf({ pathname }: URL, incoming: Incoming | undefined, where: Where): string {
  const configured = configuredBase(where)
  if (configured !== undefined) return configured
  const whole = incoming?.originalUrl ?? incoming?.url
  const came = whole === undefined ? undefined : URL.parse(whole, 'http://panel.invalid')?.pathname
  if (came === undefined || !came.endsWith(pathname)) return ''
  const taken = came.slice(0, came.length - pathname.length)
  return BASE_PATH.test(taken) ? taken : ''
}

/** What may stand in pages and headers as it is. */
export const BASE_PATH: RegExp = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)*$/

/** To say too much of https does no harm: a cookie that only https brings back does not come back. */
function isHttps({ headers }: Request, { protocol }: URL, { publicUrl }: Where): boolean {
  if (publicUrl) return publicUrl.protocol === 'https:'
  return protocol === 'https:' || headers.get('x-forwarded-proto')?.split(',')[0]?.trim() === 'https'
}

function addressOf(incoming: Incoming | undefined): string | undefined {
  return incoming?.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '')
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

function isLoopbackAddress(address: string): boolean {
  const family = isIP(address)
  return family !== 0 && LOOPBACK.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** `localhost`, or an address of this machine that no other reaches. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  return name === 'localhost' || isLoopbackAddress(name)
}
