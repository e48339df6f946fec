/** The way to log in that was chosen. */
import type { Clock } from '../../../types.ts'
import type { Access } from './access.ts'
import { withUsers, type PanelUser } from './basic.ts'
import { byHook, type Authorize } from './hook.ts'
import { withoutLogin } from './none.ts'
import { withOidc, type OidcLogin } from './oidc.ts'
import { behindProxy, type ProxyLogin } from './proxy.ts'
import { withTokens, type PanelToken } from './token.ts'

/** How people log in to the panel. */
export type PanelAuth =
  /** Nobody has to, on this machine alone. `by`: who the journal names; default: `panel`. */
  | { readonly login: 'none'; readonly by?: string }
  | { readonly login: 'token'; readonly tokens: readonly PanelToken[] }
  | { readonly login: 'basic'; readonly users: readonly PanelUser[] }
  | ({ readonly login: 'proxy' } & ProxyLogin)
  | ({ readonly login: 'oidc' } & OidcLogin)
  /** The program that the panel is mounted in knows them. */
  | { readonly login: 'hook'; readonly authorize: Authorize }

/** Throws one sentence if it cannot be used as it is given. */
export function accessOf(auth: PanelAuth, publicUrl: URL | undefined, clock: Clock): Access {
  switch (auth.login) {
    case 'none':
      return withoutLogin(auth.by ?? 'panel')
    case 'token':
      return withTokens(auth.tokens)
    case 'basic':
      return withUsers(auth.users)
    case 'proxy':
      return behindProxy(auth)
    case 'oidc':
      return withOidc(auth, publicUrl, clock)
    case 'hook':
      return byHook(auth.authorize)
    default:
      throw new Error(
        `login of the panel is ${JSON.stringify((auth as { login?: unknown }).login)}, expected none, token, basic, proxy, oidc or hook.`,
      )
  }
}
