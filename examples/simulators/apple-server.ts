import type { IncomingHttpHeaders } from 'node:http'
import { acceptHeaders } from './anisette-stamp.ts'
import type { Faults } from './faults.ts'
import { edgePage, json, type Address, type LoopbackServer } from './loopback-server.ts'
import type { SimAccount, SimAccounts } from './sim-accounts.ts'
import { simulatedServer, type Reply, type Traffic } from './simulated-server.ts'
import type { Incoming } from './timed-server.ts'
import type { World } from './world.ts'

const DEFAULT_DELAY_MS = 12_000
const DEFAULT_RETRY_AFTER_S = 60

interface Parts {
  readonly world: World
  readonly accounts: SimAccounts
  readonly faults: Faults
}

/**
 * Apple's reports endpoint, v2, and a login with the states and codes of the real one: `hsc`, `ec`, `em` and `au` inside HTTP 200.
 * Deviations, for only state and status matter to a monitor: no SRP (the password is sent), JSON in place of property lists, and the
 * two steps of a real login (identity, then the delegate's search-party token) are one.
 */
export function appleServer(traffic: Traffic, parts: Parts, address: Address): LoopbackServer {
  return simulatedServer(
    traffic,
    (incoming) => {
      const { method, url } = incoming.request
      if (method === 'POST' && url === '/findmyservice/v2/fetch') return fetchReports(incoming, parts)
      if (method === 'POST' && url === '/grandslam/GsService2') return logIn(incoming, parts)
      if (method === 'POST' && url === '/grandslam/GsService2/validate') return submitCode(incoming, parts)
      return { endpoint: 'apple.other', answer: edgePage(404, 'Not Found'), seenAs: '404' }
    },
    address,
  )
}

function fetchReports({ request, body, probe, at }: Incoming, { world, accounts, faults }: Parts): Reply {
  const ids = requestedIds(body)
  const { dsid, token } = basicAuth(request.headers)
  const account = accounts.byDsid(dsid)
  const candidate = { probe, account: account?.alias }
  const about = { endpoint: 'apple.fetch', account: account?.alias ?? null, ids: ids ?? [] } as const

  const revoke = faults.pick(['auth.revoke'], candidate)
  const repeatedly = revoke && (revoke.settings.every_n !== undefined || revoke.settings.probability !== undefined)
  if (repeatedly && account?.token) accounts.revoke(account, 'auth.revoke')

  const met = faults.pick(['reset', '429', 'http.500', 'empty_body', 'malformed', 'slow'], candidate)
  const fault = met?.name ?? null
  switch (met?.name) {
    case 'reset':
      return { ...about, fault, answer: 'reset', seenAs: 'ECONNRESET' }
    case '429': {
      const retryAfter = String(met.settings.retry_after_s ?? DEFAULT_RETRY_AFTER_S)
      return { ...about, fault, answer: edgePage(429, 'Too Many Requests', { 'retry-after': retryAfter }), seenAs: '429' }
    }
    case 'http.500':
      return { ...about, fault, answer: edgePage(500, 'Internal Server Error'), seenAs: '500' }
    case 'empty_body':
      return { ...about, fault, answer: { status: 200, body: '' }, seenAs: 'empty_body' }
  }
  if (!account?.token || account.token !== token) {
    return { ...about, fault: account?.revokedBy ?? null, answer: edgePage(401, 'Unauthorized'), seenAs: '401' }
  }
  if (!acceptHeaders(request.headers, at)) return { ...about, answer: edgePage(401, 'Unauthorized'), seenAs: '401' }
  if (!ids) return { ...about, answer: edgePage(400, 'Bad Request'), seenAs: '400' }

  const found = ids.map((id) => [id, world.reports(id, at)] as const).filter(([, reports]) => reports.length > 0)
  const answer = json({
    acsnLocations: { statusCode: '200', locationPayload: found.map(([id, locationInfo]) => ({ id, locationInfo })) },
  })
  if (met?.name === 'malformed') {
    return {
      ...about,
      fault,
      answer: { ...answer, body: answer.body.slice(0, Math.ceil(answer.body.length / 2)) },
      seenAs: 'malformed_body',
    }
  }
  const delay = met && { delayMs: met.settings.delay_ms ?? DEFAULT_DELAY_MS }
  return { ...about, fault, answer, seenAs: 'ok', reports: new Map(found), ...delay }
}

function logIn({ request, body, at }: Incoming, { accounts }: Parts): Reply {
  const { u, p } = parse(body) as { u?: unknown; p?: unknown }
  const account = accounts.byAppleId(u)
  const about = { endpoint: 'apple.login', account: account?.alias ?? null } as const
  if (!acceptHeaders(request.headers, at)) return { ...about, ...badAnisette() }
  if (!account || account.password !== p) {
    return { ...about, answer: status(401, -22_406, 'Your Apple ID or password is incorrect.'), seenAs: '401' }
  }
  if (account.wants2fa) {
    return { ...about, fault: 'auth.2fa', answer: status(409, 0, '', { au: 'trustedDeviceSecondaryAuth' }), seenAs: 'ok' }
  }
  const session = { dsid: account.dsid, searchPartyToken: accounts.logIn(account) }
  return { ...about, answer: status(200, 0, '', {}, session), seenAs: 'ok' }
}

function submitCode({ request, body, at }: Incoming, { accounts }: Parts): Reply {
  const account = accounts.byAppleId((parse(body) as { u?: unknown }).u)
  const about = { endpoint: 'apple.submit_code', account: account?.alias ?? null } as const
  if (!acceptHeaders(request.headers, at)) return { ...about, ...badAnisette() }
  if (!account || !acceptCode(account, String(request.headers['security-code']))) {
    return { ...about, answer: status(401, -21_669, 'Incorrect verification code.'), seenAs: '401' }
  }
  return { ...about, answer: status(200, 0, ''), seenAs: 'ok' }
}

/** The second factor is given; true if the code was right. */
export function acceptCode(account: SimAccount, code: string): boolean {
  if (code !== account.code) return false
  account.wants2fa = false
  return true
}

function badAnisette(): Pick<Reply, 'answer' | 'seenAs'> {
  return { answer: status(434, -22_421, 'This action could not be completed. Try again.'), seenAs: 'anisette_invalid' }
}

function status(hsc: number, ec: number, em: string, more: object = {}, session: object = {}) {
  return json({ Response: { Status: { hsc, ec, em, ...more } }, ...session })
}

function basicAuth({ authorization = '' }: IncomingHttpHeaders): { dsid: string | undefined; token: string | undefined } {
  const [dsid, token] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
    .toString()
    .split(':')
  return { dsid, token }
}

function requestedIds(body: string): readonly string[] | undefined {
  const { fetch } = parse(body) as { fetch?: unknown }
  if (!Array.isArray(fetch)) return undefined
  return fetch.flatMap((device: { primaryIds?: string[] }) => device.primaryIds ?? [])
}

function parse(body: string): object {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
