import fc from 'fast-check'
import { expect, test } from 'vitest'

import { isOver, stateOf, viewOfRequest, type RequestState } from '../../src/control/request-view.ts'
import { LOST_AFTER_MS, type AnswerState, type ControlAnswer, type ControlRequest } from '../../src/wire/control-request.ts'
import { AT } from '../wire/fixtures.ts'

const REQUEST: ControlRequest = {
  ...{ id: 'a'.repeat(32), action: 'drain', service: 'mailer', instance: null, actor: 'ann', from: 'h', why: 'w' },
  ...{ at: AT, expires: AT + 60_000, until: null },
}

/** `i1 accepted`, at `AT` or so many ms later. */
function answer(said: string, later: number = 0, reason?: string): ControlAnswer {
  const [instance = '', state] = said.split(' ')
  const { id: request, action, service } = REQUEST
  return { request, action, service, instance, state: state as AnswerState, at: AT + later, ...(reason !== undefined && { reason }) }
}

test.for<{ what: string; said: readonly string[]; now?: number; each: readonly RequestState[]; is: RequestState }>([
  { what: 'nobody has answered', said: [], each: ['waiting', 'waiting'], is: 'waiting' },
  { what: 'nobody began in time', said: [], now: 60_001, each: ['expired', 'expired'], is: 'expired' },
  { what: 'one has begun', said: ['i1 accepted'], each: ['under way', 'waiting'], is: 'under way' },
  { what: 'one has done it, one has not answered', said: ['i1 accepted', 'i1 done'], each: ['done', 'waiting'], is: 'under way' },
  { what: 'all have done it', said: ['i1 accepted', 'i2 accepted', 'i1 done', 'i2 done'], each: ['done', 'done'], is: 'done' },
  { what: 'a pause is over by itself: it was done', said: ['i1 done', 'i2 done', 'i1 ended'], each: ['done', 'done'], is: 'done' },
  { what: 'one refuses', said: ['i1 done', 'i2 refused'], each: ['done', 'refused'], is: 'refused' },
  { what: 'one fails, one refuses', said: ['i1 failed', 'i2 refused'], each: ['failed', 'refused'], is: 'failed' },
  { what: 'one did it, one never began', said: ['i1 done'], now: 60_001, each: ['done', 'expired'], is: 'expired' },
  {
    what: 'the time to begin is over for who has begun',
    said: ['i1 accepted', 'i2 done'],
    now: 60_001,
    each: ['under way', 'done'],
    is: 'under way',
  },
  { what: 'nothing more was heard', said: ['i1 accepted', 'i2 done'], now: LOST_AFTER_MS + 1, each: ['failed', 'done'], is: 'failed' },
  { what: 'the first final word counts', said: ['i1 done', 'i1 refused', 'i2 done', 'i2 accepted'], each: ['done', 'done'], is: 'done' },
])('$what', ({ said, now = 1000, each, is }) => {
  const view = viewOfRequest(
    REQUEST,
    ['i1', 'i2'],
    said.map((one) => answer(one)),
    AT + now,
  )
  expect(view.byInstance.map(({ state }) => state)).toEqual(each)
  expect(view.state).toBe(is)
  expect([stateOf(view, 'i1'), stateOf(view, 'i2')]).toEqual(each)
})

test('who says again that it goes on is not lost', () => {
  const answers = [answer('i1 accepted'), answer('i1 accepted', 170_000)]
  expect(viewOfRequest(REQUEST, ['i1'], answers, AT + LOST_AFTER_MS + 1).state).toBe('under way')
})

test('what was not heard of again is said, and so is any reason', () => {
  const lost = viewOfRequest(REQUEST, ['i1'], [answer('i1 accepted')], AT + LOST_AFTER_MS + 1)
  expect(lost.byInstance).toMatchObject([{ reason: 'It began, and nothing was heard of it for 3 min.' }])
  expect(viewOfRequest(REQUEST, ['i1'], [answer('i1 refused', 0, 'It drains.')], AT).byInstance).toMatchObject([{ reason: 'It drains.' }])
})

test('who does it without being asked by name is among those who were asked; who refuses it then is not', () => {
  const view = viewOfRequest(REQUEST, ['i1'], [answer('i9 accepted'), answer('i8 refused')], AT)
  expect(view.byInstance.map(({ instance, state }) => `${instance} ${state}`)).toEqual(['i1 waiting', 'i9 under way'])
  expect(stateOf(view, 'i5')).toBe('waiting')
})

test('done is said only where everybody has done it, and over only where everybody is through with it', () => {
  const said = fc.record({
    instance: fc.constantFrom('i1', 'i2', '__proto__'),
    state: fc.constantFrom('accepted', 'refused', 'done', 'failed', 'ended'),
  })
  fc.assert(
    fc.property(fc.array(said, { maxLength: 12 }), fc.nat(2 * LOST_AFTER_MS), (all, now) => {
      const answers = all.map(({ instance, state }) => answer(`${instance} ${state}`))
      const view = viewOfRequest(REQUEST, ['i1', 'i2', '__proto__'], answers, AT + now)
      expect(view.byInstance).toHaveLength(3)
      expect(view.state === 'done').toBe(view.byInstance.every(({ state }) => state === 'done'))
      expect(isOver(view.state)).toBe(view.byInstance.every(({ state }) => isOver(state)))
    }),
  )
})
