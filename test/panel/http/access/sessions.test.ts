import { expect, test } from 'vitest'

import { userWith } from '../../../../src/panel/http/access/rights.ts'
import { Sessions, type SessionLimits } from '../../../../src/panel/http/access/sessions.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const ANN = userWith('ann', { role: 'viewer' })
const BOB = userWith('bob', { role: 'operator' })
const HOUR_MS = 3_600_000

function sessionsWith(limits: SessionLimits = {}): { sessions: Sessions; clock: VirtualClock } {
  const clock = new VirtualClock()
  return { sessions: new Sessions(limits, clock), clock }
}

test('an id is long, of nobody else, and finds its user', () => {
  const { sessions } = sessionsWith()
  const [a, b] = [sessions.begin(ANN), sessions.begin(BOB)]
  expect(a.id).toMatch(/^[\w-]{43}$/)
  expect(a.id).not.toBe(b.id)
  expect([sessions.find(a.id)?.user, sessions.find(b.id)?.user]).toEqual([ANN, BOB])
  expect([sessions.find(''), sessions.find(a.session.key)]).toEqual([undefined, undefined])
})

test.for([
  { why: 'not used for 12 h', steps: [13], over: true },
  { why: 'used every 11 h', steps: [11, 11, 11], over: false },
  { why: 'used every 11 h, for more than a week', steps: Array.from({ length: 16 }, () => 11), over: true },
])('$why: over is $over', ({ steps, over }) => {
  const { sessions, clock } = sessionsWith()
  const { id, session } = sessions.begin(ANN)
  let found
  for (const hours of steps) {
    clock.advance(hours * HOUR_MS)
    found = sessions.find(id)
  }
  expect([found === undefined, session.ended.aborted]).toEqual([over, over])
})

test('it ends by itself, asked for or not', () => {
  const { sessions, clock } = sessionsWith({ idleMs: 60_000 })
  const { session } = sessions.begin(ANN)
  clock.advance(121_000)
  expect([session.ended.aborted, sessions.size]).toEqual([true, 0])
})

test('it can be ended', () => {
  const { sessions } = sessionsWith()
  const { id, session } = sessions.begin(ANN)
  sessions.end('another')
  expect(session.ended.aborted).toBe(false)
  sessions.end(id)
  expect([session.ended.aborted, sessions.find(id)]).toEqual([true, undefined])
})

test.for([
  { why: 'in all', limits: { most: 2 }, users: [ANN, BOB, ANN] },
  { why: 'of one user', limits: { mostOfUser: 2 }, users: [ANN, ANN, ANN] },
])('so many and no more $why: the one that has not been used for longest ends', ({ limits, users }) => {
  const { sessions } = sessionsWith(limits)
  const [first, second] = [sessions.begin(users[0]!), sessions.begin(users[1]!)]
  sessions.find(first.id)
  const third = sessions.begin(users[2]!)
  expect([first, second, third].map(({ session }) => session.ended.aborted)).toEqual([false, true, false])
})

test('closing ends all', () => {
  const { sessions, clock } = sessionsWith()
  const { session } = sessions.begin(ANN)
  sessions.close()
  expect([session.ended.aborted, clock.nextDue()]).toEqual([true, Infinity])
})
