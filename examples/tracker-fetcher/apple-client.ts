import type { Account, Session } from './account-pool.ts'
import type { AnisetteHeaders } from './anisette-client.ts'
import { exchange, parseObject, type Transport } from '../service/http-exchange.ts'
import { UpstreamError } from '../service/upstream-error.ts'

/** What is asked for one tracker: the hashes of its advertised keys. */
export interface Device {
  readonly trackerId: string
  readonly keyIds: readonly string[]
}

/** Encrypted reports, base64, by key id; a key nobody has seen is absent. */
export type EncryptedReports = ReadonlyMap<string, readonly string[]>

export type LoginAnswer = { readonly state: 'logged_in'; readonly session: Session } | { readonly state: 'require_2fa' }

/** How far back reports are asked for; Apple keeps no more. */
const WINDOW_MS = 7 * 24 * 3_600_000
/** Inner codes of a login that HTTP calls a success. */
const BAD_ANISETTE = -22_421

/** Apple's part of the Find My network: one method is one HTTP call. All throw UpstreamError. */
export class AppleClient {
  readonly #transport: Transport
  readonly #baseUrl: string
  readonly #timeoutMs: number

  constructor(transport: Transport, baseUrl: string, timeoutMs: number) {
    this.#transport = transport
    this.#baseUrl = baseUrl
    this.#timeoutMs = timeoutMs
  }

  /** Asks for the reports of several trackers at once. `requestId` is the same for a repeated request, so that both sides' logs can be joined. */
  async fetchReports(
    account: Account,
    devices: readonly Device[],
    anisette: AnisetteHeaders,
    requestId: string,
  ): Promise<EncryptedReports> {
    const what = 'fetch'
    const now = this.#transport.clock.now()
    const body = await this.#post(
      what,
      '/findmyservice/v2/fetch',
      { ...anisette, ...basicAuth(account), 'x-request-id': requestId },
      {
        clientContext: { clientBundleIdentifier: 'com.apple.icloud.searchpartyuseragent', policy: 'foregroundClient' },
        fetch: devices.map((device) => ({
          ownedDeviceIds: [],
          keyType: 1,
          startDate: now - WINDOW_MS,
          startDateSecondary: now - WINDOW_MS,
          endDate: now,
          primaryIds: device.keyIds,
          secondaryIds: [],
        })),
      },
    )
    const locations = parseObject(what, body).acsnLocations as { statusCode?: unknown; locationPayload?: unknown } | undefined
    if (locations?.statusCode !== '200') throw new UpstreamError('malformed_body', `${what}: inner status ${String(locations?.statusCode)}`)
    return readPayload(locations.locationPayload)
  }

  /** Resolves to a session, or to `require_2fa` when a person is needed. Wrong credentials are `401`, a refused device `anisette_invalid`. */
  async login(account: Account, anisette: AnisetteHeaders): Promise<LoginAnswer> {
    const body = await this.#post('login', '/grandslam/GsService2', { ...anisette }, { u: account.appleId, p: account.password })
    return readLogin('login', parseObject('login', body))
  }

  /** Hands over the code a person read from a trusted device. Afterwards `login` works. A wrong code is `401`. */
  async submitCode(account: Account, code: string, anisette: AnisetteHeaders): Promise<void> {
    const headers = { ...anisette, 'security-code': code }
    const body = await this.#post('submit code', '/grandslam/GsService2/validate', headers, { u: account.appleId })
    readStatus('submit code', parseObject('submit code', body))
  }

  async #post(what: string, path: string, headers: Record<string, string>, body: unknown): Promise<string> {
    const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
    return await exchange(this.#transport, what, `${this.#baseUrl}${path}`, init, this.#timeoutMs)
  }
}

function basicAuth(account: Account): { authorization: string } {
  const { dsid, token } = account.session ?? { dsid: '', token: '' }
  return { authorization: `Basic ${Buffer.from(`${dsid}:${token}`).toString('base64')}` }
}

function readPayload(payload: unknown): EncryptedReports {
  if (!Array.isArray(payload)) throw new UpstreamError('malformed_body', 'fetch: locationPayload is not a list')
  const reports = new Map<string, readonly string[]>()
  for (const { id, locationInfo } of payload as { id?: unknown; locationInfo?: unknown }[]) {
    if (typeof id !== 'string' || !Array.isArray(locationInfo))
      throw new UpstreamError('malformed_body', 'fetch: a payload lacks id or locationInfo')
    reports.set(id, locationInfo.map(String))
  }
  return reports
}

function readLogin(what: string, answer: Record<string, unknown>): LoginAnswer {
  const { au } = readStatus(what, answer)
  if (au !== undefined) return { state: 'require_2fa' }
  const { dsid, searchPartyToken } = answer
  if (typeof dsid !== 'string' || typeof searchPartyToken !== 'string')
    throw new UpstreamError('malformed_body', `${what}: no token in the answer`)
  return { state: 'logged_in', session: { dsid, token: searchPartyToken } }
}

/** Business errors come inside HTTP 200: `ec` is not 0. `au` names the second factor that is wanted. */
function readStatus(what: string, answer: Record<string, unknown>): { au: string | undefined } {
  const status = (answer.Response as { Status?: { hsc?: unknown; ec?: unknown; em?: unknown; au?: unknown } } | undefined)?.Status
  if (status === undefined) throw new UpstreamError('malformed_body', `${what}: no Status in the answer`)
  if (status.ec === BAD_ANISETTE) throw new UpstreamError('anisette_invalid', `${what}: ${String(status.em)}`)
  if (status.ec !== 0) throw new UpstreamError(String(status.hsc), `${what}: ${String(status.em)} (${String(status.ec)})`)
  return { au: typeof status.au === 'string' ? status.au : undefined }
}
