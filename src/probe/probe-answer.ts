/**
 * What is answered to whom: `/livez` (start me again if I fail), `/readyz` (send me work or do not) and `/health` (how I am, for people and
 * load balancers; no reason to start anything again). Pure.
 */
import type { Phase } from '../types.ts'
import { healthDocument, healthWord, type ToldHealth } from './health-document.ts'
import type { RequestHead } from './request-head.ts'

export interface Probed {
  /** Why the process does not live; `undefined`: it does. */
  readonly whyNotAlive: string | undefined
  readonly phase: Phase
  readonly health: () => ToldHealth
}

export interface ProbeAnswer {
  readonly status: 200 | 400 | 401 | 404 | 405 | 431 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What of a login a request has. */
export type Login = 'none' | 'right' | 'wrong'

const TEXT = 'text/plain; charset=utf-8'

export function probeAnswer({ method, path }: Pick<RequestHead, 'method' | 'path'>, login: Login, probed: Probed): ProbeAnswer {
  if (!['/livez', '/readyz', '/health'].includes(path)) return plain(404, 'There is /livez, /readyz and /health.')
  if (method !== 'GET' && method !== 'HEAD')
    return { ...plain(405, 'GET and HEAD only.'), headers: { 'content-type': TEXT, allow: 'GET, HEAD' } }
  const { whyNotAlive, phase, health } = probed
  if (path === '/livez') return whyNotAlive === undefined ? plain(200, 'alive') : plain(503, `not alive: ${whyNotAlive}`)
  if (path === '/readyz') return phase === 'running' ? plain(200, phase) : plain(503, `not ready: ${phase}`)
  if (login === 'wrong') {
    return { ...plain(401, 'The token is another one.'), headers: { 'content-type': TEXT, 'www-authenticate': 'Bearer' } }
  }
  const told = health()
  const body = healthDocument(told, login === 'right')
  return { status: healthWord(told) === 'fail' ? 503 : 200, headers: { 'content-type': 'application/health+json' }, body }
}

export function plain(status: ProbeAnswer['status'], line: string): ProbeAnswer {
  return { status, headers: { 'content-type': TEXT }, body: `${line}\n` }
}
