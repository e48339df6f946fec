/** A login by a token that whoever started the panel passes on. Programs send it as `authorization: Bearer <token>`. */
import { cleanText } from '../../../wire/clean-text.ts'
import type { Call } from '../call.ts'
import type { Access } from './access.ts'
import { userWith, type Rights, type User } from './rights.ts'
import { isSameSecret } from '../../../wire/same-secret.ts'

export interface PanelToken extends Rights {
  /** At least 16 characters. */
  readonly token: string
  /** Who the journal names where nobody says a name. Default: the role. */
  readonly name?: string
}

const SHORTEST = 16
const LONGEST_NAME = 64

/** Throws one sentence if there is no token, or one that can be guessed. */
export function withTokens(tokens: readonly PanelToken[]): Access {
  if (tokens.length === 0) throw new Error('There is no token to log in with, expected one at least (HEALTH_PANEL_TOKEN).')
  for (const { token } of tokens)
    if (token.length < SHORTEST)
      throw new Error(
        `A token of the panel has ${token.length} characters, expected ${SHORTEST} or more: what is shorter can be guessed ("openssl rand -hex 16" makes one).`,
      )
  /** All are compared, whichever fits. */
  const find = (given: string): PanelToken | undefined => tokens.filter(({ token }) => isSameSecret(given, token))[0]
  const userOf = (given: string, typed: string | undefined): User | undefined => {
    const token = find(given)
    return token && userWith(nameOf(typed) || token.name || token.role, token)
  }
  return {
    login: 'token',
    logIn: ({ token, user }) => (token === undefined ? undefined : userOf(token, user)),
    recognise({ request }: Call) {
      const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1]
      return bearer === undefined ? undefined : userOf(bearer, undefined)
    },
  }
}

function nameOf(typed: string | undefined): string {
  return cleanText(typed ?? '')
    .trim()
    .slice(0, LONGEST_NAME)
}
