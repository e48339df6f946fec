/** Who is known without a session: nobody at all, by a proxy, or by the program that the panel is mounted in. */
import { describe, expect, test } from 'vitest'

import type { PanelAuth } from '../../../../src/panel/http/access/access-of.ts'
import type { Session } from '../../../../src/panel/protocol.ts'
import { serve } from '../serving.ts'

interface From {
  readonly address?: string
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function asked(
  auth: PanelAuth,
  { address, url = 'http://127.0.0.1/api/session', headers = {} }: From,
): Promise<Session & { status: number; error?: string }> {
  const { panel } = await serve({ auth })
  const env = address === undefined ? undefined : { incoming: { url: new URL(url).pathname, socket: { remoteAddress: address } } }
  const answer = await panel.fetch(new Request(url, { headers }), env)
  return { status: answer.status, ...((await answer.json()) as Session) }
}

describe('without a login', () => {
  test.for<From & { why: string; status: number }>([
    { why: 'this machine', address: '127.0.0.1', status: 200 },
    { why: 'this machine, by IPv6', address: '::1', url: 'http://[::1]:8010/api/session', status: 200 },
    { why: 'this machine, by IPv4 in IPv6', address: '::ffff:127.0.0.1', status: 200 },
    { why: 'another address of this machine', address: '127.8.8.8', status: 200 },
    { why: 'by the name localhost', address: '127.0.0.1', url: 'http://localhost:8010/api/session', status: 200 },
    { why: 'another machine', address: '10.0.0.5', status: 403 },
    { why: 'another machine that says it is this one', address: '10.0.0.5', headers: { 'x-forwarded-for': '127.0.0.1' }, status: 403 },
    { why: 'nobody knows where from', status: 403 },
    { why: 'a name elsewhere that leads here (DNS rebinding)', address: '127.0.0.1', url: 'http://evil.example/api/session', status: 403 },
    { why: 'a name that begins as ours does', address: '127.0.0.1', url: 'http://localhost.evil.example/api/session', status: 403 },
    { why: 'a name with ours in it', address: '127.0.0.1', url: 'http://127.0.0.1.evil.example/api/session', status: 403 },
    { why: 'a proxy on this machine', address: '127.0.0.1', headers: { 'x-forwarded-for': '10.0.0.5' }, status: 403 },
    { why: 'such a proxy, that says so otherwise', address: '127.0.0.1', headers: { forwarded: 'for=10.0.0.5' }, status: 403 },
  ])('$why: $status', async ({ status, ...from }) => {
    expect((await asked({ login: 'none' }, from)).status).toBe(status)
  })

  test('a Host header counts, not the address that was connected to', async () => {
    const { ask } = await serve()
    for (const path of ['/', '/api/now', '/assets/plain.css', '/login', '/status']) {
      expect([path, (await ask(path, { headers: { host: 'evil.example:8010' } })).status]).toEqual([path, 403])
    }
  })

  test('one may do everything, under the name that was given', async () => {
    expect(await asked({ login: 'none', by: 'ann' }, { address: '::1' })).toMatchObject({ user: 'ann', role: 'operator', login: 'none' })
  })
})

describe('behind a proxy', () => {
  const AUTH = {
    ...{ login: 'proxy', userHeader: 'x-user', groupsHeader: 'x-groups', trusted: ['10.1.0.0/16', 'fd00::/8', '192.168.0.7'] },
    ...{ operators: ['sre', 'on call'], viewers: ['dev'] },
  } as const satisfies PanelAuth

  const NOBODY = { user: undefined, role: undefined }
  const SRE = { 'x-user': 'ann', 'x-groups': 'sre' }

  test.for<From & { why: string; is: { user: string | undefined; role: string | undefined } }>([
    {
      why: 'an operator',
      address: '10.1.2.3',
      headers: { 'x-user': 'ann', 'x-groups': 'dev, on call' },
      is: { user: 'ann', role: 'operator' },
    },
    { why: 'a viewer', address: 'fd00::5', headers: { 'x-user': 'bob', 'x-groups': 'dev' }, is: { user: 'bob', role: 'viewer' } },
    { why: 'one address alone', address: '::ffff:192.168.0.7', headers: SRE, is: { user: 'ann', role: 'operator' } },
    { why: 'in no group with a right', address: '10.1.2.3', headers: { 'x-user': 'eve', 'x-groups': 'sales' }, is: NOBODY },
    { why: 'no groups', address: '10.1.2.3', headers: { 'x-user': 'eve' }, is: NOBODY },
    { why: 'no name', address: '10.1.2.3', headers: { 'x-groups': 'sre' }, is: NOBODY },
    { why: 'an empty name', address: '10.1.2.3', headers: { ...SRE, 'x-user': '' }, is: NOBODY },
    { why: 'past the proxy', address: '10.2.0.1', headers: SRE, is: NOBODY },
    {
      why: 'past the proxy, with its address in a header',
      ...{ address: '10.2.0.1', headers: { ...SRE, 'x-forwarded-for': '10.1.0.1', 'x-real-ip': '10.1.0.1' }, is: NOBODY },
    },
    { why: 'nobody knows where from', headers: SRE, is: NOBODY },
    { why: 'this machine, which is not trusted by itself', address: '127.0.0.1', headers: SRE, is: NOBODY },
    { why: 'another header', address: '10.1.2.3', headers: { 'x-forwarded-user': 'ann', 'x-groups': 'sre' }, is: NOBODY },
  ])('$why', async ({ is, ...from }) => {
    const { user, role } = await asked(AUTH, from)
    expect({ user, role }).toEqual(is)
  })

  test('without viewers everybody is one whom the proxy lets in', async () => {
    const { viewers: _, ...open } = AUTH
    expect(await asked(open, { address: '10.1.0.1', headers: { 'x-user': 'eve' } })).toMatchObject({ user: 'eve', role: 'viewer' })
  })

  test('a name that came twice is refused: the proxy adds its own to what anybody sent', async () => {
    const answer = await asked(AUTH, { address: '10.1.0.1', headers: { 'x-user': 'admin, eve', 'x-groups': 'sre' } })
    expect([answer.status, answer.error]).toEqual([
      401,
      'The header x-user has come twice, or with a comma in it: the proxy must set it itself.',
    ])
  })

  test('a name is text on one line', async () => {
    expect((await asked(AUTH, { address: '10.1.0.1', headers: { 'x-user': 'ann\u00ad', 'x-groups': 'sre' } })).user).toBe('ann')
  })
})

describe('by the program that the panel is mounted in', () => {
  test.for<{ why: string; authorize: Extract<PanelAuth, { login: 'hook' }>['authorize']; expected: object }>([
    {
      why: 'somebody',
      authorize: () => ({ user: 'ann', role: 'viewer', may: ['note'] }),
      expected: { status: 200, user: 'ann', may: ['note'] },
    },
    { why: 'somebody, after a while', authorize: () => Promise.resolve({ user: 'ann', role: 'operator' }), expected: { role: 'operator' } },
    { why: 'nobody', authorize: () => undefined, expected: { status: 200, may: [], login: 'proxy' } },
    {
      why: 'by what is asked',
      authorize: ({ url }) => (url.endsWith('session') ? { user: 'x', role: 'viewer' } : undefined),
      expected: { user: 'x' },
    },
    {
      why: 'it throws',
      authorize: () => Promise.reject(new Error('hunter2')),
      expected: { status: 500, error: 'The panel could not find out who you are: its log says why.' },
    },
  ])('$why', async ({ authorize, expected }) => {
    expect(await asked({ login: 'hook', authorize }, {})).toMatchObject(expected)
  })
})
