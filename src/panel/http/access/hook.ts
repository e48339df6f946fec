/** The program that the panel is mounted in knows who somebody is. */
import { diag } from '../../../diag.ts'
import { Refused } from '../refused.ts'
import type { Access } from './access.ts'
import { userWith, type Rights } from './rights.ts'

export type Authorize = (request: Request) => Authorized | undefined | Promise<Authorized | undefined>

export interface Authorized extends Rights {
  /** Who the journal names. */
  readonly user: string
}

/** Asked for every request; where it throws, the answer is 500. */
export function byHook(authorize: Authorize): Access {
  return {
    login: 'proxy',
    async recognise({ request }) {
      let known: Authorized | undefined
      try {
        known = await authorize(request)
      } catch (error) {
        diag.warn(`The function authorize of the panel has failed: ${error instanceof Error ? error.message : String(error)}`)
        throw new Refused(500, 'The panel could not find out who you are: its log says why.')
      }
      return known && userWith(known.user, known)
    },
  }
}
