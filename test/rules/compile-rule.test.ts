import { expect, test } from 'vitest'

import { counter, gauge } from '../../src/rules/metric-ref.ts'
import { level, slowCalls, state, throughput } from '../../src/rules/readings.ts'
import { rule } from '../../src/rules/rule.ts'
import type { Verdict } from '../../src/types.ts'
import { compiled } from './compiled.ts'
import { fixedReadings } from './fixed-readings.ts'

const short = (verdict: Verdict) => (verdict.kind === 'breach' ? verdict.severity : verdict.kind === 'ok' ? 'ok' : verdict.reason)

const account = compiled(
  rule('apple_account_unauthenticated')
    .when(state(gauge('account'), 'state', { require_2fa: 'A person must enter a code' }))
    .isNot('logged_in'),
)

test.for([
  { why: 'a state that was never set is no data', states: {}, expected: 'no_data' },
  { why: 'unknown is no data', states: { account: 'unknown' }, expected: 'no_data' },
  { why: 'the healthy state is ok', states: { account: 'logged_in' }, expected: 'ok' },
  { why: 'any other is critical', states: { account: 'require_2fa' }, expected: 'CRITICAL' },
  { why: 'also one that has no sentence', states: { account: 'blocked' }, expected: 'CRITICAL' },
  { why: 'an old state is not known', states: { account: { value: 'blocked', stale: true } }, expected: 'stale' },
])('state: $why', ({ states, expected }) => {
  expect(short(account.judge(fixedReadings({ states }), undefined))).toBe(expected)
})

test('a state breach says what to do, with the states as evidence', () => {
  expect(account.judge(fixedReadings({ states: { account: 'require_2fa' } }), undefined)).toEqual({
    rule: 'apple_account_unauthenticated',
    kind: 'breach',
    severity: 'CRITICAL',
    message: 'A person must enter a code',
    value: { current: 'require_2fa', threshold: 'logged_in', unit: 'state' },
  })
})

const due = gauge('due', { unit: '{tracker}' })
const large = rule('large_queue')
  .when(level(due, { called: 'trackers' }))
  .says('{current} trackers are due (limit {limit})')
const queue = compiled(large.above(10_000).critical(50_000))

test.for([
  { why: 'a size that was never set is no data', levels: {}, expected: 'no_data' },
  { why: 'an old size is stale', levels: { due: { value: 60_000, stale: true } }, expected: 'stale' },
  { why: 'at the limit is not above it', levels: { due: 10_000 }, expected: 'ok' },
  { why: 'above the first limit', levels: { due: 10_001 }, expected: 'WARNING' },
  { why: 'above the second', levels: { due: 50_001 }, expected: 'CRITICAL' },
])('level: $why', ({ levels, expected }) => {
  expect(short(queue.judge(fixedReadings({ levels }), undefined))).toBe(expected)
})

test('a level breach names the limit it passed', () => {
  expect(queue.judge(fixedReadings({ levels: { due: 61_234 } }), undefined)).toMatchObject({
    message: '61,234 trackers are due (limit 50,000)',
    value: { current: 61_234, threshold: 50_000, unit: 'trackers' },
  })
})

test('a level rule refuses limits the wrong way round', () => {
  expect(() => compiled(large.above(2).critical(1))).toThrow('The critical limit of large_queue is 1, expected at least its limit (2).')
})

const fetchRate = compiled(
  rule('low_fetch_rate')
    .when(throughput({ of: counter('attempts'), owed: due, wording: { done: 'fetched {current}', unit: 'trackers' } }))
    .below(10, '/h'),
)
const owed = (seconds: number, coveredSeconds = 3600) => ({ seconds, coveredSeconds })

test.for([
  { why: 'without queue sizes nobody knows what is owed', levels: {}, attempts: 0, above: owed(0), expected: 'no_data' },
  { why: 'nor with old ones', levels: { due: { value: 5, stale: true } }, attempts: 0, above: owed(3600), expected: 'stale' },
  { why: 'idle is healthy', levels: { due: 0 }, attempts: 0, above: owed(0), expected: 'ok' },
  { why: 'no fetch in 27 owed minutes may be chance', levels: { due: 5 }, attempts: 0, above: owed(27 * 60), expected: 'ok' },
  { why: 'none in 28 is not', levels: { due: 5 }, attempts: 0, above: owed(28 * 60), expected: 'WARNING' },
  { why: 'two in an owed hour are too few', levels: { due: 5 }, attempts: 2, above: owed(3600), expected: 'WARNING' },
  { why: 'three may be chance', levels: { due: 5 }, attempts: 3, above: owed(3600), expected: 'ok' },
  {
    why: 'the first seconds are not judged',
    levels: { due: 5 },
    attempts: 0,
    above: owed(20, 20),
    uptimeSeconds: 29,
    expected: 'starting',
  },
  { why: 'nor those after the first queue size', levels: { due: 5 }, attempts: 0, above: owed(5, 5), expected: 'starting' },
])('fetch rate: $why', ({ levels, attempts, above, uptimeSeconds = Infinity, expected }) => {
  expect(short(fetchRate.judge(fixedReadings({ levels, events: { attempts }, above, uptimeSeconds }), undefined))).toBe(expected)
})

test('a fetch rate breach says what was owed', () => {
  const readings = fixedReadings({ levels: { due: 41 }, events: { attempts: 1 }, above: owed(2700) })
  expect(fetchRate.judge(readings, undefined)).toMatchObject({
    kind: 'breach',
    message: 'Fetched 1 in the last hour; 7.5 expected at the limit of 10 an hour, with work owed for 45 min; 41 due',
    value: { current: 1, threshold: 7.5, unit: 'trackers in the last hour', n: 1, window_seconds: 3600 },
  })
})

const slow = compiled(
  rule('slow_apple_api')
    .when(slowCalls({ of: counter('slow_apple_calls'), in: counter('apple_calls'), called: 'Apple' }))
    .above(10, 's'),
)

test.for([
  { why: 'no call is no data', calls: 0, over: 0, expected: 'no_data' },
  { why: '5 % slow leave the 95th percentile at the limit', calls: 100, over: 5, expected: 'ok' },
  { why: 'more than 5 % put it above', calls: 100, over: 6, expected: 'WARNING' },
  { why: 'two slow calls are chance, however few there were', calls: 2, over: 2, expected: 'ok' },
  { why: 'three of three are not', calls: 3, over: 3, expected: 'WARNING' },
  { why: 'three of 49 may be', calls: 49, over: 3, expected: 'ok' },
])('slow calls: $why', ({ calls, over, expected }) => {
  expect(short(slow.judge(fixedReadings({ events: { apple_calls: calls, slow_apple_calls: over } }), undefined))).toBe(expected)
})

test('a slow call counted before its duration is still one call', () => {
  expect(slow.judge(fixedReadings({ events: { apple_calls: 3, slow_apple_calls: 4 } }), undefined)).toMatchObject({
    severity: 'WARNING',
    value: { n: 3, failures: 3, current: 100 },
  })
})

test('the first seconds of calls are not judged', () => {
  expect(slow.judge(fixedReadings({ events: { apple_calls: 9, slow_apple_calls: 9 }, uptimeSeconds: 29 }), undefined)).toMatchObject({
    reason: 'starting',
  })
})

test('a slow-calls breach says how many and how rare', () => {
  expect(slow.judge(fixedReadings({ events: { apple_calls: 20, slow_apple_calls: 5 } }), undefined)).toMatchObject({
    message:
      '5 of 20 calls to Apple took longer than 10 s or timed out over 5 min: 25 % (limit 5 %); a service at the limit does this once in 390 times',
  })
})
