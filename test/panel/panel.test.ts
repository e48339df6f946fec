/** The panel whole, on a real Redis: what one browser does is seen by the other, and is recorded. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'

import { freePort } from '../../examples/valkey/free-port.ts'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { createPanel, listen, type PanelOptions } from '../../src/panel.ts'
import type { AuditRow, Change, Now, PollAnswer, ServiceDetail } from '../../src/panel/protocol.ts'
import { shardOf } from '../../src/wire/names.ts'
import { createPublisher, type PublisherClient } from '../../src/wire/redis-client.ts'
import { RedisRecord } from '../subscribe/record.ts'
import { sayAlert } from '../support/said-alert.ts'
import { ACKER, bearer, OPERATOR, TOKENS, VIEWER } from './http/serving.ts'

let valkey: EmbeddedValkey
let redis: Redis
let client: PublisherClient

const NAMES = shardOf('fetcher', 1)
const say = (id: string, rule: string) => sayAlert(client, NAMES, { id, service: 'fetcher', rule })

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  client = (await createPublisher({ host: '127.0.0.1', port: valkey.port }, 5000)).client
  await client.connect()
  await new RedisRecord(redis).beat({ service: 'fetcher', status: 'unhealthy' })
  await say('a1', 'low_rate')
})
afterAll(async () => {
  redis.disconnect()
  client.disconnect()
  await valkey.stop()
})

const HOSTILE = `</script><img src=x onerror=alert(1)> "why"\u202e`

async function started(options: Partial<PanelOptions> = {}): Promise<string> {
  const panel = createPanel({ connection: { host: '127.0.0.1', port: valkey.port }, auth: TOKENS, ...options })
  const { url, close } = await listen(panel, { port: 0 })
  onTestFinished(close)
  return url
}

const until = (isSo: () => unknown) => vi.waitUntil(isSo, { timeout: 20_000, interval: 10 })

async function read<T>(url: string, path: string, token: string = VIEWER): Promise<T> {
  return (await (await fetch(`${url}/api/${path}`, { headers: bearer(token) })).json()) as T
}

async function act(url: string, action: string, body: object, token: string): Promise<{ status: number; answer: unknown }> {
  const headers = { 'content-type': 'application/json', ...bearer(token) }
  const answer = await fetch(`${url}/api/actions/${action}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: answer.status, answer: await answer.json() }
}

/** Events of a stream as they come, until the test ends. */
async function follow(url: string): Promise<{ event: string; id: string; data: unknown }[]> {
  const leaving = new AbortController()
  onTestFinished(() => leaving.abort())
  const { body } = await fetch(`${url}/api/live`, { headers: bearer(VIEWER), signal: leaving.signal })
  const events: { event: string; id: string; data: unknown }[] = []
  const reading = async () => {
    let text = ''
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      const parts = (text + chunk).split('\n\n')
      text = parts.pop()!
      for (const part of parts) {
        const [, event, id, data] = /^event: (.*)\nid: (.*)\ndata: (.*)$/.exec(part) ?? []
        if (event !== undefined) events.push({ event, id: id!, data: JSON.parse(data!) as unknown })
      }
    }
  }
  reading().catch(() => {})
  await until(() => events.length > 0)
  return events
}

test('a page sees what there is, and each transition as it comes', async () => {
  const url = await started()
  const events = await follow(url)
  const now = events[0]!.data as Now
  expect([events[0]!.event, now.services.map(({ service }) => service), now.alerts.map(({ id }) => id)]).toEqual([
    'now',
    ['fetcher'],
    ['a1'],
  ])
  await say('a2', 'slow')
  await until(() => events.some(({ event, data }) => event === 'transition' && (data as { alertId: string }).alertId === 'a2'))
  await until(() => events.some(({ event, data }) => event === 'change' && (data as Change).alerts.some(({ id }) => id === 'a2')))
  const polled = await read<PollAnswer>(url, `now?since=${events[0]!.id}`)
  expect(polled).toMatchObject({ transitions: [expect.objectContaining({ alertId: 'a2' })] })
})

test('an ack in one browser shows in another, and the journal says who, from where, what and why', async () => {
  const url = await started()
  const events = await follow(url)
  expect(await act(url, 'ack', { alerts: ['a1'], why: HOSTILE, forMs: 3_600_000 }, ACKER)).toEqual({
    status: 200,
    answer: { done: ['a1'], refused: [] },
  })
  await until(() => events.some(({ event, data }) => event === 'change' && (data as Change).alerts.some(({ ack }) => ack?.by === 'acker')))
  const [entry] = await read<AuditRow[]>(url, 'audit?count=1')
  expect(entry).toMatchObject({
    actor: 'acker',
    from: '127.0.0.1',
    action: 'ack',
    about: expect.objectContaining({ alert: 'a1' }) as object,
  })
  expect(entry!.why).toContain('</script><img src=x onerror=alert(1)>')
})

test('what is refused is not done, and not recorded', async () => {
  const url = await started()
  const before = await redis.xlen('{health}:audit')
  expect((await act(url, 'resolve', { alerts: ['a1'], why: 'w' }, ACKER)).status).toBe(403)
  expect((await act(url, 'ack', { alerts: ['a1'], why: '' }, OPERATOR)).status).toBe(400)
  const nothing = await act(url, 'ack', { alerts: ['nothing'], why: 'w' }, OPERATOR)
  expect(nothing).toMatchObject({ answer: { refused: [{ what: 'nothing', why: expect.any(String) as string }] } })
  expect(await redis.xlen('{health}:audit')).toBe(before)
})

test('a service, its history, an alert and the rest are answered', async () => {
  const url = await started()
  expect((await read<ServiceDetail>(url, 'services/fetcher')).row.service).toBe('fetcher')
  const paths = [
    'services/fetcher/history?hours=6',
    'services/fetcher/alerts',
    'alerts/a1',
    'bars?service=fetcher',
    'map',
    'trends',
    'silences',
  ]
  for (const path of paths) expect([path, (await fetch(`${url}/api/${path}`, { headers: bearer(VIEWER) })).status]).toEqual([path, 200])
  for (const path of ['services/nobody', 'alerts/nothing']) {
    expect([path, (await fetch(`${url}/api/${path}`, { headers: bearer(VIEWER) })).status]).toEqual([path, 404])
  }
  const exported = await fetch(`${url}/api/export/alerts?format=csv`, { headers: bearer(VIEWER) })
  expect(await exported.text()).toContain('a1')
})

test('started before Redis is there it says so, and goes on when it comes', async () => {
  const port = await freePort()
  const panel = createPanel({ connection: { host: '127.0.0.1', port }, auth: TOKENS })
  onTestFinished(() => panel.close())
  const ask = async () => (await panel.fetch(new Request('http://panel/api/now', { headers: bearer(VIEWER) }))).status
  expect(await ask()).toBe(503)
  const late = await startValkey({ port })
  onTestFinished(() => late.stop())
  await vi.waitUntil(async () => (await ask()) === 200, { timeout: 20_000, interval: 100 })
})
