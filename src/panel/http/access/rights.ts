/** Who may do what: two roles, and single actions for viewers. */
import { CONTROL_ACTIONS } from '../../../wire/control-request.ts'
import type { Action, AlertAction, Role } from '../../protocol.ts'

const ALERT_ACTIONS: readonly AlertAction[] = ['ack', 'unack', 'resolve', 'silence', 'unsilence', 'extend', 'maintenance', 'note', 'forget']
export const ACTIONS: readonly Action[] = [...ALERT_ACTIONS, ...CONTROL_ACTIONS]

/** What a person is given. An operator may do everything; a viewer what `may` names besides looking. */
export interface Rights {
  readonly role: Role
  readonly may?: readonly Action[]
}

export interface User {
  readonly name: string
  readonly role: Role
  readonly may: readonly Action[]
}

/** What a route needs: `nobody` is for everybody, `viewer` for whoever is known, an action for whoever may do it. */
export type Needs = 'nobody' | 'viewer' | Action

export function userWith(name: string, { role, may = [] }: Rights): User {
  return { name, role, may: ACTIONS.filter((action) => role === 'operator' || may.includes(action)) }
}

export function isAllowed(user: User, needs: Needs): boolean {
  return needs === 'nobody' || needs === 'viewer' || user.may.includes(needs)
}

/**
 * The rights of somebody who is in these groups. Without `viewers` everybody is a viewer. `undefined`: none of the groups has any right here.
 */
export function rightsOfGroups(groups: readonly string[], { operators, viewers }: GroupRoles): Rights | undefined {
  if (groups.some((group) => operators.includes(group))) return { role: 'operator' }
  return viewers === undefined || groups.some((group) => viewers.includes(group)) ? { role: 'viewer' } : undefined
}

/** Which groups of a proxy or of OIDC are operators, and which are viewers. */
export interface GroupRoles {
  readonly operators: readonly string[]
  /** Left out: everybody who is logged in. */
  readonly viewers?: readonly string[]
}
