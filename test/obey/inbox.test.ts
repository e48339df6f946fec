import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { Inbox } from '../../src/obey/inbox.ts'
import { encodeRequest, type ControlRequest } from '../../src/wire/control-request.ts'
import { shardNames } from '../../src/wire/names.ts'

const KEY = 'a key of sixteen or more'
const names = shardNames(0, 1, KEY)
const BEGAN = Date.UTC(2026, 10, 22, 10)

let valkey: EmbeddedValkey
let redis: Redis
let inbox: Inbox

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
beforeEach(async () => {
  await redis.flushall()
  inbox = new Inbox(names, 'mailer')
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

function requestOf(id: string, at: number): ControlRequest {
  return {
    ...{ id: id.repeat(16), action: 'stop', service: 'mailer', instance: null, actor: 'ann', from: 'h', why: 'w' },
    ...{ at, expires: at + 60_000, until: null },
  }
}
/** `later`: milliseconds after the process began. */
async function write(text: string, later: number): Promise<string> {
  const position = `${BEGAN + later}-0`
  await redis.xadd(names.requests('mailer'), position, 'd', text)
  return position
}
async function read(): Promise<string[]> {
  const { requests, unfit } = await inbox.read(redis, BEGAN)
  return [...requests.map(({ id }) => id.slice(0, 1)), ...unfit.map(({ reason }) => reason)]
}

test('what was asked since it began comes once, in order', async () => {
  await write(encodeRequest(requestOf('a', BEGAN - 2), KEY), -1)
  for (const [i, id] of ['b', 'c'].entries()) await write(encodeRequest(requestOf(id, BEGAN + 1), KEY), 1 + i)
  expect(await read()).toEqual(['b', 'c'])
  expect(await read()).toEqual([])
})

test('what comes again from another place is named, once; from the same place it is silence, though the stream was lost in between', async () => {
  const text = encodeRequest(requestOf('a', BEGAN + 1), KEY)
  await write(text, 1)
  expect(await read()).toEqual(['a'])
  const position = await write(text, 2)
  expect(await read()).toEqual([`what stands at ${position} came before, as the request ${'a'.repeat(16)}`])
  await redis.flushall()
  await write(text, 1)
  expect(await read()).toEqual([])
})

test('what the process before it may not have seen is not done, though it is written again while it still could be', async () => {
  const position = await write(encodeRequest(requestOf('a', BEGAN - 1), KEY), 5)
  expect(await read()).toEqual([`what stands at ${position} was asked before this process began`])
})

test('what is forged is named by its place', async () => {
  const position = await write(encodeRequest(requestOf('a', BEGAN + 1)), 5)
  expect(await read()).toEqual([`what stands at ${position} is not signed with the key of HEALTH_HMAC_KEY`])
})
