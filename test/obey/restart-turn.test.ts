/** Who of a service is started again when: one after the other, and nobody once one could not be. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { systemClock } from '../../src/clock.ts'
import { RestartTurn } from '../../src/obey/restart-turn.ts'
import type { ControlRequest } from '../../src/wire/control-request.ts'
import { shardNames } from '../../src/wire/names.ts'
import { createPublisher, type PublisherClient } from '../../src/wire/redis-client.ts'
import { says } from '../support/asked-service.ts'

const names = shardNames()
let valkey: EmbeddedValkey
let redis: Redis
let client: PublisherClient
const turns: RestartTurn[] = []
const NEVER = new AbortController().signal

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  client = (await createPublisher({ host: '127.0.0.1', port: valkey.port }, 5000)).client
  await client.connect()
})
beforeEach(async () => {
  for (const turn of turns.splice(0)) turn.release()
  await redis.flushall()
})
afterAll(async () => {
  client.disconnect()
  redis.disconnect()
  await valkey.stop()
})

function turnOf(holder: string): RestartTurn {
  const connection = { run: <T>(command: (asked: PublisherClient) => Promise<T>) => command(client) }
  const turn = new RestartTurn({ connection, recovery: { names, service: 'mailer', holder, liveWithinMs: 3000 }, clock: systemClock })
  turns.push(turn)
  return turn
}

async function asked(id: string): Promise<ControlRequest> {
  const [seconds] = await redis.time()
  const at = Number(seconds) * 1000
  return {
    ...{ id: id.padStart(32, '0'), action: 'restart', service: 'mailer', instance: null, actor: 'ann', from: 'laptop' },
    ...{ why: 'leaks memory', at, expires: at + 60_000, until: null },
  }
}

test('after one that was not started again nobody else is: each says who it was, and gives its turn back', async () => {
  const request = await asked('1')
  await turnOf('s1').take(request, NEVER)
  await says(client, names, request, 'i1', 'accepted')
  turns[0]!.release()
  await says(client, names, request, 'i1', 'failed', { reason: 'It ended with exit code 1 before it was running.' })
  const why = 'i1 was not started again, and so the others are left as they are'
  await expect(turnOf('s2').take(request, NEVER)).rejects.toThrow(why)
  await says(client, names, request, 'i2', 'failed', { reason: why })
  await expect(turnOf('s3').take(request, NEVER)).rejects.toThrow(why)
  await expect.poll(() => redis.zcard(names.recovering('mailer')), { timeout: 20_000 }).toBe(0)
})

test('what became of another request is no reason', async () => {
  const before = await asked('1')
  await says(client, names, before, 'i1', 'failed')
  const request = await asked('2')
  await says(client, names, request, 'i1', 'done')
  await turnOf('s2').take(request, NEVER)
  expect(await redis.zrange(names.recovering('mailer'), '0', '-1')).toEqual(['s2'])
})

test('who is not to wait any more does not, and takes no turn that comes later', async () => {
  const request = await asked('1')
  await turnOf('s1').take(request, NEVER)
  const calledOff = new AbortController()
  const waiting = turnOf('s2').take(request, calledOff.signal)
  calledOff.abort()
  await waiting
  turns[0]!.release()
  await turnOf('s3').take(request, NEVER)
  expect(await redis.zrange(names.recovering('mailer'), '0', '-1')).toEqual(['s3'])
})
