/** Who asks, by session or by the request itself; logging in and out. Who guesses is slowed down, by address and by the name that is guessed for. */
import { isIPv6 } from 'node:net'

import type { Clock } from '../../types.ts'
import { diag } from '../../diag.ts'
import { cleanText } from '../../wire/clean-text.ts'
import type { LoginAnswer, LoginRequest, Session } from '../protocol.ts'
import type { Access } from './access/access.ts'
import { basicCredentials } from './access/basic.ts'
import { dropCookie, readCookie, setCookie } from './access/cookies.ts'
import type { User } from './access/rights.ts'
import { Sessions, type PanelSession, type SessionLimits } from './access/sessions.ts'
import { jsonBody } from './body.ts'
import type { Call } from './call.ts'
import { ownPath } from './own-path.ts'
import { RateLimit, type Rate } from './rate-limit.ts'
import { jsonAnswer, Refused, tooMany } from './refused.ts'

export interface LoginRates {
  readonly ofAddress?: Rate
  readonly ofUser?: Rate
}

export interface Known {
  readonly user?: User
  readonly session?: PanelSession
}

const OF_ADDRESS: Rate = { burst: 20, perMinute: 6 }
const OF_USER: Rate = { burst: 10, perMinute: 2 }
const LONGEST_FIELD = 4096

export class Login {
  readonly #access: Access
  readonly #sessions: Sessions
  readonly #ofAddress: RateLimit
  readonly #ofUser: RateLimit
  readonly #describe: (user: User | undefined) => Session

  constructor(
    access: Access,
    {
      sessions,
      rates = {},
      clock,
      describe,
    }: { sessions: SessionLimits; rates?: LoginRates; clock: Clock; describe: (user: User | undefined) => Session },
  ) {
    this.#access = access
    this.#sessions = new Sessions(sessions, clock)
    this.#ofAddress = new RateLimit(rates.ofAddress ?? OF_ADDRESS, clock)
    this.#ofUser = new RateLimit(rates.ofUser ?? OF_USER, clock)
    this.#describe = describe
  }

  /** Throws a Refused where the panel answers nothing to this request. */
  async known(call: Call): Promise<Known> {
    this.#access.admit?.(call)
    const session = this.#sessionOf(call)
    if (session) return { user: session.user, session }
    const { recognise, logIn } = this.#access
    if (!recognise) return {}
    // A program that shows a secret can guess it as well.
    const guesses = logIn !== undefined && call.request.headers.has('authorization')
    const user = guesses ? await this.#guess(call, basicCredentials(call)?.name, () => recognise(call)) : await recognise(call)
    return user ? { user } : {}
  }

  session(known: Known): Response {
    return jsonAnswer(this.#describe(known.user))
  }

  async logIn(call: Call): Promise<Response> {
    const { logIn } = this.#access
    if (!logIn) throw new Refused(404, 'Nobody logs in to this panel by a token or a password.')
    const given = loginRequest(await jsonBody(call))
    const user = await this.#guess(call, given.token === undefined ? given.user : undefined, () => logIn(given))
    if (!user)
      throw new Refused(401, given.token === undefined ? 'There is no user of that name and password.' : 'That is no token of this panel.')
    const cookie = this.#begin(call, user, 'Strict')
    return jsonAnswer({ session: this.#describe(user), then: ownPath(given.then) } satisfies LoginAnswer, 200, { 'set-cookie': cookie })
  }

  async logOut(call: Call): Promise<Response> {
    this.#endSession(call)
    return jsonAnswer(this.#describe(undefined), 200, { 'set-cookie': dropCookie(call, 'otel-health-session') })
  }

  /** To the provider of OIDC. */
  async goElsewhere(call: Call): Promise<Response> {
    const wait = this.#ofAddress.take(addressKey(call))
    if (wait > 0) throw tooManyTries(wait)
    return this.#elsewhere().begin(call, ownPath(call.url.searchParams.get('then')))
  }

  /** And back from there. */
  async comeBack(call: Call): Promise<Response> {
    const { user, then } = await this.#elsewhere().end(call)
    const headers = new Headers({ location: call.base + then })
    headers.append('set-cookie', this.#begin(call, user, 'Lax'))
    headers.append('set-cookie', dropCookie(call, 'otel-health-login'))
    return new Response(null, { status: 302, headers })
  }

  close(): void {
    this.#sessions.close()
  }

  #elsewhere(): NonNullable<Access['elsewhere']> {
    if (!this.#access.elsewhere) throw new Refused(404, 'Nobody logs in to this panel elsewhere.')
    return this.#access.elsewhere
  }

  #sessionOf(call: Call): PanelSession | undefined {
    const id = readCookie(call, 'otel-health-session')
    return id === undefined ? undefined : this.#sessions.find(id)
  }

  #endSession(call: Call): void {
    const id = readCookie(call, 'otel-health-session')
    if (id !== undefined) this.#sessions.end(id)
  }

  /** What the browser had before ends: neither does it become this one, nor does it go on. */
  #begin(call: Call, user: User, sameSite: 'Strict' | 'Lax'): string {
    this.#endSession(call)
    const { id } = this.#sessions.begin(user)
    diag.info(`${shown(user.name)} (${user.role}) has logged in to the panel from ${call.address ?? 'an unknown address'}.`)
    return setCookie(call, 'otel-health-session', id, sameSite)
  }

  /** Whoever is right has taken nothing from what may be guessed. */
  async #guess(call: Call, name: string | undefined, find: () => User | undefined | Promise<User | undefined>): Promise<User | undefined> {
    const tries = [
      { limit: this.#ofAddress, key: addressKey(call) },
      ...(name === undefined ? [] : [{ limit: this.#ofUser, key: name.slice(0, 100) }]),
    ]
    const wait = Math.max(...tries.map(({ limit, key }) => limit.take(key)))
    if (wait > 0) throw tooManyTries(wait)
    const user = await find()
    if (user) for (const { limit, key } of tries) limit.giveBack(key)
    else
      diag.warn(
        `A login to the panel was refused${name === undefined ? '' : ` to ${shown(name)}`}, from ${call.address ?? 'an unknown address'}.`,
      )
    return user
  }
}

function tooManyTries(seconds: number): Refused {
  return tooMany(`Too many logins have failed: try again in ${Math.max(1, Math.ceil(seconds))} s.`, seconds)
}

/** Whoever has one address of IPv6 has all of its /64. */
function addressKey({ address }: Call): string {
  if (address === undefined || !isIPv6(address)) return address ?? ''
  const [head = '', tail] = address.split('::')
  const parts = head.split(':').filter((part) => part !== '')
  const after = tail === undefined ? [] : tail.split(':').filter((part) => part !== '')
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - parts.length - after.length) }, () => '0')
  return [...parts, ...zeros, ...after].slice(0, 4).join(':')
}

function loginRequest(body: Readonly<Record<string, unknown>>): LoginRequest {
  for (const name of ['token', 'user', 'password', 'then']) {
    const value = body[name]
    if (value !== undefined && (typeof value !== 'string' || value.length > LONGEST_FIELD))
      throw new Refused(400, `${name} of a login is no text of at most ${LONGEST_FIELD} characters.`)
  }
  return body
}

function shown(name: string): string {
  return JSON.stringify(cleanText(name).slice(0, 100))
}
