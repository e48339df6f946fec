/** Users with passwords, of which only hashes are kept. Programs send `authorization: Basic …`; browsers are never asked for it, but have a page. */
import { Turns } from '../../turns.ts'
import type { Call } from '../call.ts'
import { tooMany } from '../refused.ts'
import type { Access } from './access.ts'
import { hashPassword, isPassword, isPasswordHash } from './password-hash.ts'
import { userWith, type Rights, type User } from './rights.ts'

export interface PanelUser extends Rights {
  readonly name: string
  /** As `otel-health panel --hash-password` prints it. */
  readonly passwordHash: string
}

/** Each takes 32 MB. */
const MOST_AT_ONCE = 2
const MOST_WAITING = 16
const LONGEST_PASSWORD = 1024

/** Throws one sentence if there are no users, two of one name, or a hash of another form. */
export function withUsers(users: readonly PanelUser[]): Access {
  if (users.length === 0)
    throw new Error('There are no users who could log in to the panel, expected one at least (HEALTH_PANEL_USERS_FILE).')
  const byName = new Map<string, PanelUser>()
  for (const user of users) {
    const shown = JSON.stringify(user.name)
    if (!NAME.test(user.name))
      throw new Error(`A user of the panel is called ${shown}, expected 1 to 64 characters without ":" and control characters.`)
    if (byName.has(user.name)) throw new Error(`Two users of the panel are called ${shown}, expected one.`)
    if (!isPasswordHash(user.passwordHash))
      throw new Error(`The password of the user ${shown} of the panel is no hash: otel-health panel --hash-password makes one.`)
    byName.set(user.name, user)
  }
  const checking = new Turns(MOST_AT_ONCE)
  let nobodys: Promise<string> | undefined
  const check = async (name: string, password: string): Promise<User | undefined> => {
    if (password.length > LONGEST_PASSWORD) return undefined
    const user = byName.get(name)
    if (checking.waiting >= MOST_WAITING) throw tooMany('Too many people log in at once: try again in a few seconds.', 3, 503)
    return checking.take(async () => {
      // It takes as long where there is no such user, so that names cannot be found out.
      nobodys ??= hashPassword('nobody')
      const isRight = await isPassword(password, user?.passwordHash ?? (await nobodys))
      return user && isRight ? userWith(user.name, user) : undefined
    })
  }
  return {
    login: 'basic',
    logIn: ({ user, password }) => (user === undefined || password === undefined ? undefined : check(user, password)),
    recognise(call) {
      const given = basicCredentials(call)
      return given && check(given.name, given.password)
    },
  }
}

const NAME = /^[^:\p{Cc}\p{Cf}]{1,64}$/u

export function basicCredentials({ request }: Call): { readonly name: string; readonly password: string } | undefined {
  const encoded = /^Basic +([\w+/=-]{1,4000}) *$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 1 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) }
}
