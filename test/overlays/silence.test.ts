import { expect, test } from 'vitest'

import {
  encodeSilence,
  isInForce,
  isOverWithAlert,
  nextChange,
  parseSilence,
  withWindows,
  type Silence,
} from '../../src/overlays/silence.ts'

const HOUR = 3_600_000
const ONE: Silence = {
  id: 's1',
  matcher: 'service=a*',
  match: [['service', 'a', '']],
  by: 'ada',
  why: 'deploy',
  windows: [[HOUR, 2 * HOUR]],
}
const WEEKLY: Silence = { ...ONE, windows: [], repeat: { every: 'Sun 02:00', forSeconds: 7200, zone: 'UTC' } }

test('is read as it was written', () => {
  for (const silence of [ONE, withWindows(WEEKLY, HOUR)]) expect(parseSilence('s1', encodeSilence(silence))).toEqual(silence)
})

test('other programs read who, why, from when and until when', () => {
  expect(JSON.parse(encodeSilence(ONE))).toMatchObject({
    ...{ v: 1, matcher: 'service=a*', by: 'ada', why: 'deploy', from: '1970-01-01T01:00:00.000Z', until: '1970-01-01T02:00:00.000Z' },
  })
  expect(JSON.parse(encodeSilence(withWindows(WEEKLY, HOUR)))).toMatchObject({
    until: null,
    repeat: { every: 'Sun 02:00', for_seconds: 7200, zone: 'UTC' },
  })
})

test.for([
  { at: HOUR - 1, inForce: false, next: HOUR, why: 'before' },
  { at: HOUR, inForce: true, next: 2 * HOUR, why: 'from its first millisecond' },
  { at: 2 * HOUR - 1, inForce: true, next: 2 * HOUR, why: 'to its last' },
  { at: 2 * HOUR, inForce: false, next: undefined, why: 'over for good' },
])('$why', ({ at, inForce, next }) => {
  expect(isInForce(ONE, at)).toBe(inForce)
  expect(nextChange(ONE, at)).toBe(next)
})

test('one that repeats is never over', () => {
  let at = 0
  for (let i = 0; i < 50; i++) {
    const ahead = withWindows(WEEKLY, at)
    expect(ahead.windows).toHaveLength(8)
    const next = nextChange(ahead, at)!
    expect(next).toBeGreaterThan(at)
    at = next
  }
})

test.for([
  '',
  'x',
  'null',
  '[]',
  '{"v":2}',
  JSON.stringify({ ...ONE, v: 2 }),
  JSON.stringify({ ...ONE, v: 1, windows: [[1]] }),
  JSON.stringify({ ...ONE, v: 1, match: [['a']] }),
])('no silence: %s', (text) => {
  expect(parseSilence('s1', text)).toBeUndefined()
})

const OF_EPISODE = [
  ['alert', 'a1'],
  ['episode', '3'],
] as const
test.for([
  { match: OF_EPISODE, alert: { state: 'firing', episode: 3 }, is: false, why: 'its episode goes on' },
  { match: OF_EPISODE, alert: { state: 'unknown', episode: 3 }, is: false, why: 'and may go on' },
  { match: OF_EPISODE, alert: { state: 'resolved', episode: 3 }, is: true, why: 'its episode is over' },
  { match: OF_EPISODE, alert: { state: 'pending', episode: 4 }, is: true, why: 'the next one has not begun' },
  { match: OF_EPISODE, alert: { state: 'firing', episode: 4 }, is: true, why: 'it is the next one' },
  { match: [['alert', 'a1']] as const, alert: { state: 'resolved', episode: 3 }, is: false, why: 'no silence of an episode' },
] as const)('over with its alert, which is $alert.state in episode $alert.episode: $is, $why', ({ match, alert, is }) => {
  expect(isOverWithAlert({ match }, alert)).toBe(is)
})
