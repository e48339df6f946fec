/**
 * Tracker ids, keys, coordinates and credentials never become attributes or payload. The demo's fetcher works with all
 * of them; whatever leaves it for the health Redis and for OTLP is searched for them.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { Redis } from 'ioredis'
import { afterAll, expect, test } from 'vitest'

import { DemoProcess } from './demo-process.ts'

const ended: (() => unknown)[] = []
afterAll(async () => {
  for (const end of ended.toReversed()) await end()
})

/** Everything that Redis holds under `{health}`, as text. */
async function healthKeys(redis: Redis): Promise<string> {
  const texts: string[] = []
  for (const key of await redis.keys('{health}*')) {
    const type = await redis.type(key)
    const value =
      type === 'hash'
        ? await redis.hgetall(key)
        : type === 'zset'
          ? await redis.zrange(key, '0', '-1')
          : type === 'stream'
            ? await redis.xrange(key, '-', '+')
            : await redis.get(key)
    texts.push(key, JSON.stringify(value))
  }
  return texts.join('\n')
}

test('nothing private leaves the service by the channels, the keys or OTLP', { timeout: 90_000 }, async () => {
  const left: string[] = []
  const collector = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => left.push(text))
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => collector.once('listening', resolve))
  ended.push(() => collector.close())

  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  const demo = new DemoProcess([], { CI: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
  ended.push(() => demo.stop())
  const { text } = await demo.line(/runs +Valkey /)
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(text)![1])
  const [redis, subscriber] = [new Redis(port), new Redis(port)]
  ended.push(
    () => redis.disconnect(),
    () => subscriber.disconnect(),
  )
  await subscriber.psubscribe('health:*')
  subscriber.on('pmessage', (_pattern: string, channel: string, message: string) => left.push(channel, message))

  // By now trackers were fetched, decrypted and scheduled again, and figures went both ways.
  await demo.line(/metrics +fetch rate [\d,]+ trackers/)
  const trackers = await redis.hkeys('tracker:state')
  const positions = (await redis.hvals('tracker:state')).join('\n').match(/-?\d{1,3}\.\d{4,}/g) ?? []
  expect(trackers.length).toBe(40)
  left.push(await healthKeys(redis))
  const all = left.join('\n')
  expect(all).toContain('tracker_fetcher.fetch.attempts')
  expect(all).toContain('"success_rate_percent"')

  const secrets = ['@example.org', 'password-', 'X-Apple-I-MD', 'Authorization', ...trackers, ...positions]
  expect(secrets.filter((secret) => all.includes(secret))).toEqual([])
})
