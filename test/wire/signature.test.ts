import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { isSaid, isSigned, NOBODY_ALIVE, signatureOf, signed, type Statement } from '../../src/wire/signature.ts'

const KEY = 'a key of sixteen or more'

describe('a whole message', () => {
  test('is believed as it was signed, and as nothing else', () => {
    const json = '{"v":1,"service":"a"}'
    const message = signed(KEY, 'status', json)
    expect(JSON.parse(message)).toMatchObject({ v: 1, service: 'a' })
    expect(isSigned(KEY, 'status', message)).toBe(true)
    expect([isSigned(KEY, 'metrics', message), isSigned('another key, as long', 'status', message), isSigned(KEY, 'status', json)]).toEqual(
      [false, false, false],
    )
  })

  test('of which one character is another is not believed', () => {
    const message = signed(KEY, 'metrics', '{"v":1,"metrics":{"fetch_rate_per_hour":713.2}}')
    fc.assert(
      fc.property(fc.nat(message.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, other) => {
        fc.pre(message[at] !== other)
        expect(isSigned(KEY, 'metrics', message.slice(0, at) + other + message.slice(at + 1))).toBe(false)
      }),
    )
  })
})

describe('what an instance says of an alert', () => {
  const statement: Statement = {
    ...{ alertId: 'a1', service: 'svc', rule: 'r', labels: { work: 'x' }, instance: 'A', state: 'firing', severity: 'CRITICAL' },
    ...{ start: '17', n: 3, message: 'it is down', runbook: undefined, value: { current: 1, threshold: 2, unit: 's' } },
  }
  const messageOf = (change: object = {}) => ({
    ...{ alert_id: 'a1', service: 'svc', rule: 'r', labels: { work: 'x' }, state: 'firing', severity: 'CRITICAL', message: 'it is down' },
    value: statement.value,
    ...(JSON.parse(`{${signatureOf(KEY, statement)}}`) as object),
    ...change,
  })

  test.for([
    { why: 'as it was said', change: {}, is: true },
    { why: 'that nothing is known of it any more', change: { state: 'unknown' }, is: true },
    { why: 'that nobody is left who could say it', change: { state: 'unknown', message: `${NOBODY_ALIVE}it is down` }, is: true },
    { why: 'that nobody is left who could say something else', change: { state: 'unknown', message: `${NOBODY_ALIVE}x` }, is: false },
    { why: 'that nobody is left, of one that fires', change: { message: `${NOBODY_ALIVE}it is down` }, is: false },
    { why: 'that it is over, which was not said', change: { state: 'resolved' }, is: false },
    { why: 'another text', change: { message: 'all is well' }, is: false },
    { why: 'of another service', change: { service: 'other' }, is: false },
    { why: 'other figures', change: { value: { current: 9, threshold: 2, unit: 's' } }, is: false },
    { why: 'without a signature', change: { signature: undefined }, is: false },
    { why: 'with a signature that is none', change: { signature: { hmac: 'x' } }, is: false },
    { why: 'that a service is silent, which is nobody’s word', change: { rule: 'service_silent', signature: undefined }, is: true },
  ])('$why', ({ change, is }) => {
    expect(isSaid(KEY, messageOf(change), 'service_silent')).toBe(is)
  })
})
