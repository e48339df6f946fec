import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { poster, type Outcome, type PostRequest } from '../../src/relay/post.ts'
import { startReceiver, type Answer, type Receiver } from './receiver.ts'

let receiver: Receiver
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.close())

const post = poster(systemClock)
const never = new AbortController().signal

function request(change: Partial<PostRequest> = {}): PostRequest {
  return { url: receiver.url, headers: { 'content-type': 'application/json' }, body: '{}', timeoutMs: 5000, ...change }
}

test.for<{ answer: Answer; outcome: Outcome }>([
  { answer: { status: 204 }, outcome: { kind: 'ok', status: 204 } },
  { answer: { status: 301, headers: { location: 'http://169.254.169.254/' } }, outcome: { kind: 'refused', reason: 'HTTP 301' } },
  { answer: { status: 404 }, outcome: { kind: 'refused', reason: 'HTTP 404' } },
  { answer: { status: 408 }, outcome: { kind: 'retry', reason: 'HTTP 408' } },
  { answer: { status: 429, headers: { 'retry-after': '7' } }, outcome: { kind: 'retry', reason: 'HTTP 429', askedMs: 7000 } },
  { answer: { status: 503 }, outcome: { kind: 'retry', reason: 'HTTP 503' } },
])('an answer of $answer.status is $outcome.kind', async ({ answer, outcome }) => {
  receiver.answer = () => answer
  expect(await post(request(), never)).toEqual(outcome)
  expect(receiver.received).toHaveLength(1)
})

test('a target that never answers is tried again later', async () => {
  receiver.answer = () => undefined
  expect(await post(request({ timeoutMs: 50 }), never)).toEqual({ kind: 'retry', reason: 'no answer within 0.05 s' })
})

test('one that is not there is too, and what is said of it holds no address', async () => {
  await receiver.close()
  expect(await post(request({ url: receiver.url.replace('/hook', '/secret?token=1') }), never)).toEqual({
    kind: 'retry',
    reason: 'ECONNREFUSED',
  })
})

test('a request that is given up ends at once', async () => {
  receiver.answer = () => undefined
  expect(await post(request(), AbortSignal.timeout(20))).toMatchObject({ kind: 'retry' })
})
