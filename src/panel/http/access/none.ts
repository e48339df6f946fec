/** Nobody has to log in, because nobody but the people at this machine gets here. */
import { isLoopbackHost, type Call } from '../call.ts'
import { Refused } from '../refused.ts'
import type { Access } from './access.ts'
import { userWith } from './rights.ts'

/** Said by a proxy, which passes on what others sent. */
const OF_A_PROXY = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/**
 * Only over loopback, and only under a name of loopback: a page elsewhere whose own name leads to this machine (DNS rebinding) asks under that
 * name. `by`: who the journal names.
 */
export function withoutLogin(by: string): Access {
  const user = userWith(by, { role: 'operator' })
  return {
    login: 'none',
    admit(call) {
      if (!call.isLoopback || OF_A_PROXY.some((name) => call.request.headers.has(name)))
        throw new Refused(403, 'Without a login the panel answers this machine alone: set one up, as its documentation says.')
      if (!isLoopbackHost(hostAsked(call)))
        throw new Refused(
          403,
          'Without a login the panel answers to localhost, 127.0.0.1 and [::1] alone, and it was asked for under another name.',
        )
    },
    recognise: () => user,
    checkHost(host) {
      if (isLoopbackHost(host)) return
      throw new Error(
        `The panel would listen on ${JSON.stringify(host)} for anybody who gets there, expected 127.0.0.1 or a login: set one up (HEALTH_PANEL_LOGIN, or the option auth).`,
      )
    },
  }
}

function hostAsked({ request, url }: Call): string {
  const host = request.headers.get('host')
  return (host === null ? url : URL.parse(`http://${host}`))?.hostname ?? ''
}
