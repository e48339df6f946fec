/** From a request to its answer: which route, who asks, whether they may, and what every answer says. */
import { Hono } from 'hono'

import { ControlError } from '../../control/control-error.ts'
import { diag } from '../../diag.ts'
import type { Clock } from '../../types.ts'
import { cleanText } from '../../wire/clean-text.ts'
import { isAllowed } from './access/rights.ts'
import { callOf, routedPath, type Call, type PanelEnv, type Where } from './call.ts'
import { refuseForeignChange, refuseForeignRead } from './cross-site.ts'
import type { Known, Login } from './login.ts'
import { plainPage } from './plain-page.ts'
import { RateLimit, type Rate } from './rate-limit.ts'
import { refusalAnswer, Refused, tooMany } from './refused.ts'
import type { Limited, Route, Visit } from './route.ts'
import { withSafeHeaders } from './safe-headers.ts'

export type VisitRates = Readonly<Record<Limited, Rate>>

/** Of one session, or one address: more than a person does, and less than would hurt. */
export const VISIT_RATES: VisitRates = { actions: { burst: 60, perMinute: 120 }, exports: { burst: 6, perMinute: 6 } }

export interface Answering {
  readonly routes: readonly Route[]
  readonly login: Login
  readonly where: Where
  readonly rates: VisitRates
  readonly clock: Clock
}

export function answering({ routes, login, where, rates, clock }: Answering): (request: Request, env?: PanelEnv) => Promise<Response> {
  const app = new Hono<{ Bindings: PanelEnv }>({ getPath: (request) => routedPath(request, where) })
  const limits = { actions: new RateLimit(rates.actions, clock), exports: new RateLimit(rates.exports, clock) }
  for (const route of routes) {
    app.on(route.method, route.path, async (c) => {
      const asked = callOf(c.req.raw, c.env, where)
      try {
        const visit = await admitted(asked, route, login, where)
        if (visit instanceof Response) return visit
        const wait = route.limited ? limits[route.limited].take(visit.owner) : 0
        if (wait > 0) throw tooMany(`That was asked for too often: try again in ${Math.ceil(wait)} s.`, wait)
        return await route.handle({ ...visit, params: c.req.param() as Record<string, string> })
      } catch (error) {
        return route.isPage ? plainPage(refusedFor(error), asked.base) : refusalAnswer(refusedFor(error))
      }
    })
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.flatMap((route) => (route.path === path ? [route.method, ...(route.method === 'GET' ? ['HEAD'] : [])] : []))
    app.all(path, () => {
      throw new Refused(405, `This is answered to ${methods.join(' and ')} alone.`, { allow: methods.join(', ') })
    })
  }
  app.notFound(() => refusalAnswer(new Refused(404, 'There is nothing here.')))
  app.onError((error) => refusalAnswer(refusedFor(error)))
  return async (request, env = {}) => withSafeHeaders(await app.fetch(request, env))
}

/** Who asks, if they may; where a page needs somebody who is not known, the way to the login. Throws a Refused else. */
async function admitted(call: Call, route: Route, login: Login, { publicUrl }: Where): Promise<Visit | Response> {
  if (route.method === 'POST') refuseForeignChange(call, publicUrl?.origin)
  else if (route.path.startsWith('/api/')) refuseForeignRead(call)
  const known = await login.known(call)
  const visit = { call, ...known, owner: ownerOf(call, known), params: {} }
  const { user } = known
  if (route.needs === 'nobody') return visit
  if (!user) {
    if (!route.isPage) throw new Refused(401, 'Nobody is logged in here: log in first.')
    return new Response(null, { status: 302, headers: { location: `${call.base}/login?then=${encodeURIComponent(call.path)}` } })
  }
  if (!isAllowed(user, route.needs)) {
    diag.warn(
      `${JSON.stringify(cleanText(user.name))} (${user.role}) from ${call.address ?? 'an unknown address'} may not ${route.needs}: refused by the panel.`,
    )
    throw new Refused(403, `Your role ${user.role} may not ${route.needs}: the right "${route.needs}" is missing.`)
  }
  return visit
}

function ownerOf({ address }: Call, { session, user }: Known): string {
  return session?.key ?? `${user?.name ?? ''} at ${address ?? ''}`
}

function refusedFor(error: unknown): Refused {
  if (error instanceof Refused) return error
  if (error instanceof ControlError) return new Refused(error.kind === 'asked' ? 400 : 409, error.message)
  const { message, code } = error instanceof Error ? (error as NodeJS.ErrnoException) : { message: String(error), code: undefined }
  // What Redis or the network says is for the operator: it may name what is nobody's business.
  diag.warn(`The panel could not answer: ${message}`)
  if (OWN_FAULTS.some((kind) => error instanceof kind)) return new Refused(500, 'The panel has failed at this: its log says how.')
  if (NO_RIGHT.test(message))
    return new Refused(
      503,
      'The health Redis does not let the panel do this: its user needs the rights of operator.acl, as docs/security.md says.',
    )
  return new Refused(503, `The health Redis has not answered${typeof code === 'string' ? ` (${code})` : ''}: try again.`, {
    'retry-after': '2',
  })
}

const OWN_FAULTS = [TypeError, RangeError, ReferenceError, SyntaxError]
const NO_RIGHT = /NOPERM|no permissions|user executing the script can't/i
