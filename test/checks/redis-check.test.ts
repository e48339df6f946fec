import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { CheckRunner } from '../../src/checks/check-runner.ts'
import type { Pingable } from '../../src/checks/redis-check.ts'
import { redisCheck } from '../../src/checks/redis-check.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

describe('what cannot be pinged is refused when the monitor is made', () => {
  test.for([undefined, null, {}, 'redis://localhost', { ping: 'PONG' }])('%o', (client) => {
    expect(() => redisCheck(client as unknown as Pingable)).toThrow(
      'The option redis is no Redis client: expected an object with ping(), such as one of ioredis or redis.',
    )
  })
})

test('a client keeps its this', async () => {
  class Client {
    readonly answers = 'PONG'
    async ping(): Promise<string> {
      return this.answers
    }
  }
  expect(await redisCheck(new Client()).run(new AbortController().signal)).toBe('PONG')
})

test("a real one: healthy, gone, back again; the client stays the caller's", async () => {
  const valkey = await startValkey()
  const client = new Redis({ port: valkey.port, host: '127.0.0.1', maxRetriesPerRequest: 0, retryStrategy: () => 5 })
  client.on('error', () => {})
  const runner = new CheckRunner({ checks: [redisCheck(client)], clock: new VirtualClock() })
  await runner.runAll()
  expect(runner.results()['redis']?.status).toBe('healthy')

  const closed = once(client, 'close')
  await valkey.stop()
  await closed
  await runner.runAll()
  expect(runner.results()['redis']?.status).toBe('unhealthy')
  expect(runner.failing()).toEqual(['redis'])

  // Not events.once, which takes the errors until then for its own.
  const ready = new Promise((resolve) => client.once('ready', resolve))
  const again = await startValkey({ port: valkey.port })
  await ready
  await runner.runAll()
  expect(runner.results()['redis']?.status).toBe('healthy')
  expect(client.status).toBe('ready')
  client.disconnect()
  await again.stop()
})

test('a Redis that accepts and says nothing is a timeout', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const client = new Redis({ port: (silent.address() as AddressInfo).port, host: '127.0.0.1' })
  client.on('error', () => {})
  const clock = new VirtualClock()
  const runner = new CheckRunner({ checks: [redisCheck(client)], clock })
  const run = runner.runAll()
  clock.advance(5000)
  await run
  expect(runner.results()['redis']).toEqual({ status: 'unhealthy', latencyMs: 5000, error: 'timeout' })
  client.disconnect()
  silent.close()
})
