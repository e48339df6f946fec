import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import {
  CONTROL_ACTIONS,
  desiredBy,
  encodeAnswer,
  encodeRequest,
  LONGEST_EXPIRY_MS,
  LONGEST_PAUSE_MS,
  parseAnswer,
  parseRequest,
  type ControlAnswer,
  type ControlRequest,
} from '../../src/wire/control-request.ts'
import { cleanText } from '../../src/wire/clean-text.ts'
import { toInstanceName } from '../../src/wire/names.ts'
import { AT } from './fixtures.ts'

const KEY = 'a key of sixteen or more'

const REQUEST: ControlRequest = {
  ...{ id: '0123456789abcdef0123456789abcdef', action: 'pause', service: 'mailer', instance: 'web-1' },
  ...{ actor: 'ann', from: 'laptop', why: 'a larger disk', at: AT, expires: AT + 60_000, until: AT + 3_600_000 },
}
const ANSWER: ControlAnswer = {
  ...{ request: REQUEST.id, action: 'drain', service: 'mailer', instance: 'web-1', state: 'accepted', at: AT },
  ...{ reason: 'It finishes what it has.', inHand: 4, oldestSeconds: 12 },
}

const text = (maxLength: number) => fc.string({ unit: 'binary', maxLength }).map((any) => cleanText(any).slice(0, maxLength).toWellFormed())
const instanceName = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 128 })
  .map(toInstanceName)
  .filter((name) => name !== '' && name !== '*')
const service = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/)
const key = fc.option(fc.string({ minLength: 16, maxLength: 64 }), { nil: undefined })

const request: fc.Arbitrary<ControlRequest> = fc
  .record({
    id: fc.stringMatching(/^[0-9a-f]{16,64}$/),
    action: fc.constantFrom(...CONTROL_ACTIONS),
    service,
    instance: fc.option(instanceName),
    ...{ actor: text(128), from: text(128), why: text(1024) },
    at: fc.integer({ min: 1, max: 8e15 }),
    expiresIn: fc.integer({ min: 1, max: LONGEST_EXPIRY_MS }),
    pauseMs: fc.integer({ min: 1, max: LONGEST_PAUSE_MS }),
  })
  .map(({ expiresIn, pauseMs, ...rest }) => ({
    ...rest,
    expires: rest.at + expiresIn,
    until: rest.action === 'pause' ? rest.at + pauseMs : null,
  }))

const answer: fc.Arbitrary<ControlAnswer> = fc.record(
  {
    request: fc.oneof(fc.stringMatching(/^[0-9a-f]{16,64}$/), fc.stringMatching(/^\d{1,16}-\d{1,16}$/)),
    action: fc.option(fc.constantFrom(...CONTROL_ACTIONS)),
    service,
    instance: instanceName,
    state: fc.constantFrom('accepted', 'refused', 'done', 'failed', 'ended'),
    at: fc.integer({ min: 1, max: 8e15 }),
    reason: text(1024),
    inHand: fc.nat(),
    oldestSeconds: fc.nat(),
  },
  { requiredKeys: ['request', 'action', 'service', 'instance', 'state', 'at'] },
)

describe('a request', () => {
  test('is read as it was written, signed or not, whatever people write into it', () => {
    fc.assert(
      fc.property(request, key, (written, hmacKey) => {
        expect(parseRequest(encodeRequest(written, hmacKey), hmacKey)).toEqual({ request: written })
      }),
    )
  })

  test('never makes a reader fall over, whatever anybody wrote', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), key, (written, hmacKey) => {
        expect(parseRequest(written, hmacKey)).toEqual({ why: expect.any(String) as string })
      }),
    )
  })

  test('with one character that is another is none any more where there is a key', () => {
    const written = encodeRequest(REQUEST, KEY)
    fc.assert(
      fc.property(fc.nat(written.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, other) => {
        fc.pre(written[at] !== other)
        expect(parseRequest(written.slice(0, at) + other + written.slice(at + 1), KEY).request).toBeUndefined()
      }),
    )
  })

  const NOT_SIGNED = 'is not signed with the key of HEALTH_HMAC_KEY'
  test.for([
    { what: 'without a signature', written: encodeRequest(REQUEST), why: NOT_SIGNED },
    { what: 'signed with another key', written: encodeRequest(REQUEST, 'another key, as long'), why: NOT_SIGNED },
    { what: 'signed twice over', written: encodeRequest(REQUEST, KEY).replace('"v":1,', '"v":1,"v":1,'), why: NOT_SIGNED },
    { what: 'an answer that is signed', written: encodeAnswer(ANSWER, KEY), why: NOT_SIGNED },
  ])('$what is refused where there is a key', ({ written, why }) => {
    expect(parseRequest(written, KEY)).toEqual({ why })
  })

  const UNKNOWN = 'is no request that this otel-health knows'
  const NO_TIME = 'has no time by which it is to be begun with'
  const NO_END = 'has no end, or one that it must not have'
  test.for<{ what: string; change: object; why: string }>([
    { what: 'of another version', change: { v: 2 }, why: UNKNOWN },
    { what: 'longer than any', change: { more: 'x'.repeat(9000) }, why: UNKNOWN },
    { what: 'without an id', change: { id: undefined }, why: 'has no id' },
    { what: 'whose id is no id', change: { id: '../../answers' }, why: 'has no id' },
    { what: 'for something unknown', change: { action: 'explode' }, why: 'asks for nothing that this otel-health knows' },
    { what: 'for what every object has', change: { action: 'constructor' }, why: 'asks for nothing that this otel-health knows' },
    { what: 'of no service', change: { service: '{health}' }, why: 'names no service or no instance' },
    { what: 'without a word about the instance', change: { instance: undefined }, why: 'names no service or no instance' },
    { what: 'of the instance *', change: { instance: '*' }, why: 'names no service or no instance' },
    { what: 'of an instance that no process can have', change: { instance: 'a b' }, why: 'names no service or no instance' },
    { what: 'of nobody', change: { actor: undefined }, why: 'does not say who asks, and why' },
    { what: 'with a reason that is too long', change: { why: 'x'.repeat(1025) }, why: 'does not say who asks, and why' },
    { what: 'that expires before it is asked', change: { expires: AT }, why: NO_TIME },
    { what: 'that may be begun with for longer than an hour', change: { expires: AT + LONGEST_EXPIRY_MS + 1 }, why: NO_TIME },
    { what: 'whose time is a text', change: { at: String(AT) }, why: NO_TIME },
    { what: 'for a pause without an end', change: { until: null }, why: NO_END },
    { what: 'for a pause of more than 7 days', change: { until: AT + LONGEST_PAUSE_MS + 1 }, why: NO_END },
    { what: 'for a stop that ends by itself', change: { action: 'stop' }, why: NO_END },
  ])('$what is none', ({ change, why }) => {
    const written = JSON.stringify({ ...(JSON.parse(encodeRequest(REQUEST)) as object), ...change })
    expect(parseRequest(written)).toEqual({ why })
  })

  test('says nothing that steers a terminal', () => {
    const { request: read } = parseRequest(encodeRequest({ ...REQUEST, actor: 'a\u001b[2Jnn', why: 'x\u202ey\nz', from: 'h\u0007' }))
    expect(read).toMatchObject({ actor: 'ann', why: 'xy z', from: 'h ' })
  })
})

describe('an answer', () => {
  test('is read as it was written, signed or not', () => {
    fc.assert(
      fc.property(answer, key, (written, hmacKey) => {
        expect(parseAnswer(encodeAnswer(written, hmacKey), hmacKey)).toEqual(written)
      }),
    )
  })

  test.for([
    { what: 'unsigned', written: encodeAnswer(ANSWER) },
    { what: 'signed with another key', written: encodeAnswer(ANSWER, 'another key, as long') },
    { what: 'a request that is signed', written: encodeRequest(REQUEST, KEY) },
    { what: 'of another state', written: encodeAnswer({ ...ANSWER, state: 'exploded' as 'done' }, KEY) },
    { what: 'of no request', written: encodeAnswer({ ...ANSWER, request: 'x' }, KEY) },
  ])('that is $what is not believed', ({ written }) => {
    expect(parseAnswer(written, KEY)).toBeUndefined()
  })

  test('whose figures are none is read without them, and what is too long is cut by who writes it', () => {
    expect(parseAnswer(JSON.stringify({ v: 1, ...ANSWER, in_hand: -1, oldest_seconds: '12', reason: 7 }))).toEqual({
      ...{ request: REQUEST.id, action: 'drain', service: 'mailer', instance: 'web-1', state: 'accepted', at: AT },
    })
    expect(parseAnswer(encodeAnswer({ ...ANSWER, reason: 'x'.repeat(2000) }))!.reason).toHaveLength(1024)
  })
})

test.for([
  { action: 'pause', is: 'paused' },
  { action: 'drain', is: 'stopped' },
  { action: 'stop', is: 'stopped' },
  { action: 'resume', is: 'none' },
  { action: 'start', is: 'none' },
  { action: 'restart', is: undefined },
] as const)('what is to be after $action: $is', ({ action, is }) => {
  expect(desiredBy(action)).toBe(is)
})
