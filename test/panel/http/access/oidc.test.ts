/** A login by an OpenID provider, with a real one on this machine. */
import { expect, test } from 'vitest'

import type { PanelAuth } from '../../../../src/panel/http/access/access-of.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'
import { cookiesOf, serve, type Answer, type Serving } from '../serving.ts'
import { startOpenIdProvider, type OpenIdProvider } from './openid-provider.ts'

interface Login extends Serving {
  readonly provider: OpenIdProvider
  readonly clock: VirtualClock
  /** Leads to the provider. */
  begin(then?: string): Promise<Answer>
}

async function started(groups: { operators: readonly string[]; viewers?: readonly string[] } = { operators: ['sre'] }): Promise<Login> {
  const provider = await startOpenIdProvider()
  const clock = new VirtualClock()
  const auth: PanelAuth = { login: 'oidc', issuer: provider.issuer, clientId: 'panel', clientSecret: 'hunter2', ...groups }
  const serving = await serve({ auth, publicUrl: 'https://ops.example/health' }, { clock })
  return { ...serving, provider, clock, begin: (then = '/map') => serving.ask(`/health/login/oidc?then=${encodeURIComponent(then)}`) }
}

/** As a browser that has begun there comes back. */
async function comeBack({ ask, provider }: Login, begun: Answer): Promise<Answer> {
  return ask(provider.logIn(begun.headers.location!), { headers: { cookie: cookiesOf(begun) } })
}

test('the way there names state, nonce and a challenge, and binds them to the browser', async () => {
  const login = await started()
  const begun = await login.begin()
  const asked = Object.fromEntries(new URL(begun.headers.location!).searchParams)
  expect([begun.status, asked]).toEqual([
    302,
    {
      ...{ client_id: 'panel', response_type: 'code', scope: 'openid profile email', code_challenge_method: 'S256' },
      redirect_uri: 'https://ops.example/health/login/return',
      state: expect.stringMatching(/^[\w-]{43}$/) as string,
      nonce: expect.stringMatching(/^[\w-]{43}$/) as string,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
    },
  ])
  expect(begun.headers['set-cookie']).toEqual([
    expect.stringMatching(/^__Host-otel-health-login=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
  ])
})

test('one comes back to where one wanted to go, with a session that a link from there brings along', async () => {
  const login = await started()
  const back = await comeBack(login, await login.begin('/service/a?hours=6'))
  expect([back.status, back.headers.location]).toEqual([302, '/health/service/a?hours=6'])
  const [session, dropped] = back.headers['set-cookie']!
  expect(session).toMatch(/^__Host-otel-health-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  expect(dropped).toMatch(/^__Host-otel-health-login=; .*Max-Age=0$/)
  const { text } = await login.ask('/health/api/session', { headers: { cookie: cookiesOf(back) } })
  expect(JSON.parse(text)).toMatchObject({ user: 'ann', role: 'operator', login: 'oidc' })
})

test('one goes on within the panel alone', async () => {
  const login = await started()
  expect((await comeBack(login, await login.begin('//evil.example'))).headers.location).toBe('/health/')
})

test.for([
  { why: 'an operator', claims: { groups: ['x', 'sre'] }, is: ['id-7', 'operator'] },
  { why: 'a group that is no list', claims: { groups: 'sre' }, is: ['id-7', 'operator'] },
  { why: 'a viewer', claims: { groups: ['dev'], preferred_username: 'bob' }, is: ['bob', 'viewer'] },
  { why: 'by mail', claims: { groups: ['dev'], email: 'bob@ops.example' }, is: ['bob@ops.example', 'viewer'] },
  { why: 'in no group with a right', claims: { groups: ['sales'], preferred_username: 'eve' }, is: undefined },
  { why: 'no groups', claims: {}, is: undefined },
  { why: 'groups that are no texts', claims: { groups: [{ name: 'sre' }] }, is: undefined },
])('roles are by groups: $why', async ({ claims, is }) => {
  const login = await started({ operators: ['sre'], viewers: ['dev'] })
  login.provider.claims = claims
  const back = await comeBack(login, await login.begin())
  expect(back.status).toBe(is ? 302 : 403)
  const session = JSON.parse((await login.ask('/health/api/session', { headers: { cookie: cookiesOf(back) } })).text) as Record<
    string,
    unknown
  >
  expect([session['user'], session['role']]).toEqual(is ?? [undefined, undefined])
})

test('a name from there is text in our page', async () => {
  const login = await started({ operators: [], viewers: [] })
  login.provider.claims = { preferred_username: '<script>alert(1)</script>' }
  const { text, headers } = await comeBack(login, await login.begin())
  expect(headers['content-type']).toBe('text/html; charset=utf-8')
  expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt; is in none of the groups')
  expect(text).not.toContain('<script')
})

test.for<OpenIdProvider['fault']>(['nonce', 'signature', 'audience'])('a token with a wrong %s lets nobody in', async (fault) => {
  const login = await started()
  login.provider.fault = fault
  const back = await comeBack(login, await login.begin())
  expect([back.status, cookiesOf(back)]).toEqual([401, '__Host-otel-health-login='])
  expect(back.text).toContain('The OpenID provider has not logged you in: begin again.')
})

test('a login is of the browser that began it, and good once', async () => {
  const login = await started()
  const [mine, others] = [await login.begin(), await login.begin()]
  const link = login.provider.logIn(others.headers.location!)
  expect((await login.ask(link)).status).toBe(400)
  expect((await login.ask(link, { headers: { cookie: cookiesOf(mine) } })).status).toBe(401)
  expect((await login.ask(link, { headers: { cookie: cookiesOf(others) } })).status).toBe(302)
  expect((await login.ask(link, { headers: { cookie: cookiesOf(others) } })).status).toBe(400)
})

test('a login that took more than ten minutes is begun again', async () => {
  const login = await started()
  const begun = await login.begin()
  login.clock.advance(11 * 60_000)
  expect((await comeBack(login, begun)).status).toBe(400)
})

test('what the provider says against it is not believed without its state', async () => {
  const login = await started()
  const begun = await login.begin()
  const back = await login.ask('/health/login/return?error=access_denied&error_description=%3Cscript%3E', {
    headers: { cookie: cookiesOf(begun) },
  })
  expect(back.status).toBe(401)
  expect(back.text).not.toContain('script')
})

test('the panel starts without the provider, and asks again', async () => {
  const login = await started()
  login.provider.fault = 'away'
  const away = await login.begin()
  expect([away.status, away.headers['retry-after']]).toEqual([503, '10'])
  expect(away.text).toContain('The OpenID provider does not answer')
  login.provider.fault = 'none'
  expect((await login.begin()).status).toBe(302)
})
