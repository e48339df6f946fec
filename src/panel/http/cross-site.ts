/** What other sites make a browser ask for is refused: whoever is logged in here must not act, or be counted, because of a page elsewhere. */
import type { Call } from './call.ts'
import { Refused } from './refused.ts'

/**
 * Throws a Refused where a change does not come from a page of the panel: its type must be JSON, which no form sends; Sec-Fetch-Site must be
 * same-origin, or where the browser does not say it the Origin must be ours. A program says neither, and shows who it is in `authorization`.
 */
export function refuseForeignChange(call: Call, publicOrigin: string | undefined): void {
  const { headers } = call.request
  if (mediaType(headers.get('content-type')) !== 'application/json')
    throw new Refused(403, 'The content type is not application/json: what changes anything is sent as JSON.')
  const site = headers.get('sec-fetch-site')
  const origin = headers.get('origin')
  if (site !== null) {
    if (site !== 'same-origin') throw FOREIGN()
  } else if (origin !== null) {
    if (!isOurs(origin, call, publicOrigin)) throw FOREIGN()
  } else if (headers.get('authorization') === null) {
    throw new Refused(403, 'The request says neither Sec-Fetch-Site nor Origin: it comes from no page of the panel.')
  }
}

/** For what is only read: pages of others can show nothing of it, and cannot use up the streams either. */
export function refuseForeignRead({ request }: Call): void {
  const site = request.headers.get('sec-fetch-site')
  if (site === 'cross-site' || site === 'same-site') throw FOREIGN()
}

const FOREIGN = () => new Refused(403, 'Another site asks for this: only pages of the panel may.')

function mediaType(contentType: string | null): string | undefined {
  return contentType?.split(';')[0]!.trim().toLowerCase()
}

/** Where the public address is not configured, the host that the browser asked for is ours. */
function isOurs(origin: string, { request, url }: Call, publicOrigin: string | undefined): boolean {
  if (publicOrigin !== undefined) return origin === publicOrigin
  const from = URL.parse(origin)
  return from !== null && from.host === URL.parse(`${from.protocol}//${request.headers.get('host') ?? url.host}`)?.host
}
