/** A panel on a real server of Node, and requests to it as browsers send them. */
import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { getRequestListener } from '@hono/node-server'
import { onTestFinished } from 'vitest'

import { Panel, type PanelHttpOptions } from '../../../src/panel/http/panel.ts'
import type { Clock } from '../../../src/types.ts'
import { systemClock } from '../../../src/clock.ts'
import { MemoryData } from './memory-data.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Serving {
  readonly panel: Panel
  readonly data: MemoryData
  readonly port: number
  readonly server: Server
  readonly ask: (path: string, asked?: Asked) => Promise<Answer>
  /** As a page of the panel does. */
  readonly post: (path: string, body: unknown, headers?: Readonly<Record<string, string>>) => Promise<Answer>
}

/** Tokens of the panels under test. */
export const OPERATOR = 'operators-0123456789'
export const VIEWER = 'viewers-0123456789ab'
export const ACKER = 'ackers-0123456789abc'

export const TOKENS = {
  login: 'token',
  tokens: [
    { token: OPERATOR, role: 'operator' },
    { token: VIEWER, role: 'viewer' },
    { token: ACKER, role: 'viewer', may: ['ack'], name: 'acker' },
  ],
} as const

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` }
}

const INDEX =
  '<!doctype html><link rel="stylesheet" href="__BASE__/assets/a.css"><script type="module" src="__BASE__/assets/a.js"></script>'

/** A folder as Vite leaves it. */
export function builtPages(): string {
  const folder = mkdtempSync(join(tmpdir(), 'otel-health-pages-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), INDEX)
  writeFileSync(join(folder, 'assets/index-Ab3_d-9x.js'), `console.log(${'1+'.repeat(500)}1)`)
  writeFileSync(join(folder, 'assets/plain.css'), 'a{}')
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  return folder
}

/** Until the test ends. */
export async function serve(options: PanelHttpOptions = {}, { clock = systemClock }: { clock?: Clock } = {}): Promise<Serving> {
  const data = new MemoryData()
  const panel = new Panel(() => data, { prometheus: false, retentionHours: 24 }, options, { clock, pages: builtPages() })
  const listener = getRequestListener((request, env) => panel.fetch(request, env), { overrideGlobalObjects: false })
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing))
  const port = await listening(server)
  onTestFinished(async () => {
    await panel.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const ask = (path: string, asked: Asked = {}) => askAt(port, path, asked)
  return {
    ...{ panel, data, port, server, ask },
    post: (path, body, headers = {}) =>
      ask(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', ...headers },
        body: JSON.stringify(body),
      }),
  }
}

export async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** On a connection of its own; redirects are not followed, and every header is as it is given. */
export function askAt(port: number, path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      // It has no end.
      if (response.headers['content-type']?.startsWith('text/event-stream')) {
        resolve({ status: response.statusCode!, headers: response.headers, text: '' })
        return void request.destroy()
      }
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') }),
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** `name=value` of each Set-Cookie, as a browser sends them back. */
export function cookiesOf({ headers }: Answer): string {
  return (headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0]).join('; ')
}
