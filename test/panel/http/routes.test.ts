/** Every route, as everybody may and may not use it. */
import { request as httpRequest } from 'node:http'

import { describe, expect, test, vi } from 'vitest'

import { ACTIONS } from '../../../src/panel/http/access/rights.ts'
import { Panel } from '../../../src/panel/http/panel.ts'
import { MemoryData, NOT_NOW, WRONGLY } from './memory-data.ts'
import { ACKER, bearer, OPERATOR, serve, TOKENS, VIEWER } from './serving.ts'

const { routes } = new Panel(() => new MemoryData(), { prometheus: false, retentionHours: 24 }, { auth: TOKENS })

/** A path that the route answers to. */
function pathOf(route: string): string {
  return (
    route.replace('/:service', '/fetcher').replace('/:kind', '/audit').replace(/:\w+/g, 'x') + (route === '/api/bars' ? '?service=a' : '')
  )
}

const BODIES: Readonly<Record<string, object>> = {
  '/api/login': { token: VIEWER },
  '/api/actions/ack': { alerts: ['a1'], why: 'w' },
  '/api/actions/unack': { alerts: ['a1'], why: 'w' },
  '/api/actions/resolve': { alerts: ['a1'], why: 'w' },
  '/api/actions/note': { alerts: ['a1'], why: 'w' },
  '/api/actions/silence': { matcher: 'service=a', forMs: 60_000, why: 'w' },
  '/api/actions/unsilence': { silence: 's1', why: 'w' },
  '/api/actions/extend': { silence: 's1', forMs: 60_000, why: 'w' },
  '/api/actions/maintenance': { matcher: 'service=a', every: 'Sun 02:00', forMs: 60_000, why: 'w' },
  '/api/actions/forget': { service: 'a', why: 'w' },
  '/api/actions/pause': { service: 'a', forMs: 60_000, why: 'w' },
  '/api/actions/resume': { service: 'a', why: 'w' },
  '/api/actions/drain': { service: 'a', instance: 'a-1', why: 'w' },
  '/api/actions/stop': { service: 'a', name: 'a', why: 'w' },
  '/api/actions/start': { service: 'a', why: 'w' },
  '/api/actions/restart': { service: 'a', why: 'w' },
}

/** What the route answers to somebody who may. */
const ALLOWED: Readonly<Record<string, number>> = {
  '/login/oidc': 404,
  '/login/return': 404,
  '/assets/:name': 404,
  '/api/alerts/:id': 404,
  '/status': 404,
  '/status.json': 404,
  '/status.css': 404,
}

test('the table has what the protocol names, and an action each', () => {
  expect(routes.filter(({ method }) => method === 'POST').map(({ path }) => path)).toEqual([
    '/api/login',
    '/api/logout',
    ...ACTIONS.map((action) => `/api/actions/${action}`),
  ])
  expect(routes.filter(({ needs }) => needs === 'nobody').map(({ path }) => path)).toEqual([
    ...['/login', '/login/oidc', '/login/return', '/assets/:name', '/status', '/status.json', '/status.css'],
    ...['/api/session', '/api/login', '/api/logout'],
  ])
})

describe.for(routes)('$method $path', ({ method, path, needs, isPage }) => {
  test.for([
    { who: 'nobody', headers: {}, may: needs === 'nobody' },
    { who: 'somebody with a wrong token', headers: bearer('not-a-token-0123456789'), may: needs === 'nobody' },
    { who: 'a viewer', headers: bearer(VIEWER), may: needs === 'nobody' || needs === 'viewer' },
    { who: 'a viewer who may ack', headers: bearer(ACKER), may: ['nobody', 'viewer', 'ack'].includes(needs) },
    { who: 'an operator', headers: bearer(OPERATOR), may: true },
  ])('$who: $may', async ({ who, headers, may }) => {
    const { ask, post, data } = await serve({ auth: TOKENS })
    const answer = method === 'POST' ? await post(path, BODIES[path] ?? {}, headers) : await ask(pathOf(path), { headers })
    const isKnown = who !== 'nobody' && who !== 'somebody with a wrong token'
    if (may) expect(answer.status).toBe(ALLOWED[path] ?? 200)
    else if (isPage) expect([answer.status, answer.headers.location]).toEqual([302, `/login?then=${encodeURIComponent(pathOf(path))}`])
    else expect(answer.status).toBe(isKnown ? 403 : 401)
    if (!may) expect(data.read).toEqual([])
    if (!may && isKnown)
      expect(JSON.parse(answer.text)).toEqual({ error: `Your role viewer may not ${needs}: the right "${needs}" is missing.` })
  })

  test('says what every answer says', async () => {
    const { ask, post } = await serve({ auth: TOKENS })
    const answer = method === 'POST' ? await post(path, BODIES[path] ?? {}) : await ask(pathOf(path), { headers: bearer(VIEWER) })
    expect(answer.headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': expect.stringMatching(/no-store|no-cache/) as string,
    })
  })

  test('other methods are answered with 405', async () => {
    const { ask } = await serve({ auth: TOKENS })
    for (const other of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', method === 'GET' ? 'POST' : 'GET']) {
      const answer = await ask(pathOf(path), { method: other, headers: bearer(OPERATOR) })
      expect([other, answer.status, answer.headers.allow]).toEqual([other, 405, method === 'GET' ? 'GET, HEAD' : 'POST'])
    }
  })
})

test.for([
  '/nothing',
  '/api',
  '/api/',
  '/api/nothing',
  '/service',
  '/service/a/b',
  '/assets/',
  '/api/actions/explode',
  '/status.html',
  '/map/',
])('%s is not there', async (path) => {
  const { ask } = await serve({ auth: TOKENS })
  const answer = await ask(path, { headers: bearer(OPERATOR) })
  expect([answer.status, JSON.parse(answer.text)]).toEqual([404, { error: 'There is nothing here.' }])
})

test.for([
  { path: '/api/services/fetcher/history?hours=6', read: ['history', 'fetcher', 6] },
  { path: '/api/services/fetcher/history', read: ['history', 'fetcher', 1] },
  { path: '/api/services/fetcher/control', read: ['controlFacts', 'fetcher'] },
  { path: '/api/services/%3Cb%3E/control', read: ['controlFacts', '<b>'], status: 404 },
  { path: '/api/services/fetcher/alerts', read: ['episodes', 'fetcher'] },
  { path: '/api/bars?service=a&service=b%20c', read: ['bars', ['a', 'b c']] },
  { path: '/api/alerts/a%2Fb?episode=3', read: ['timeline', 'a/b', 3], status: 404 },
  { path: '/api/services/%C3%A4%2F..%2F', read: ['service', 'ä/../'], status: 404 },
  { path: '/api/services/%E0%A4%A', read: ['service', '%E0%A4%A'], status: 404 },
  { path: '/api/trends?range=30d&service=a', read: ['trends', '30d', 'a'] },
  { path: '/api/audit?count=5&alert=a1', read: ['audit', { count: 5, alert: 'a1' }] },
  { path: '/api/export/history?service=a&format=csv', read: ['export', 'history', 'csv', 'a'] },
])('$path asks for what it says', async ({ path, read: [what, ...given], status = 200 }) => {
  const { ask, data } = await serve({ auth: TOKENS })
  expect((await ask(path, { headers: bearer(VIEWER) })).status).toBe(status)
  expect(data.read).toEqual([{ what, given }])
})

test.for([
  { path: '/api/services/fetcher/history?hours=2', says: 'hours is not right, expected 1 or 6 or 24.' },
  { path: '/api/bars', says: 'service is given 0 times, expected 1 to 100 names of services.' },
  { path: `/api/bars?${'service=a&'.repeat(101)}`, says: 'service is given 101 times, expected 1 to 100 names of services.' },
  { path: '/api/alerts/a?episode=-1', says: 'episode is not right, expected a whole number from 0 to 9007199254740991.' },
  { path: '/api/trends?range=1y', says: 'range is not right, expected 24h or 30d.' },
  { path: '/api/audit?count=1001', says: 'count is not right, expected a whole number from 1 to 1000.' },
  { path: `/api/audit?service=${'x'.repeat(201)}`, says: 'service is longer than 200 characters.' },
  { path: '/api/export/history', says: 'service is missing: the history is exported of one service.' },
  { path: '/api/export/audit?format=xml', says: 'format is not right, expected ndjson or csv.' },
])('$path is refused', async ({ path, says }) => {
  const { ask, data } = await serve({ auth: TOKENS })
  const answer = await ask(path, { headers: bearer(VIEWER) })
  expect([answer.status, JSON.parse(answer.text)]).toEqual([400, { error: says }])
  expect(data.read).toEqual([])
})

test.for([
  { trouble: NOT_NOW, status: 409, says: 'The alert a1 is over already.' },
  { trouble: WRONGLY, status: 400, says: '"x" is no matcher.' },
  {
    trouble: Object.assign(new Error('connect ECONNREFUSED redis://:hunter2@10.0.0.9'), { code: 'ECONNREFUSED' }),
    status: 503,
    says: 'The health Redis has not answered (ECONNREFUSED): try again.',
  },
  {
    trouble: new Error("NOPERM User viewer has no permissions to run the 'eval' command"),
    status: 503,
    says: 'The health Redis does not let the panel do this: its user needs the rights of operator.acl, as docs/security.md says.',
  },
  { trouble: new TypeError('x is undefined'), status: 500, says: 'The panel has failed at this: its log says how.' },
])('what goes wrong is $status: $says', async ({ trouble, status, says }) => {
  const { post, data } = await serve({ auth: TOKENS })
  data.trouble = trouble
  const answer = await post('/api/actions/ack', { alerts: ['a1'], why: 'w' }, bearer(OPERATOR))
  expect([answer.status, JSON.parse(answer.text)]).toEqual([status, { error: says }])
})

test('who acts, from where, is passed on', async () => {
  const { post, data } = await serve({ auth: TOKENS })
  await post('/api/actions/ack', { alerts: ['a1'], why: 'w', forMs: 3_600_000 }, { ...bearer(ACKER), 'x-forwarded-for': '6.6.6.6' })
  expect(data.acted).toEqual([
    { action: 'ack', request: { alerts: ['a1'], why: 'w', forMs: 3_600_000 }, actor: { by: 'acker', from: '127.0.0.1' } },
  ])
})

test('where services are not controlled from the panel nobody may, and everybody is told', async () => {
  const { post, ask, data } = await serve({ auth: TOKENS, control: false })
  const answer = await post('/api/actions/stop', { service: 'a', name: 'a', why: 'w' }, bearer(OPERATOR))
  expect([answer.status, JSON.parse(answer.text)]).toEqual([
    403,
    { error: 'Services cannot be controlled from this panel: HEALTH_PANEL_CONTROL is false.' },
  ])
  expect(data.read).toEqual([])
  expect((await post('/api/actions/ack', { alerts: ['a1'], why: 'w' }, bearer(OPERATOR))).status).toBe(200)
  const session = JSON.parse((await ask('/api/session', { headers: bearer(OPERATOR) })).text) as { control: boolean; may: string[] }
  expect([session.control, session.may.includes('forget'), session.may.includes('stop')]).toEqual([false, true, false])
})

test('a viewer may be given single actions of control', async () => {
  const pauser = 'pausers-0123456789ab'
  const { post } = await serve({ auth: { login: 'token', tokens: [{ token: pauser, role: 'viewer', may: ['pause', 'resume'] }] } })
  const status = async (action: string, more: object) =>
    (await post(`/api/actions/${action}`, { service: 'a', why: 'w', ...more }, bearer(pauser))).status
  expect([await status('pause', { forMs: 60_000 }), await status('resume', {}), await status('stop', { name: 'a' })]).toEqual([
    200, 200, 403,
  ])
})

test('exports are what the data side gives, in a file, and reading ends with whoever reads', async () => {
  const { ask, data } = await serve({ auth: TOKENS })
  const answer = await ask('/api/export/history?service=a%22%0Ab', { headers: bearer(VIEWER) })
  expect([answer.text, answer.headers['content-type'], answer.headers['content-disposition']]).toEqual([
    '{"a":1}\n{"a":2}\n',
    'application/x-ndjson; charset=utf-8',
    'attachment; filename="history-a__b.ndjson"',
  ])
  expect(data.exportsOpen).toBe(0)
})

test('an export that breaks off is cut off, and says nothing of why; one that fails at once is an answer', async () => {
  const { ask, data } = await serve({ auth: TOKENS })
  data.broken = new Error('redis://:hunter2@10.0.0.9 is gone')
  await expect(ask('/api/export/audit', { headers: bearer(VIEWER) })).rejects.toThrow(/aborted|hang up/)
  data.lines = []
  const answer = await ask('/api/export/audit', { headers: bearer(VIEWER) })
  expect([answer.status, answer.text]).toEqual([503, '{"error":"The health Redis has not answered: try again."}'])
})

test('who goes away in the middle of an export ends the reading of it', async () => {
  const { port, data } = await serve({ auth: TOKENS })
  data.lines = Array.from({ length: 100_000 }, () => `${'x'.repeat(1000)}\n`)
  const request = httpRequest({ host: '127.0.0.1', port, path: '/api/export/audit', headers: bearer(VIEWER), agent: false })
  request.on('error', () => {})
  request.on('response', (response) => response.once('data', () => request.destroy()).on('error', () => {}))
  request.end()
  await vi.waitUntil(() => data.exportsOpen === 1, { timeout: 20_000, interval: 1 })
  await vi.waitUntil(() => data.exportsOpen === 0, { timeout: 20_000, interval: 1 })
  expect(request.destroyed).toBe(true)
})

test('actions and exports are counted of each who asks', async () => {
  const { post, ask } = await serve({
    auth: TOKENS,
    visitRates: { actions: { burst: 2, perMinute: 1 }, exports: { burst: 1, perMinute: 1 } },
  })
  const act = async (token: string) => (await post('/api/actions/ack', { alerts: ['a1'], why: 'w' }, bearer(token))).status
  expect([await act(ACKER), await act(ACKER), await act(ACKER), await act(OPERATOR)]).toEqual([200, 200, 429, 200])
  const exported = async () => (await ask('/api/export/audit', { headers: bearer(VIEWER) })).headers['retry-after']
  expect([await exported(), Number(await exported())]).toEqual([undefined, expect.closeTo(60, -1)])
})
