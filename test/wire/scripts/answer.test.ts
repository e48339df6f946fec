import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../../examples/valkey/start-valkey.ts'
import { refuseUnfit } from '../../../src/wire/answer-request.ts'
import { parseAnswer, type AnswerState, type ControlRequest } from '../../../src/wire/control-request.ts'
import { shardNames } from '../../../src/wire/names.ts'
import { createPublisher, type PublisherClient } from '../../../src/wire/redis-client.ts'
import { says } from '../../support/asked-service.ts'

const names = shardNames()
const DAY_MS = 86_400_000

let valkey: EmbeddedValkey
let redis: Redis
let client: PublisherClient
let request: ControlRequest

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  client = (await createPublisher({ host: '127.0.0.1', port: valkey.port }, 5000)).client
  await client.connect()
})
beforeEach(async () => {
  await redis.flushall()
  const at = Date.now()
  request = {
    ...{ id: 'a'.repeat(32), action: 'drain', service: 'mailer', instance: null, actor: 'ann', from: 'h', why: 'w' },
    ...{ at, expires: at + 60_000, until: null },
  }
})
afterAll(async () => {
  client.disconnect()
  redis.disconnect()
  await valkey.stop()
})

const statesIn = async (stream: string): Promise<string[]> =>
  (await redis.xrange(stream, '-', '+')).map(([, fields]) => {
    const { state, inHand } = parseAnswer(fields[1]!)!
    return inHand === undefined ? state : `${state} ${inHand}`
  })

/** `accepted 4`: with so many pieces in hand. By process `p`, or the one before the colon. */
type Word = string

async function say(word: Word): Promise<string> {
  const [, process = 'p', state = '', inHand] = /^(?:(\w+): )?(\w+)(?: (\d+))?$/.exec(word)!
  return says(client, names, request, 'i1', state as AnswerState, { process, ...(inHand !== undefined && { inHand: Number(inHand) }) })
}

test.for<{ what: string; said: readonly Word[]; answers: readonly string[]; stream: readonly string[]; outcomes?: readonly string[] }>([
  {
    what: 'who accepts has it, and ends it',
    said: ['accepted', 'done'],
    answers: ['ours', 'ours'],
    stream: ['accepted', 'done'],
    outcomes: ['done'],
  },
  {
    what: 'another process does not get it, and can say nothing of it until it is over',
    said: ['accepted', 'q: accepted', 'q: refused'],
    answers: ['ours', 'taken', 'taken'],
    stream: ['accepted'],
  },
  {
    what: 'the answer was lost, and it asks again: it still has it, and ends once',
    said: ['accepted', 'accepted', 'done', 'done'],
    answers: ['ours', 'ours', 'ours', 'ours'],
    stream: ['accepted', 'done'],
    outcomes: ['done'],
  },
  {
    what: 'of what it says while it goes on the first and the last are kept',
    said: ['accepted 9', 'accepted 5', 'accepted 3', 'accepted 1'],
    answers: ['ours', 'ours', 'ours', 'ours'],
    stream: ['accepted 9', 'accepted 1'],
  },
  {
    what: 'after a restart another process says how it ended, and the one before it no more',
    said: ['accepted', 'q: done', 'failed', 'q: done'],
    answers: ['ours', 'ours', 'taken', 'ours'],
    stream: ['accepted', 'done'],
    outcomes: ['done'],
  },
  {
    what: 'refused is final for every process',
    said: ['refused', 'q: accepted', 'accepted'],
    answers: ['ours', 'taken', 'ours'],
    stream: ['refused'],
    outcomes: ['refused'],
  },
  {
    what: 'how it ended is known though who accepted is not: Redis was flushed meanwhile',
    said: ['done', 'q: accepted'],
    answers: ['ours', 'taken'],
    stream: ['done'],
    outcomes: ['done'],
  },
  {
    what: 'a pause that is over by itself is said once, by whichever process',
    said: ['accepted', 'done', 'q: ended', 'ended', 'q: ended'],
    answers: ['ours', 'ours', 'ours', 'taken', 'ours'],
    stream: ['accepted', 'done', 'ended'],
    outcomes: ['done', 'ended'],
  },
])('$what', async ({ said, answers, stream, outcomes = [] }) => {
  const heard: string[] = []
  for (const word of said) heard.push(await say(word))
  expect(heard).toEqual(answers)
  expect(await statesIn(names.answers('mailer'))).toEqual(stream)
  expect(await statesIn(names.outcomes)).toEqual(outcomes)
})

test('of many processes that accept at once one has it', async () => {
  const heard = await Promise.all(Array.from({ length: 50 }, (_, i) => say(`p${i}: accepted`)))
  expect(heard.filter((answer) => answer === 'ours')).toHaveLength(1)
  expect(await statesIn(names.answers('mailer'))).toEqual(['accepted'])
})

test('each instance has it for itself', async () => {
  expect(await says(client, names, request, 'i1', 'accepted')).toBe('ours')
  expect(await says(client, names, request, 'i2', 'accepted')).toBe('ours')
})

describe('what is too late', () => {
  test('nobody may begin with, by the clock of the server; to say so is no beginning', async () => {
    request = { ...request, expires: Date.now() - 1 }
    expect(await say('accepted')).toBe('late')
    expect(await statesIn(names.answers('mailer'))).toEqual([])
    expect(await say('refused')).toBe('ours')
    expect(await statesIn(names.outcomes)).toEqual(['refused'])
  })

  test('who has begun goes on', async () => {
    await say('accepted')
    request = { ...request, expires: Date.now() - 1 }
    expect(await say('accepted 3')).toBe('ours')
    expect(await say('done')).toBe('ours')
  })
})

test('what is unfit is recorded by its place in the stream, and says nothing of the request whose id it bears', async () => {
  await say('accepted')
  const unfit = { service: 'mailer', instance: 'i1', position: '17-0', reason: 'It came a second time.', at: Date.now() }
  expect(await refuseUnfit(client, names, unfit, 'p')).toBe('ours')
  expect(await refuseUnfit(client, names, unfit, 'p')).toBe('ours')
  const outcomes = (await redis.xrange(names.outcomes, '-', '+')).map(([, fields]) => parseAnswer(fields[1]!))
  expect(outcomes).toMatchObject([{ request: '17-0', action: null, state: 'refused', reason: 'It came a second time.' }])
  expect(await say('done')).toBe('ours')
})

test('nothing of it stays for ever', async () => {
  await say('done')
  const kept = await Promise.all([names.answers('mailer'), names.taken('mailer', request.id)].map((key) => redis.pttl(key)))
  expect(kept.map((ms) => Math.round(ms / DAY_MS))).toEqual([30, 8])
})

test('what is down is known until the supervisor says otherwise, or says nothing any more', async () => {
  const key = names.down('mailer')
  await client.healthDown(key, 'i1', '60000')
  await client.healthDown(key, 'i2', '60000')
  await redis.zadd(key, Date.now() - 1000, 'gone')
  await client.healthDown(key, 'i1', '0')
  expect(await redis.zrange(key, '0', '-1')).toEqual(['i2'])
  expect(await redis.pttl(key)).toBeGreaterThan(0)
})
