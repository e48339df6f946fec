/** Every route of the panel, and what it needs: there is no other way in. */
import { isAction } from '../../wire/control-request.ts'
import type { PanelData } from '../panel-data.ts'
import type { Action } from '../protocol.ts'
import { actionRequest } from './action-request.ts'
import { ACTIONS } from './access/rights.ts'
import { jsonBody } from './body.ts'
import type { LiveStreams } from './live.ts'
import type { Login } from './login.ts'
import type { Pages } from './pages.ts'
import { reads } from './reads.ts'
import { jsonAnswer, Refused } from './refused.ts'
import type { Route } from './route.ts'
import { STATUS_CSS, type StatusPage } from './status-page.ts'

export interface Served {
  readonly data: PanelData
  readonly pages: Pages
  readonly live: LiveStreams
  readonly login: Login
  /** Left out: the public status page is switched off. */
  readonly statusPage?: StatusPage
  /** Whether services are asked to do anything from here. */
  readonly control: boolean
}

const SCREENS = ['/', '/service/:name', '/alert/:id', '/map', '/trends', '/silences', '/journal']

export function routesOf(served: Served): readonly Route[] {
  const { data, pages, live, login, statusPage, control } = served
  const read = reads(data)
  const isPublic = (answer: (page: StatusPage) => Response | Promise<Response>): Response | Promise<Response> => {
    if (!statusPage) throw new Refused(404, 'The public status page is switched off.')
    return answer(statusPage)
  }
  return [
    ...SCREENS.map((path): Route => ({ method: 'GET', path, needs: 'viewer', isPage: true, handle: ({ call }) => pages.page(call) })),
    { method: 'GET', path: '/login', needs: 'nobody', isPage: true, handle: ({ call }) => pages.page(call) },
    { method: 'GET', path: '/login/oidc', needs: 'nobody', isPage: true, handle: ({ call }) => login.goElsewhere(call) },
    { method: 'GET', path: '/login/return', needs: 'nobody', isPage: true, handle: ({ call }) => login.comeBack(call) },
    {
      method: 'GET',
      path: '/assets/:name',
      needs: 'nobody',
      handle: ({ call, params }) => pages.asset(params['name']!, call.request) ?? noAsset(),
    },

    { method: 'GET', path: '/status', needs: 'nobody', isPage: true, handle: ({ call }) => isPublic((page) => page.page(call)) },
    { method: 'GET', path: '/status.json', needs: 'nobody', handle: ({ call }) => isPublic((page) => page.json(call)) },
    { method: 'GET', path: '/status.css', needs: 'nobody', handle: () => isPublic(() => css()) },

    { method: 'GET', path: '/api/session', needs: 'nobody', handle: (visit) => login.session(visit) },
    { method: 'POST', path: '/api/login', needs: 'nobody', handle: ({ call }) => login.logIn(call) },
    { method: 'POST', path: '/api/logout', needs: 'nobody', handle: ({ call }) => login.logOut(call) },

    { method: 'GET', path: '/api/live', needs: 'viewer', handle: ({ call, owner, session }) => live.answer(call, owner, session?.ended) },
    { method: 'GET', path: '/api/now', needs: 'viewer', handle: read.now },
    { method: 'GET', path: '/api/bars', needs: 'viewer', handle: read.bars },
    { method: 'GET', path: '/api/services/:service', needs: 'viewer', handle: read.service },
    { method: 'GET', path: '/api/services/:service/control', needs: 'viewer', handle: read.control },
    { method: 'GET', path: '/api/services/:service/history', needs: 'viewer', handle: read.history },
    { method: 'GET', path: '/api/services/:service/alerts', needs: 'viewer', handle: read.episodes },
    { method: 'GET', path: '/api/alerts/:id', needs: 'viewer', handle: read.alert },
    { method: 'GET', path: '/api/map', needs: 'viewer', handle: read.map },
    { method: 'GET', path: '/api/trends', needs: 'viewer', handle: read.trends },
    { method: 'GET', path: '/api/silences', needs: 'viewer', handle: read.silences },
    { method: 'GET', path: '/api/audit', needs: 'viewer', handle: read.audit },
    { method: 'GET', path: '/api/export/:kind', needs: 'viewer', limited: 'exports', handle: read.export },
    ...ACTIONS.map((action) => actionRoute(data, action, control || !isAction(action))),
  ]
}

/** One route each, so that each has its right. */
function actionRoute(data: PanelData, action: Action, isOn: boolean): Route {
  return {
    method: 'POST',
    path: `/api/actions/${action}`,
    needs: action,
    limited: 'actions',
    async handle({ call, user }) {
      if (!isOn) throw new Refused(403, 'Services cannot be controlled from this panel: HEALTH_PANEL_CONTROL is false.')
      const request = actionRequest(action, await jsonBody(call))
      return jsonAnswer(await data.act(action, request, { by: user!.name, from: call.address ?? 'panel' }))
    },
  }
}

function noAsset(): never {
  throw new Refused(404, 'There is no such file: the panel may be of another version by now, so load the page anew.')
}

function css(): Response {
  return new Response(STATUS_CSS, { headers: { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'public, max-age=3600' } })
}
