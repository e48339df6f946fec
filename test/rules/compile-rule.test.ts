import fc from 'fast-check'
import { expect, test } from 'vitest'

import { compileRule } from '../../src/rules/compile-rule.ts'
import { counter, gauge, histogram } from '../../src/rules/metric-ref.ts'
import { burnRate, increase, level, quantile, rate, ratio, state } from '../../src/rules/readings.ts'
import { rule, RuleSentence } from '../../src/rules/rule.ts'
import type { AlertState, Verdict } from '../../src/types.ts'
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

const requests = counter('requests', { unit: '{request}', attributes: { outcome: ['ok', 'failed'], route: [] } })
const bytes = counter('bytes', { unit: 'By' })
const time = histogram('time', { unit: 's', bounds: [0.5, 1, 5] })
const fraction = gauge('fraction')
const busy = rule('busy').when(rate(requests))

test.for([
  { why: 'seconds in milliseconds', said: rule('unit').when(level(gauge('age', { unit: 's' }))), limit: '700 ms', at: 0.7 },
  { why: 'milliseconds in seconds', said: rule('unit').when(level(gauge('age', { unit: 'ms' }))), limit: '0.3 s', at: 300 },
  { why: 'seconds in minutes', said: rule('unit').when(level(gauge('age', { unit: 's' }))), limit: '1.1 min', at: 66 },
  { why: 'seconds in hours', said: rule('unit').when(level(gauge('age', { unit: 's' }))), limit: '2 h', at: 7200 },
  { why: 'seconds in days', said: rule('unit').when(level(gauge('age', { unit: 's' }))), limit: '0.5 d', at: 43_200 },
  { why: 'seconds in microseconds', said: rule('unit').when(level(gauge('age', { unit: 's' }))), limit: '700 us', at: 0.0007 },
  { why: 'bytes in kilobytes', said: rule('unit').when(level(gauge('size', { unit: 'By' }))), limit: '1.5 kBy', at: 1500 },
  { why: 'bytes in megabytes', said: rule('unit').when(level(gauge('size', { unit: 'By' }))), limit: '3 MBy', at: 3e6 },
  { why: 'bytes in gigabytes', said: rule('unit').when(level(gauge('size', { unit: 'By' }))), limit: '0.1 GBy', at: 1e8 },
  { why: 'bytes in units of 1024', said: rule('unit').when(level(gauge('size', { unit: 'By' }))), limit: '5 KiBy', at: 5120 },
  { why: 'and of its square', said: rule('unit').when(level(gauge('size', { unit: 'By' }))), limit: '0.5 MiBy', at: 524_288 },
  { why: 'megabytes in units of 1024^3', said: rule('unit').when(level(gauge('size', { unit: 'MBy' }))), limit: '1 GiBy', at: 1073.741824 },
  { why: 'a fraction in percent', said: rule('unit').when(level(fraction)), limit: '29 %', at: 0.29 },
  { why: 'a fraction as it is', said: rule('unit').when(level(fraction)), limit: '0.7 1', at: 0.7 },
  { why: 'things by their name', said: rule('unit').when(level(gauge('size', { unit: '{item}' }))), limit: '12 items', at: 12 },
  { why: 'a thing by its unit', said: rule('unit').when(level(gauge('size', { unit: '{item}' }))), limit: '12 {item}', at: 12 },
  { why: 'a number alone', said: rule('unit').when(level(gauge('age', { unit: 's' }))), limit: 0.3, at: 0.3 },
])('a limit may be given of $why, and what is at it is neither above nor below', ({ said: { data }, limit, at }) => {
  const { of } = data.when as { of: { metric: string } }
  const verdict = (side: 'above' | 'below', value: number) =>
    short(compiled(new RuleSentence({ ...data, [side]: limit })).judge(fixedReadings({ levels: { [of.metric]: value } }), undefined))
  expect([verdict('above', at), verdict('below', at)]).toEqual(['ok', 'ok'])
  expect([verdict('above', at * 1.001), verdict('below', at * 1.001)]).toEqual(['WARNING', 'ok'])
  expect([verdict('above', at * 0.999), verdict('below', at * 0.999)]).toEqual(['ok', 'WARNING'])
})

test('a rate at its limit is neither above nor below it, whatever it is counted by', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.constantFrom('/s', '/min', '/h', '/d'), (limit, unit) => {
      const seconds = { '/s': 1, '/min': 60, '/h': 3600, '/d': 86_400 }[unit]
      const readings = fixedReadings({ events: { requests: limit * 600 }, uptimeSeconds: seconds * 600 })
      // As if 600 times the unit had been watched: so large a window is none, but the arithmetic is the same.
      const watched = { ...readings, events: () => ({ count: limit * 600, windowSeconds: 300, coveredSeconds: seconds * 600 }) }
      expect(short(compiled(busy.above(limit, unit)).judge(watched, undefined))).toBe('ok')
      expect(short(compiled(busy.below(limit, unit)).judge(watched, undefined))).toBe('ok')
    }),
  )
})

test('limits, times and runbook are as they were said', () => {
  const said = compiled(
    busy.above(60, '/min').critical(2, '/s').for('1.5m').keepFiring(30).runbook('https://wiki.example/busy').by('route').scope('all'),
  )
  expect(said).toMatchObject({
    name: 'busy',
    summary: 'The rate of requests above 60 /min (CRITICAL above 2 /s).',
    scope: 'all',
    forSeconds: 90,
    keepFiringSeconds: 30,
    by: 'route',
    runbook: 'https://wiki.example/busy',
    limits: { breach: 'above', warning: 60, critical: 120, unit: '/min' },
    needs: [{ kind: 'events', metric: 'requests' }],
  })
})

test('what a rule does not say is as the documents have it', () => {
  const said = compiled(busy.above(1))
  expect(said).toMatchObject({ scope: 'any', forSeconds: 60, keepFiringSeconds: 120, summary: 'The rate of requests above 1 /s.' })
  expect([said.by, said.runbook]).toEqual([undefined, undefined])
})

const shareOf = rule('failing')
  .when(ratio({ of: requests.where({ outcome: 'failed' }), in: requests }).over('10m'))
  .plain()
const half = { events: () => ({ count: 80, windowSeconds: 600, coveredSeconds: 600 }) }

test.for([
  {
    why: 'every place',
    says: '{of}: {current} over {window}, limit {limit}, {failures} of {n}, {count}',
    message: 'cart: 100 % over 10 min, limit 5 %, 80 of 80, 80',
  },
  { why: 'a place twice', says: '{n} and {n} of {of}', message: '80 and 80 of cart' },
  { why: 'none, which begins with the value', says: 'It fails', message: 'cart: It fails' },
  { why: 'no sentence at all', says: undefined, message: 'cart: The ratio in requests is 100 % over 10 min (limit 5 %): 80 of 80' },
])('a sentence with $why', ({ says, message }) => {
  const sentence = shareOf.above(5).by('route')
  const said = compiled(says === undefined ? sentence : sentence.says(says))
  expect(said.judge({ ...fixedReadings({}), ...half }, undefined, 'cart')).toMatchObject({ message })
})

test('of a rule that is not split, {of} is all', () => {
  expect(compiled(shareOf.above(5).says('{of}')).judge({ ...fixedReadings({}), ...half }, undefined)).toMatchObject({ message: 'all' })
})

test.for([
  { why: 'a number without a unit is in that of the first limit', said: busy.above(60, '/min').critical(120), critical: 120 },
  { why: 'a unit of its own counts', said: busy.above(60, '/min').critical(3, '/s'), critical: 180 },
])('of two limits, $why', ({ said, critical }) => {
  expect(compiled(said).limits).toMatchObject({ unit: '/min', warning: 60, critical })
})

test.for([
  { why: 'the shortest window', said: rate(requests).over(10), window: 10 },
  { why: 'the longest window', said: rate(requests).over('6h'), window: 21_600 },
  { why: 'five minutes unless it says', said: rate(requests), window: 300 },
  { why: 'half an hour', said: rate(requests).over('30m'), window: 1800 },
])('a rule may look back over $why', ({ said, window }) => {
  const asked: number[] = []
  const events = (_: unknown, windowSeconds: number) => {
    asked.push(windowSeconds)
    return { count: 0, windowSeconds, coveredSeconds: windowSeconds }
  }
  compiled(rule('looks').when(said).above(1)).judge({ ...fixedReadings({}), events }, undefined)
  expect(asked).toEqual([window])
})

test.for([
  { long: '1h', short: 300 },
  { long: '6h', short: 1800 },
  { long: '5m', short: 20 },
  { long: '1m', short: 10 },
])('the short window of a burn rate over $long is $short s unless it says', ({ long, short: expected }) => {
  const asked: number[] = []
  const events = (_: unknown, windowSeconds: number) => {
    asked.push(windowSeconds)
    return { count: 100, windowSeconds, coveredSeconds: windowSeconds }
  }
  const burning = burnRate({ of: requests, in: requests, objective: 99 }).over(long)
  compiled(rule('burns').when(burning).above(2)).judge({ ...fixedReadings({}), events }, undefined)
  expect(Math.min(...asked)).toBe(expected)
})

test('where of a rule selects within where of each metric that it reads', () => {
  const said = shareOf.where({ route: ['a', 'b'] }).above(5)
  expect(compiled(said).needs).toEqual([
    { kind: 'events', metric: 'requests', where: { outcome: 'failed', route: ['a', 'b'] } },
    { kind: 'events', metric: 'requests', where: { route: ['a', 'b'] } },
  ])
})

test('a metric that is only named is the one that the kind or health.config declares', () => {
  const metrics = new Map([['bytes', bytes.ref.definition]])
  const said = compileRule(rule('traffic').when(increase('bytes')).above(2, 'kBy').data, { metrics, tickSeconds: 1, showsFigure: false })
  expect(said.limits).toEqual({ breach: 'above', warning: 2, unit: 'kBy' })
  expect(said).not.toHaveProperty('figure')
})

test('once it fires, a rule with a clear limit is fine only beyond that', () => {
  const said = compiled(
    rule('slow')
      .when(level(gauge('size', { unit: '{item}' })))
      .above(10)
      .clear(5),
  )
  const at = (size: number, alert: AlertState) =>
    short(said.judge(fixedReadings({ levels: { size } }), { state: alert, severity: 'WARNING' }))
  expect([at(7, 'firing'), at(7, 'unknown'), at(5, 'firing')]).toEqual(['WARNING', 'WARNING', 'ok'])
  expect([at(7, 'pending'), at(7, 'recovering'), at(7, 'resolved')]).toEqual(['ok', 'ok', 'ok'])
})

const slowTime = rule('slow_time').when(quantile(0.9, time))

test('a limit at the last bound of a histogram can be told, also in another unit', () => {
  expect(compiled(slowTime.above(5000, 'ms')).limits).toMatchObject({ warning: 5000 })
  expect(
    compiled(
      rule('slow_time')
        .when(quantile(0.9, histogram('h', { unit: 's', bounds: [0.7] })))
        .above(700, 'ms'),
    ).name,
  ).toBe('slow_time')
})
