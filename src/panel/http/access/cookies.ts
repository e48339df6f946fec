/** The panel's cookies. Scripts do not see them, and over https no other host or path can have set them (`__Host-`). */
import { parse, serialize } from 'hono/utils/cookie'

import type { Call } from '../call.ts'

export type CookieName = 'otel-health-session' | 'otel-health-login'

export function readCookie({ request, isHttps }: Call, name: CookieName): string | undefined {
  const sent = request.headers.get('cookie')
  const wholeName = isHttps ? `__Host-${name}` : name
  return sent === null || sent.length > LONGEST ? undefined : parse(sent, wholeName)[wholeName]
}

const LONGEST = 8192

/**
 * A Set-Cookie that lasts until the browser is closed. `Lax`: it comes along when another site leads here, as the provider of OIDC does after
 * a login; what changes anything is not done by links, and is refused to other sites in any case.
 */
export function setCookie({ base, isHttps }: Call, name: CookieName, value: string, sameSite: 'Strict' | 'Lax'): string {
  const shared = { httpOnly: true, sameSite } as const
  return isHttps
    ? serialize(`__Host-${name}`, value, { ...shared, secure: true, path: '/' })
    : serialize(name, value, { ...shared, path: base === '' ? '/' : base })
}

export function dropCookie(call: Call, name: CookieName): string {
  return `${setCookie(call, name, '', 'Strict')}; Max-Age=0`
}
