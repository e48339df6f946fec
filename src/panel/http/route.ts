/** What a route is, and what its handler is given. */
import type { Call } from './call.ts'
import type { Needs, User } from './access/rights.ts'
import type { PanelSession } from './access/sessions.ts'

export interface Visit {
  readonly call: Call
  /** Left out only where a route needs nobody. */
  readonly user?: User
  /** Left out where somebody is known without one. */
  readonly session?: PanelSession
  /** Whose streams and actions are counted together. */
  readonly owner: string
  /** Of the path, by name; decoded. */
  readonly params: Readonly<Record<string, string>>
}

/** Of what somebody may do only so often. */
export type Limited = 'actions' | 'exports'

export interface Route {
  readonly method: 'GET' | 'POST'
  /** As Hono has them, without the prefix. */
  readonly path: string
  readonly needs: Needs
  /** A person reads what it answers: who must be known and is not is led to the login, and refusals are pages. Left out: JSON. */
  readonly isPage?: true
  readonly limited?: Limited
  readonly handle: (visit: Visit) => Response | Promise<Response>
}
