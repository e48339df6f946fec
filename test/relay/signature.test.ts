import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { webhookHeaders } from '../../src/relay/signature.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

test('a signature is the one that the libraries of Standard Webhooks make', () => {
  const signed = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body: '{"test": 2432232314}' }
  expect(webhookHeaders(signed, [SECRET])).toEqual({
    'webhook-id': signed.id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('two secrets make two signatures; none makes none, and the id is there anyhow', () => {
  const signed = { id: 'a', timestamp: 1, body: '{}' }
  expect(webhookHeaders(signed, [SECRET, 'a text of more than 24 bytes'])['webhook-signature']).toMatch(/^v1,\S{44} v1,\S{44}$/)
  expect(webhookHeaders(signed, [])).toEqual({ 'webhook-id': 'a', 'webhook-timestamp': '1' })
})

test('what docs/relay.md gives receivers knows a genuine message from a changed, an old and a forged one', async () => {
  const [, code] = /```js\n([^]*?)```/.exec(readFileSync(new URL('../../docs/relay.md', import.meta.url), 'utf8')) ?? []
  const { isGenuine } = (await import(`data:text/javascript,${encodeURIComponent(`${code}\nexport { isGenuine }`)}`)) as {
    readonly isGenuine: (request: { headers: object; body: string }, secret: string) => boolean
  }
  const signed = { id: 'a', timestamp: Math.floor(Date.now() / 1000), body: '{"a":1}' }
  const headers = webhookHeaders(signed, ['a text of more than 24 bytes', SECRET])
  const old = webhookHeaders({ ...signed, timestamp: signed.timestamp - 3600 }, [SECRET])
  expect(isGenuine({ headers, body: signed.body }, SECRET)).toBe(true)
  expect(isGenuine({ headers, body: '{"a":2}' }, SECRET)).toBe(false)
  expect(isGenuine({ headers: { ...headers, 'webhook-id': 'b' }, body: signed.body }, SECRET)).toBe(false)
  expect(isGenuine({ headers: old, body: signed.body }, SECRET)).toBe(false)
  expect(isGenuine({ headers, body: signed.body }, 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')).toBe(false)
})
