/** What each way to log in has to offer. */
import type { Call } from '../call.ts'
import type { LoginRequest, Session } from '../../protocol.ts'
import type { User } from './rights.ts'

export interface Access {
  readonly login: Session['login']
  /** Throws a Refused where a request is answered to nobody at all, not even a page. */
  readonly admit?: (call: Call) => void
  /** Who a request is of by itself, without a session. May throw a Refused. */
  readonly recognise?: (call: Call) => User | undefined | Promise<User | undefined>
  /** Who it is by what was typed into the login page; with it there are sessions. May throw a Refused. */
  readonly logIn?: (given: LoginRequest) => User | undefined | Promise<User | undefined>
  /** A login that others do; with it there are sessions. */
  readonly elsewhere?: LoginElsewhere
  /** Refuses in one sentence to be used by a server on this host. */
  readonly checkHost?: (host: string) => void
}

export interface LoginElsewhere {
  /** Leads the browser there. */
  readonly begin: (call: Call, then: string) => Promise<Response>
  /** Where it comes back. Throws a Refused where nobody has been logged in. */
  readonly end: (call: Call) => Promise<{ readonly user: User; readonly then: string }>
}
