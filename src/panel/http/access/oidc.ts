/**
 * A login by an OpenID provider: code flow with PKCE, state and nonce, which openid-client checks. What is under way is bound to the browser by
 * a cookie, so that nobody is logged in as somebody else by a link.
 */
import { randomBytes } from 'node:crypto'

import type { Configuration, IDToken } from 'openid-client'

import type { Clock } from '../../../types.ts'
import { cleanText } from '../../../wire/clean-text.ts'
import { diag } from '../../../diag.ts'
import { isLoopbackHost, type Call } from '../call.ts'
import { Refused } from '../refused.ts'
import type { Access } from './access.ts'
import { dropCookie, readCookie, setCookie } from './cookies.ts'
import { rightsOfGroups, userWith, type GroupRoles } from './rights.ts'

export interface OidcLogin extends GroupRoles {
  /** The provider's URL, below which is `/.well-known/openid-configuration`. Only on this machine without https. */
  readonly issuer: string
  readonly clientId: string
  /** Left out: a public client. */
  readonly clientSecret?: string
  /** Default: `openid profile email`. */
  readonly scope?: string
  /** Claim of the ID token that holds the groups: a list of texts, or one. Default: `groups`. */
  readonly groupsClaim?: string
}

interface Begun {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly then: string
  readonly at: number
}

/** A login that takes longer has been left. */
const LONGEST_MS = 10 * 60_000
/** The oldest makes room. */
const MOST_BEGUN = 1000
const TIMEOUT_SECONDS = 10
const LONGEST_NAME = 64
const RETURN = '/login/return'

/** Throws one sentence if the issuer cannot be used, or the panel's own address is not known. */
export function withOidc(login: OidcLogin, publicUrl: URL | undefined, clock: Clock): Access {
  const issuer = checkedIssuer(login.issuer)
  if (!publicUrl)
    throw new Error(
      'The panel does not know its own address, to which the OpenID provider leads back: set HEALTH_PANEL_URL (the option publicUrl).',
    )
  const returnUrl = `${publicUrl.href.replace(/\/$/, '')}${RETURN}`
  const begun = new Map<string, Begun>()
  let found: Promise<Configuration> | undefined
  /** When the first person logs in, so that the panel starts without the provider; asked again where it failed. */
  const provider = (): Promise<Configuration> => {
    found ??= discover(issuer, login).catch((error: unknown) => {
      found = undefined
      throw unreachable(error)
    })
    return found
  }

  return {
    login: 'oidc',
    elsewhere: {
      async begin(call, then) {
        const [configuration, oidc] = [await provider(), await import('openid-client')]
        const key = randomBytes(32).toString('base64url')
        const entry = {
          state: oidc.randomState(),
          nonce: oidc.randomNonce(),
          verifier: oidc.randomPKCECodeVerifier(),
          then,
          at: clock.monotonicMs(),
        }
        if (begun.size >= MOST_BEGUN) begun.delete(begun.keys().next().value!)
        begun.set(key, entry)
        const location = oidc.buildAuthorizationUrl(configuration, {
          redirect_uri: returnUrl,
          scope: login.scope ?? 'openid profile email',
          state: entry.state,
          nonce: entry.nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(entry.verifier),
          code_challenge_method: 'S256',
        })
        const headers = {
          location: location.href,
          'set-cookie': setCookie(call, 'otel-health-login', key, 'Lax'),
          'cache-control': 'no-store',
        }
        return new Response(null, { status: 302, headers })
      },
      async end(call) {
        const entry = take(begun, readCookie(call, 'otel-health-login'))
        if (!entry || clock.monotonicMs() - entry.at > LONGEST_MS)
          throw new Refused(400, 'This login was not begun in this browser, or too long ago: begin it again.', dropped(call))
        const claims = await claimsOf(call, entry)
        const rights = rightsOfGroups(groupsOf(claims[login.groupsClaim ?? 'groups']), login)
        const name = nameOf(claims)
        if (!rights || name === '')
          throw new Refused(403, `${name || 'Who has logged in'} is in none of the groups that may look at this panel.`, dropped(call))
        return { user: userWith(name, rights), then: entry.then }
      },
    },
  }

  async function claimsOf(call: Call, { state, nonce, verifier }: Begun): Promise<IDToken> {
    const [configuration, oidc] = [await provider(), await import('openid-client')]
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true }
    try {
      const tokens = await oidc.authorizationCodeGrant(configuration, new URL(returnUrl + call.url.search), checks)
      return tokens.claims()!
    } catch (error) {
      diag.warn(`A login to the panel by OpenID failed (${reasonOf(error)}).`)
      throw new Refused(401, 'The OpenID provider has not logged you in: begin again.', dropped(call))
    }
  }
}

function dropped(call: Call): Readonly<Record<string, string>> {
  return { 'set-cookie': dropCookie(call, 'otel-health-login') }
}

async function discover(issuer: URL, { clientId, clientSecret }: OidcLogin): Promise<Configuration> {
  const oidc = await import('openid-client')
  const authentication = clientSecret === undefined ? oidc.None() : oidc.ClientSecretPost(clientSecret)
  // By itself the client trusts what comes over TLS without its signature.
  const execute = [oidc.enableNonRepudiationChecks, ...(issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : [])]
  return oidc.discovery(issuer, clientId, {}, authentication, { timeout: TIMEOUT_SECONDS, execute })
}

function unreachable(error: unknown): Refused {
  diag.warn(`The OpenID provider of the panel cannot be asked (${reasonOf(error)}).`)
  return new Refused(503, 'The OpenID provider does not answer: try again, or ask whoever runs it.', { 'retry-after': '10' })
}

/** Codes and kinds, never what the provider wrote: it may hold a token. */
function reasonOf(error: unknown): string {
  const { code, cause, name } = error as { code?: unknown; cause?: { code?: unknown }; name?: unknown }
  return [code, cause?.code, name].find((each) => typeof each === 'string') ?? 'error'
}

function checkedIssuer(issuer: string): URL {
  const url = URL.parse(issuer)
  if (
    url &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))) &&
    url.username === '' &&
    url.password === ''
  )
    return url
  throw new Error('The issuer of the OpenID provider cannot be used, expected a URL that begins with https:// and names no user.')
}

function take(begun: Map<string, Begun>, key: string | undefined): Begun | undefined {
  const entry = key === undefined ? undefined : begun.get(key)
  if (key !== undefined) begun.delete(key)
  return entry
}

function groupsOf(claim: unknown): readonly string[] {
  return (Array.isArray(claim) ? claim : [claim]).filter((group) => typeof group === 'string')
}

function nameOf(claims: IDToken): string {
  const names = [claims['preferred_username'], claims['email'], claims.sub].filter((each) => typeof each === 'string')
  return cleanText(names.find((each) => each.trim() !== '') ?? '')
    .trim()
    .slice(0, LONGEST_NAME)
}
