/** A page elsewhere cannot act, nor read, with the login of whoever looks at it. */
import { request as httpRequest } from 'node:http'

import { expect, test, vi } from 'vitest'

import { ACTIONS } from '../../../src/panel/http/access/rights.ts'
import { bearer, cookiesOf, OPERATOR, serve, TOKENS, type Serving } from './serving.ts'

const ACK = { alerts: ['a1'], why: 'w' }

async function loggedIn(publicUrl?: string): Promise<Serving & { readonly cookie: string }> {
  const serving = await serve({ auth: TOKENS, ...(publicUrl !== undefined && { publicUrl }) })
  const cookie = cookiesOf(await serving.post(`${publicUrl === undefined ? '' : '/health'}/api/login`, { token: OPERATOR }))
  return { ...serving, cookie }
}

const JSON_TYPE = { 'content-type': 'application/json' }

test.for([
  { why: 'a page of the panel', headers: { ...JSON_TYPE, 'sec-fetch-site': 'same-origin' }, status: 200 },
  { why: 'with a charset', headers: { 'content-type': 'Application/JSON; charset=utf-8', 'sec-fetch-site': 'same-origin' }, status: 200 },
  { why: 'a page of the panel, of a browser without Sec-Fetch-Site', headers: { ...JSON_TYPE, origin: 'OWN' }, status: 200 },
  { why: 'another site, JSON', headers: { ...JSON_TYPE, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, status: 403 },
  {
    why: 'another port of the same site',
    headers: { ...JSON_TYPE, 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' },
    status: 403,
  },
  { why: 'typed into the address bar', headers: { ...JSON_TYPE, 'sec-fetch-site': 'none' }, status: 403 },
  { why: 'another site, of a browser without Sec-Fetch-Site', headers: { ...JSON_TYPE, origin: 'http://evil.example' }, status: 403 },
  { why: 'another port, of such a browser', headers: { ...JSON_TYPE, origin: 'http://127.0.0.1:1' }, status: 403 },
  { why: 'an origin that is hidden', headers: { ...JSON_TYPE, origin: 'null' }, status: 403 },
  { why: 'who says neither', headers: JSON_TYPE, status: 403 },
  { why: 'a form', headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }, status: 403 },
  { why: 'a form with plain text', headers: { 'content-type': 'text/plain', 'sec-fetch-site': 'same-origin' }, status: 403 },
  {
    why: 'a form with JSON in its name',
    headers: { 'content-type': 'text/plain; application/json', 'sec-fetch-site': 'same-origin' },
    status: 403,
  },
  { why: 'no type', headers: { 'sec-fetch-site': 'same-origin' }, status: 403 },
])('an action of $why: $status', async ({ headers, status }) => {
  const { ask, data, port, cookie } = await loggedIn()
  const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('OWN', `http://127.0.0.1:${port}`)]))
  const answer = await ask('/api/actions/ack', { method: 'POST', headers: { cookie, ...sent }, body: JSON.stringify(ACK) })
  expect([answer.status, data.acted.length]).toEqual([status, status === 200 ? 1 : 0])
})

test.for(ACTIONS)('a page elsewhere does not %s with the login of whoever looks at it', async (action) => {
  const { ask, data, cookie } = await loggedIn()
  const headers = { cookie, ...JSON_TYPE, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
  const body = JSON.stringify({ alerts: ['a1'], service: 'a', name: 'a', forMs: 60_000, why: 'w' })
  expect((await ask(`/api/actions/${action}`, { method: 'POST', headers, body })).status).toBe(403)
  expect(data.acted).toEqual([])
})

test('behind a proxy only the public address is ours, whatever the Host says', async () => {
  const { ask, cookie } = await loggedIn('https://ops.example/health')
  const act = async (origin: string) =>
    (
      await ask('/health/api/actions/ack', {
        method: 'POST',
        headers: { cookie, ...JSON_TYPE, origin, host: 'evil.example' },
        body: JSON.stringify(ACK),
      })
    ).status
  expect([await act('https://ops.example'), await act('http://ops.example'), await act('http://evil.example')]).toEqual([200, 403, 403])
})

test('a program shows who it is by itself, and says nothing of a site', async () => {
  const { ask } = await serve({ auth: TOKENS })
  const headers = { ...JSON_TYPE, ...bearer(OPERATOR) }
  expect((await ask('/api/actions/ack', { method: 'POST', headers, body: JSON.stringify(ACK) })).status).toBe(200)
})

test.for(['/api/login', '/api/logout'])('nobody is logged in or out by another site: %s', async (path) => {
  const { ask, cookie } = await loggedIn()
  const headers = { cookie, ...JSON_TYPE, 'sec-fetch-site': 'cross-site' }
  expect((await ask(path, { method: 'POST', headers, body: JSON.stringify({ token: OPERATOR }) })).status).toBe(403)
  expect(JSON.parse((await ask('/api/session', { headers: { cookie } })).text)).toMatchObject({ role: 'operator' })
})

test('other sites do not even read, nor use up streams; a link of theirs leads to the page', async () => {
  const { ask, cookie } = await loggedIn()
  const headers = { cookie, 'sec-fetch-site': 'cross-site' }
  expect((await ask('/api/now', { headers })).status).toBe(403)
  expect((await ask('/api/live', { headers })).status).toBe(403)
  expect((await ask('/', { headers })).status).toBe(200)
})

test.for([
  { why: 'said to be so long', size: 65 * 1024, chunked: false },
  { why: 'found to be so long', size: 65 * 1024, chunked: true },
])('a body is refused at 64 kB: $why', async ({ size, chunked }) => {
  const { port, data } = await serve({ auth: TOKENS })
  let status: number | undefined
  const headers = {
    ...JSON_TYPE,
    ...bearer(OPERATOR),
    ...(chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(size) }),
  }
  const request = httpRequest({ host: '127.0.0.1', port, path: '/api/actions/ack', method: 'POST', headers, agent: false })
  request.on('response', (response) => {
    status = response.statusCode
    response.resume()
  })
  request.on('error', () => {})
  // It never ends: the answer comes all the same.
  request.write('x'.repeat(size))
  await vi.waitUntil(() => status !== undefined, { timeout: 20_000 })
  request.destroy()
  expect([status, data.acted]).toEqual([413, []])
})

test.for([
  { body: '', says: 'The body is no JSON, expected an object.' },
  { body: '{"alerts":', says: 'The body is no JSON, expected an object.' },
  { body: '[]', says: 'The body is no JSON object.' },
  { body: 'null', says: 'The body is no JSON object.' },
  { body: '"a"', says: 'The body is no JSON object.' },
  { body: '{"why":"w","alerts":["a"],"__proto__":{"x":1}}', says: '"__proto__" is nothing that ack takes, expected why, alerts, forMs.' },
])('a body $body is refused', async ({ body, says }) => {
  const { ask, data } = await serve({ auth: TOKENS })
  const answer = await ask('/api/actions/ack', { method: 'POST', headers: { ...JSON_TYPE, ...bearer(OPERATOR) }, body })
  expect([answer.status, JSON.parse(answer.text), data.acted]).toEqual([400, { error: says }, []])
})
