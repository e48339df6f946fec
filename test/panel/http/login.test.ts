/** Logging in and out with tokens and passwords, as a browser does. */
import { expect, test } from 'vitest'

import { hashPassword } from '../../../src/panel/http/access/password-hash.ts'
import type { PanelAuth } from '../../../src/panel/http/access/access-of.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { ACKER, bearer, cookiesOf, OPERATOR, serve, TOKENS, VIEWER } from './serving.ts'

const HASHES = { ann: await hashPassword('anns password'), bob: await hashPassword('bobs password') }

const USERS = {
  login: 'basic',
  users: [
    { name: 'ann', passwordHash: HASHES.ann, role: 'operator' },
    { name: 'bob', passwordHash: HASHES.bob, role: 'viewer', may: ['ack', 'note'] },
  ],
} as const satisfies PanelAuth

const LOOSE = { loginRates: { ofAddress: { burst: 1000, perMinute: 1 }, ofUser: { burst: 1000, perMinute: 1 } } }

test('before a login only the way to log in is told', async () => {
  const { ask } = await serve({ auth: USERS })
  expect(JSON.parse((await ask('/api/session')).text)).toEqual({
    ...{ may: [], control: true, login: 'basic', prometheus: false, retentionHours: 24 },
    version: expect.any(String) as string,
  })
})

test.for<{ why: string; auth: PanelAuth; given: object; session: object }>([
  { why: 'a token', auth: TOKENS, given: { token: VIEWER }, session: { user: 'viewer', role: 'viewer', may: [] } },
  { why: 'a token, and a name', auth: TOKENS, given: { token: ACKER, user: ' ann\u202e\n' }, session: { user: 'ann', may: ['ack'] } },
  { why: 'a token with a name', auth: TOKENS, given: { token: ACKER }, session: { user: 'acker' } },
  { why: 'a password', auth: USERS, given: { user: 'bob', password: 'bobs password' }, session: { user: 'bob', may: ['ack', 'note'] } },
])('$why lets in, and the session says what one may', async ({ auth, given, session }) => {
  const { ask, post } = await serve({ auth })
  const answer = await post('/api/login', { ...given, then: '/map' })
  expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { then: '/map', session: expect.objectContaining(session) as object }])
  const cookie = cookiesOf(answer)
  expect(JSON.parse((await ask('/api/session', { headers: { cookie } })).text)).toMatchObject(session)
  expect((await ask('/api/now', { headers: { cookie } })).status).toBe(200)
  expect((await ask('/', { headers: { cookie } })).status).toBe(200)
})

test.for<{ why: string; auth: PanelAuth; given: object; status: number }>([
  { why: 'a wrong token', auth: TOKENS, given: { token: `${VIEWER}x` }, status: 401 },
  { why: 'nothing', auth: TOKENS, given: {}, status: 401 },
  { why: 'a password where tokens are asked for', auth: TOKENS, given: { user: 'ann', password: 'anns password' }, status: 401 },
  { why: 'a wrong password', auth: USERS, given: { user: 'ann', password: 'bobs password' }, status: 401 },
  { why: 'nobody of that name', auth: USERS, given: { user: 'eve', password: 'bobs password' }, status: 401 },
  { why: 'a name that every object has', auth: USERS, given: { user: '__proto__', password: 'x' }, status: 401 },
  { why: 'a password without end', auth: USERS, given: { user: 'ann', password: 'x'.repeat(4000) }, status: 401 },
  { why: 'no text', auth: USERS, given: { user: 'ann', password: { $ne: '' } }, status: 400 },
  { why: 'where nobody has to', auth: { login: 'none' }, given: { token: VIEWER }, status: 404 },
])('$why does not', async ({ auth, given, status }) => {
  const { post } = await serve({ auth })
  const answer = await post('/api/login', given)
  expect([answer.status, answer.headers['set-cookie']]).toEqual([status, undefined])
})

test('a cookie is not seen by scripts nor sent from other sites; over https no other host or path sets it', async () => {
  const plain = await serve({ auth: TOKENS })
  const prefixed = await serve({ auth: TOKENS, basePath: '/health' })
  const safe = await serve({ auth: TOKENS, publicUrl: 'https://ops.example/health' })
  const cookieOf = async ({ post }: typeof plain, path: string) => (await post(path, { token: VIEWER })).headers['set-cookie']
  expect(await cookieOf(plain, '/api/login')).toEqual([
    expect.stringMatching(/^otel-health-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/),
  ])
  expect(await cookieOf(prefixed, '/health/api/login')).toEqual([expect.stringContaining('; Path=/health; ')])
  expect(await cookieOf(safe, '/health/api/login')).toEqual([
    expect.stringMatching(/^__Host-otel-health-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/),
  ])
})

test('over https a cookie without the prefix, which another host may have set, lets nobody in', async () => {
  const { ask, post } = await serve({ auth: TOKENS, publicUrl: 'https://ops.example' })
  const cookie = cookiesOf(await post('/api/login', { token: VIEWER }))
  expect((await ask('/api/now', { headers: { cookie } })).status).toBe(200)
  expect((await ask('/api/now', { headers: { cookie: cookie.replace('__Host-', '') } })).status).toBe(401)
})

test('an id that somebody else has put there does not become a session, and the old one ends at a login', async () => {
  const { ask, post } = await serve({ auth: TOKENS })
  const planted = `otel-health-session=${'A'.repeat(43)}`
  const first = cookiesOf(await post('/api/login', { token: VIEWER }, { cookie: planted }))
  expect(first).not.toBe(planted)
  expect((await ask('/api/now', { headers: { cookie: planted } })).status).toBe(401)
  const second = cookiesOf(await post('/api/login', { token: OPERATOR }, { cookie: first }))
  expect((await ask('/api/now', { headers: { cookie: first } })).status).toBe(401)
  expect((await ask('/api/now', { headers: { cookie: second } })).status).toBe(200)
})

test('a failed login leaves the session that there is', async () => {
  const { ask, post } = await serve({ auth: TOKENS })
  const cookie = cookiesOf(await post('/api/login', { token: VIEWER }))
  expect((await post('/api/login', { token: 'wrong' }, { cookie })).status).toBe(401)
  expect((await ask('/api/now', { headers: { cookie } })).status).toBe(200)
})

test('logged out is logged out, and the cookie goes', async () => {
  const { ask, post } = await serve({ auth: TOKENS })
  const cookie = cookiesOf(await post('/api/login', { token: VIEWER }))
  const answer = await post('/api/logout', {}, { cookie })
  expect([answer.status, answer.headers['set-cookie']]).toEqual([200, [expect.stringMatching(/^otel-health-session=; .*Max-Age=0$/)]])
  expect((await ask('/api/now', { headers: { cookie } })).status).toBe(401)
})

test('after the login one goes on within the panel alone', async () => {
  const { post } = await serve({ auth: TOKENS })
  const then = async (path: string) => (JSON.parse((await post('/api/login', { token: VIEWER, then: path })).text) as { then: string }).then
  expect([await then('/service/a?hours=6'), await then('//evil.example'), await then('https://evil.example')]).toEqual([
    '/service/a?hours=6',
    '/',
    '/',
  ])
})

test('who guesses at one name is slowed down, whoever is right is not', async () => {
  const clock = new VirtualClock()
  const { post } = await serve({ auth: USERS, loginRates: { ...LOOSE.loginRates, ofUser: { burst: 2, perMinute: 2 } } }, { clock })
  const logIn = async (user: string, password: string) => {
    const { status, headers } = await post('/api/login', { user, password })
    return status === 429 ? `after ${headers['retry-after']} s` : status
  }
  for (let i = 0; i < 4; i++) expect(await logIn('bob', 'bobs password')).toBe(200)
  expect([await logIn('ann', '1'), await logIn('ann', '2'), await logIn('ann', 'anns password')]).toEqual([401, 401, 'after 30 s'])
  expect(await logIn('bob', 'bobs password')).toBe(200)
  clock.advance(30_000)
  expect(await logIn('ann', 'anns password')).toBe(200)
})

test.for([
  { why: 'a login', ask: { path: '/api/login', wrong: { token: 'wrong' } } },
  { why: 'a header', ask: { path: '/api/logout', wrong: {} } },
])('who guesses from one address is slowed down: by $why', async ({ ask: { path, wrong } }) => {
  const { post } = await serve({ auth: TOKENS, loginRates: { ofAddress: { burst: 3, perMinute: 1 } } })
  const statuses = []
  for (let i = 0; i < 5; i++) statuses.push((await post(path, wrong, path === '/api/logout' ? bearer(`guess-${i}-0123456789`) : {})).status)
  expect(statuses).toEqual(path === '/api/login' ? [401, 401, 401, 429, 429] : [200, 200, 200, 429, 429])
})

test('all addresses of one IPv6 network count as one', async () => {
  const { panel } = await serve({ auth: TOKENS, loginRates: { ofAddress: { burst: 2, perMinute: 1 } } })
  const from = async (remoteAddress: string) => {
    const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
    const request = new Request('http://panel/api/login', { method: 'POST', headers, body: '{"token":"wrong"}' })
    return (await panel.fetch(request, { incoming: { url: '/api/login', socket: { remoteAddress } } })).status
  }
  expect([await from('2001:db8::1'), await from('2001:db8:0:0:ffff::2'), await from('2001:db8:0:0:1:2:3:4')]).toEqual([401, 401, 429])
  expect(await from('2001:db8:0:1::1')).toBe(401)
})

test('a password can be sent by a program, and is not asked for by a window of the browser', async () => {
  const { ask } = await serve({ auth: USERS, ...LOOSE })
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
  expect((await ask('/api/now', { headers: basic('ann:anns password') })).status).toBe(200)
  const refused = await ask('/api/now', { headers: basic('ann:wrong:') })
  expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, undefined])
  expect((await ask('/api/now', { headers: basic('ann') })).status).toBe(401)
})

test('many logins at once wait for their turn, and too many are told to come again', async () => {
  const { post } = await serve({ auth: USERS, ...LOOSE })
  const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => post('/api/login', { user: `u${i}`, password: 'x' })))
  const count = (status: number) => answers.filter((answer) => answer.status === status).length
  expect(count(401) + count(503)).toBe(30)
  expect([count(401) >= 18, count(503) > 0]).toEqual([true, true])
})

test.for<{ auth: PanelAuth; says: string }>([
  { auth: { login: 'token', tokens: [] }, says: 'There is no token to log in with' },
  { auth: { login: 'token', tokens: [{ token: 'short', role: 'viewer' }] }, says: 'has 5 characters, expected 16 or more' },
  { auth: { login: 'basic', users: [] }, says: 'There are no users who could log in' },
  { auth: { login: 'basic', users: [{ name: 'a:b', passwordHash: HASHES.ann, role: 'viewer' }] }, says: 'is called "a:b", expected' },
  {
    auth: { login: 'basic', users: [{ name: 'ann', passwordHash: 'hunter2', role: 'viewer' }] },
    says: 'The password of the user "ann" of the panel is no hash',
  },
  {
    auth: { login: 'basic', users: [1, 2].map(() => ({ name: 'ann', passwordHash: HASHES.ann, role: 'viewer' as const })) },
    says: 'Two users of the panel are called "ann"',
  },
  {
    auth: { login: 'magic' } as unknown as PanelAuth,
    says: 'login of the panel is "magic", expected none, token, basic, proxy, oidc or hook.',
  },
  { auth: { login: 'proxy', userHeader: 'x y', trusted: ['::1'], operators: [] }, says: '"x y" is no name of a header' },
  { auth: { login: 'proxy', userHeader: 'x-user', trusted: [], operators: [] }, says: 'No address of the proxy is trusted' },
  {
    auth: { login: 'proxy', userHeader: 'x-user', trusted: ['10.0.0.0/33'], operators: [] },
    says: '"10.0.0.0/33" is no address of a proxy',
  },
  {
    auth: { login: 'proxy', userHeader: 'x-user', trusted: ['proxy.local'], operators: [] },
    says: '"proxy.local" is no address of a proxy',
  },
  { auth: { login: 'oidc', issuer: 'https://id.example', clientId: 'panel', operators: [] }, says: 'does not know its own address' },
  {
    auth: { login: 'oidc', issuer: 'http://id.example', clientId: 'panel', operators: [] },
    says: 'The issuer of the OpenID provider cannot be used',
  },
])('refused where it is made: $says', async ({ auth, says }) => {
  await expect(serve({ auth })).rejects.toThrow(says)
})
