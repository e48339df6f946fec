/** The page for everybody: names and states, and nothing that is not so. */
import { expect, test } from 'vitest'

import { publicStatus } from '../../../src/panel/http/status-page.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { serviceRow } from './memory-data.ts'
import { serve, TOKENS, type Serving } from './serving.ts'

const AT = Date.UTC(2026, 10, 30, 14, 2, 5)

async function shown(now: Partial<Serving['data']['feed']['now']>, options = {}): Promise<Serving & { readonly clock: VirtualClock }> {
  const clock = new VirtualClock()
  const serving = await serve({ auth: TOKENS, public: true, ...options }, { clock })
  serving.data.feed.now = { ...serving.data.feed.now, at: AT, ...now }
  return { ...serving, clock }
}

test('everybody sees names and states, and nothing else', async () => {
  const { ask } = await shown({
    services: [
      serviceRow({ reasons: ['the password is hunter2'], cause: 'depends on x' }),
      serviceRow({ service: 'mailer', status: 'degraded' }),
    ],
    problems: ['{health}:meta is of another type than it should be'],
  })
  const { status, text, headers } = await ask('/status.json')
  expect([status, JSON.parse(text)]).toEqual([
    200,
    {
      at: '2026-11-30T14:02:05.000Z',
      status: 'degraded',
      services: [
        { name: 'fetcher', status: 'healthy' },
        { name: 'mailer', status: 'degraded' },
      ],
    },
  ])
  expect(headers['cache-control']).toBe('public, max-age=15')
  const page = (await ask('/status')).text
  expect(page).toContain('<h1 class="degraded"><span aria-hidden="true">!</span> Degraded</h1>')
  expect(page).toContain('As of <time datetime="2026-11-30T14:02:05.000Z">2026-11-30 14:02:05 UTC</time>.')
  expect(page.match(/<th scope="row">[^<]*/g)).toEqual(['<th scope="row">fetcher', '<th scope="row">mailer'])
  expect(page).not.toMatch(/hunter2|depends|meta is|<script|style="/)
})

test.for([
  { why: 'nothing is known', statuses: [], is: 'unknown' },
  { why: 'all is well', statuses: ['healthy', 'healthy'], is: 'healthy' },
  { why: 'one is not', statuses: ['healthy', 'unhealthy', 'degraded'], is: 'unhealthy' },
  { why: 'one has stopped', statuses: ['healthy', 'stopped'], is: 'stopped' },
  { why: 'of one nobody knows', statuses: ['healthy', 'stopped', 'unknown'], is: 'unknown' },
] as const)('the worst of all: $why', ({ statuses, is }) => {
  const services = statuses.map((status, i) => ({ service: `s${i}`, status }))
  expect(publicStatus({ at: 0, services }).status).toBe(is)
})

test('what cannot be confirmed is not shown as well', async () => {
  const { ask } = await shown({ staleSince: AT - 60_000 })
  expect(JSON.parse((await ask('/status.json')).text)).toMatchObject({
    status: 'unknown',
    staleSince: '2026-11-30T14:01:05.000Z',
    services: [{ name: 'fetcher', status: 'unknown' }],
  })
  const page = (await ask('/status')).text
  expect(page).toContain('Not confirmed since <time datetime="2026-11-30T14:01:05.000Z">')
  expect(page).not.toContain('Healthy')
})

test('that nothing is known is said', async () => {
  const { ask } = await shown({ services: [] })
  expect((await ask('/status')).text).toContain('Nothing is known: no service has been heard of.')
})

test('names are text', async () => {
  const name = `"><img src=x onerror=alert(1)>'&`
  const { ask } = await shown({ services: [serviceRow({ service: name })] })
  const page = (await ask('/status')).text
  expect(page).toContain('<th scope="row">&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&#39;&amp;</th>')
  expect(page).not.toContain('<img')
})

test('it is found out once in 15 s, and not sent again where nothing has changed', async () => {
  const { ask, data, clock } = await shown({})
  const { asked } = data.feed
  const first = await ask('/status')
  for (let i = 0; i < 20; i++) await ask('/status.json')
  expect(data.feed.asked - asked).toBe(1)
  const again = await ask('/status', { headers: { 'if-none-match': first.headers.etag! } })
  expect([again.status, again.text]).toEqual([304, ''])
  clock.advance(15_000)
  data.feed.now = { ...data.feed.now, at: AT + 15_000 }
  expect((await ask('/status', { headers: { 'if-none-match': first.headers.etag! } })).status).toBe(200)
})

test('below a prefix its styles are found', async () => {
  const { ask } = await shown({}, { basePath: '/health' })
  const [, href] = /href="([^"]+)"/.exec((await ask('/health/status')).text)!
  expect(href).toBe('/health/status.css')
  expect((await ask(href!)).headers['content-type']).toBe('text/css; charset=utf-8')
})

test('without a login it is of this machine too', async () => {
  const { ask } = await shown({}, { auth: { login: 'none' } })
  expect((await ask('/status', { headers: { host: 'evil.example' } })).status).toBe(403)
})
