import { expect, test } from 'vitest'

import { desiredSentence, endingsOf, progressOf, requestData, resultOf, sayingOf } from '../../src/cli/request-words.ts'
import { viewOfRequest } from '../../src/control/request-view.ts'
import type { AnswerState, ControlAnswer, ControlRequest } from '../../src/wire/control-request.ts'
import { AT } from '../wire/fixtures.ts'

const DRAIN: ControlRequest = {
  ...{ id: 'a'.repeat(32), action: 'drain', service: 'mailer', instance: null, actor: 'ann', from: 'h', why: 'a larger disk' },
  ...{ at: AT, expires: AT + 60_000, until: null },
}
const THREE = ['i1', 'i2', 'i3']

interface Said {
  readonly instance: string
  readonly state: AnswerState
  readonly reason?: string
  readonly inHand?: number
  readonly oldestSeconds?: number
}
const viewed = (said: readonly Said[], { request = DRAIN, asked = THREE, now = AT + 1000 } = {}) => {
  const { id, action, service } = request
  return viewOfRequest(
    request,
    asked,
    said.map((each): ControlAnswer => ({ request: id, action, service, at: AT, ...each })),
    now,
  )
}

test.for<{ what: string; said: readonly Said[]; asked?: string[]; now?: number; is: string }>([
  { what: 'nobody has answered', said: [], is: '0 of 3 drained, 3 have not answered yet' },
  { what: 'one has not answered', said: [], asked: ['i1'], is: '0 of 1 drained, 1 has not answered yet' },
  {
    what: 'two have work in hand, whose ages are not added up',
    said: [
      { instance: 'i1', state: 'accepted', inHand: 3, oldestSeconds: 12 },
      { instance: 'i2', state: 'accepted', inHand: 1, oldestSeconds: 121 },
      { instance: 'i3', state: 'done' },
    ],
    is: '1 of 3 drained, 4 pieces of work in hand, the oldest 2 min',
  },
  {
    what: 'one piece is left',
    said: [{ instance: 'i1', state: 'accepted', inHand: 1, oldestSeconds: 0 }],
    asked: ['i1'],
    is: '0 of 1 drained, 1 piece of work in hand, the oldest 0 s',
  },
  { what: 'nothing is in hand', said: [{ instance: 'i1', state: 'accepted', inHand: 0 }], asked: ['i1'], is: '0 of 1 drained' },
  {
    what: 'one failed, one refused, one never began',
    said: [
      { instance: 'i1', state: 'failed' },
      { instance: 'i2', state: 'refused' },
    ],
    now: AT + 60_001,
    is: '0 of 3 drained, 1 failed, 1 refused, 1 expired',
  },
])('progress: $what', ({ said, asked, now, is }) => {
  expect(progressOf(viewed(said, { ...(asked && { asked }), ...(now !== undefined && { now }) }))).toBe(is)
})

test.for<{ said: readonly Said[]; request?: ControlRequest; now?: number; is: string }>([
  { said: [{ instance: 'i1', state: 'done' }], is: 'The drain of mailer is done: 1 of 1 drained.' },
  { said: [{ instance: 'i1', state: 'failed' }], is: 'The drain of mailer has failed: 0 of 1 drained, 1 failed.' },
  { said: [{ instance: 'i1', state: 'refused' }], is: 'The drain of mailer was refused: 0 of 1 drained, 1 refused.' },
  { said: [], now: AT + 60_001, is: 'The drain of mailer has expired: 0 of 1 drained, 1 expired.' },
  { said: [{ instance: 'i1', state: 'accepted' }], is: 'The drain of mailer is under way: 0 of 1 drained.' },
  {
    said: [{ instance: 'i1', state: 'done' }],
    request: { ...DRAIN, action: 'restart', instance: 'i1' },
    is: 'The restart of mailer/i1 is done: 1 of 1 restarted.',
  },
])('$is', ({ said, request = DRAIN, now = AT, is }) => {
  expect(resultOf(viewed(said, { request, asked: ['i1'], now }))).toBe(is)
})

test.for<{ said: readonly Said[]; now?: number; is: string }>([
  { said: [{ instance: 'i1', state: 'accepted', inHand: 4, oldestSeconds: 12 }], is: '4 in hand, the oldest 12 s' },
  {
    said: [{ instance: 'i1', state: 'accepted', inHand: 4, oldestSeconds: 12, reason: 'It waits for its turn.' }],
    is: '4 in hand, the oldest 12 s; It waits for its turn.',
  },
  { said: [{ instance: 'i1', state: 'refused', reason: 'It is starting.' }], is: 'It is starting.' },
  { said: [{ instance: 'i1', state: 'done', inHand: 4 }], is: '' },
  { said: [], now: AT + 60_001, is: 'It did not begin in time, and will not.' },
])('of an instance: $is', ({ said, now = AT, is }) => {
  expect(sayingOf(viewed(said, { asked: ['i1'], now }).byInstance[0]!)).toBe(is)
})

test('what is desired, of all and of one', () => {
  const pause: ControlRequest = { ...DRAIN, action: 'pause', until: Date.UTC(2026, 10, 22, 12) }
  expect(desiredSentence({ instance: null, state: 'paused', request: pause })).toBe(
    'All of mailer are to be paused until 2026-11-22T12:00:00.000Z, says ann: a larger disk',
  )
  expect(desiredSentence({ instance: 'i1', state: 'stopped', request: DRAIN })).toBe('mailer/i1 is to be stopped, says ann: a larger disk')
})

test('of a pause that is over by itself each ending is said once, and as data by its instance', () => {
  const works = 'its time was up: it works again'
  const stuck = 'its time was up, but onResume of health.config threw ECRON'
  const view = viewed([
    { instance: 'i1', state: 'done', reason: 'it is paused' },
    { instance: 'i2', state: 'done', reason: 'it is paused' },
    { instance: 'i3', state: 'done', reason: 'it is paused' },
    { instance: 'i1', state: 'ended', reason: works },
    { instance: 'i2', state: 'ended', reason: stuck },
    { instance: 'i3', state: 'ended', reason: works },
  ])
  expect(endingsOf(view)).toEqual([works, stuck])
  expect(requestData(view)).toMatchObject({ instances: [{ ended: works }, { ended: stuck }, { ended: works }] })
})
