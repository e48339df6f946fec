/** The pure parts of what people ask of services, as the panel shows it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { viewOfRequest } from '../../../src/control/request-view.ts'
import { controlFacts, nameNeededFor } from '../../../src/panel/data/control-facts.ts'
import { controlOfInstance } from '../../../src/panel/data/control-of-instance.ts'
import { desiredRow, requestRow } from '../../../src/panel/data/request-row.ts'
import { shownStatus } from '../../../src/panel/data/shown-status.ts'
import type { ControlAction, RequestRow } from '../../../src/panel/control-protocol.ts'
import type { InstanceRow } from '../../../src/panel/protocol.ts'
import type { FoldedStatus } from '../../../src/subscribe/service-status.ts'
import type { Phase } from '../../../src/types.ts'
import type { AnswerState, ControlAnswer, ControlRequest } from '../../../src/wire/control-request.ts'
import type { Fields } from '../../../src/wire/fields.ts'
import { toStatusMessage } from '../../../src/wire/status-message.ts'
import { AT, instanceView } from './views.ts'

const messageOf = (phase: Phase, more: object = {}) => instanceView({ phase, ...more }).status!

test.for<{ folded: FoldedStatus; phases: readonly Phase[]; shown: string; why: string }>([
  { folded: 'healthy', phases: ['running'], shown: 'healthy', why: 'it runs' },
  { folded: 'healthy', phases: ['paused', 'paused'], shown: 'paused', why: 'nothing of it takes on work' },
  { folded: 'healthy', phases: ['paused', 'running'], shown: 'healthy', why: 'one still works' },
  { folded: 'healthy', phases: ['paused', 'draining'], shown: 'draining', why: 'one is ending' },
  { folded: 'healthy', phases: ['draining', 'stopped'], shown: 'draining', why: 'who has ended says nothing of the others' },
  { folded: 'healthy', phases: ['paused', 'starting'], shown: 'healthy', why: 'one is about to work' },
  { folded: 'degraded', phases: ['paused'], shown: 'degraded', why: 'what is wrong comes first' },
  { folded: 'unhealthy', phases: ['draining'], shown: 'unhealthy', why: 'what is wrong comes first' },
  { folded: 'stopped', phases: ['stopped'], shown: 'stopped', why: 'it has ended' },
  { folded: 'unknown', phases: [], shown: 'unknown', why: 'nobody says' },
])('$folded and $phases is shown as $shown: $why', ({ folded, phases, shown }) => {
  expect(
    shownStatus(
      folded,
      phases.map((phase) => messageOf(phase)),
    ),
  ).toBe(shown)
})

describe('what an instance says of being controlled', () => {
  const read = (said: object) => {
    const message = messageOf('running')
    const onTheWire = { ...message, beat: 1, version: undefined, ...said }
    return controlOfInstance(toStatusMessage(JSON.parse(JSON.stringify(onTheWire)) as Fields)!)
  }

  test.for<{ why: string; said: object; is: object | undefined }>([
    { why: 'an older one says nothing', said: {}, is: undefined },
    { why: 'in the order of the panel', said: { control: ['stop', 'pause'] }, is: { allows: ['pause', 'stop'] } },
    { why: 'nothing allowed is nothing said', said: { control: [] }, is: undefined },
    { why: 'what is no list of actions is none', said: { control: ['explode', 'pause'] }, is: undefined },
    {
      why: 'work in hand',
      said: { work_in_hand: { count: 3, oldest_seconds: 12.5 }, drain_limit_seconds: 30, supervised: true },
      is: { inHand: { count: 3, oldestSeconds: 12.5 }, drainLimitSeconds: 30, supervised: true },
    },
    {
      why: 'what cannot be',
      said: { work_in_hand: { count: -1, oldest_seconds: 0 }, drain_limit_seconds: '30', supervised: 1 },
      is: undefined,
    },
    {
      why: 'that it works again only in part',
      said: { paused_in_part: true },
      is: { pausedInPart: true },
    },
    {
      why: 'which jobs were in hand when the process before was killed, with no character that hides',
      said: { interrupted: [{ queue: 'vi\u202Edeo', job: '1\u200B7', times: 2 }] },
      is: { interrupted: [{ queue: 'video', job: '17', times: 2 }] },
    },
    {
      why: 'that nothing is in hand',
      said: { work_in_hand: { count: 0, oldest_seconds: 0 } },
      is: { inHand: { count: 0, oldestSeconds: 0 } },
    },
    { why: 'how long its work takes', said: { metrics: { attempt_p99_ms: 45_000 } }, is: { workP99Seconds: 45 } },
    { why: 'how long its batches take', said: { metrics: { batch_p99_ms: 45_000 } }, is: { workP99Seconds: 45 } },
    { why: 'that this is not known', said: { metrics: { attempt_p99_ms: null } }, is: undefined },
  ])('$why', ({ said, is }) => {
    expect(read(said)).toEqual(is)
  })
})

function request(more: Partial<ControlRequest> = {}): ControlRequest {
  return {
    ...{ id: 'a'.repeat(32), action: 'drain', service: 'mailer', instance: null, actor: 'ann', from: '10.0.0.7', why: 'new disks' },
    ...{ at: AT, expires: AT + 60_000, until: null },
    ...more,
  }
}

function answer(instance: string, state: AnswerState, at: number, more: Partial<ControlAnswer> = {}): ControlAnswer {
  return { request: 'a'.repeat(32), action: 'drain', service: 'mailer', instance, state, at, ...more }
}

describe('a request', () => {
  test('is shown instance by instance', () => {
    const answers = [
      answer('b', 'accepted', AT + 1000),
      answer('a', 'accepted', AT + 1000, { inHand: 4, oldestSeconds: 12 }),
      answer('b', 'done', AT + 9000, { reason: 'drained' }),
    ]
    expect(requestRow(viewOfRequest(request(), ['b', 'a', 'c'], answers, AT + 10_000))).toEqual({
      ...{ id: 'a'.repeat(32), action: 'drain', instance: null, by: 'ann', from: '10.0.0.7', why: 'new disks' },
      ...{ at: AT, expires: AT + 60_000, state: 'under way' },
      asked: [
        { instance: 'a', state: 'under way', at: AT + 1000, inHand: 4, oldestSeconds: 12 },
        { instance: 'b', state: 'done', at: AT + 9000, reason: 'drained' },
        { instance: 'c', state: 'waiting' },
      ],
    })
  })

  test.for<{ why: string; answers: readonly ControlAnswer[]; state: string; endedAt: number }>([
    { why: 'ends with the last answer', answers: [answer('a', 'done', AT + 5), answer('b', 'done', AT + 9)], state: 'done', endedAt: 9 },
    { why: 'that nobody began with ends when it expires', answers: [], state: 'expired', endedAt: 60_000 },
    {
      why: 'that one refused is refused',
      answers: [answer('a', 'refused', AT + 5), answer('b', 'done', AT + 9)],
      state: 'refused',
      endedAt: 9,
    },
  ])('$why', ({ answers, state, endedAt }) => {
    const row = requestRow(viewOfRequest(request(), ['a', 'b'], answers, AT + 70_000))
    expect([row.state, row.endedAt! - AT]).toEqual([state, endedAt])
  })

  test('says of a pause that is over again why', () => {
    const answers = [
      answer('a', 'done', AT + 5, { reason: 'it is paused' }),
      answer('a', 'ended', AT + 9000, { reason: 'its time was up' }),
    ]
    expect(requestRow(viewOfRequest(request(), ['a'], answers, AT + 9001))).toMatchObject({
      ...{ state: 'done', endedAt: AT + 5, asked: [{ state: 'done', at: AT + 5, reason: 'its time was up' }] },
    })
  })

  test('of nobody is over when it expires', () => {
    expect(requestRow(viewOfRequest(request(), [], [], AT + 70_000))).toMatchObject({ state: 'expired', endedAt: AT + 60_000 })
  })

  test('of many shows those that matter', () => {
    const names = Array.from({ length: 200 }, (_, i) => `i${i}`)
    const answers = names.map((name, i) => answer(name, i === 150 ? 'failed' : 'done', AT + 1))
    const row = requestRow(viewOfRequest(request(), names, answers, AT + 2))
    expect([row.asked.length, row.askedLeftOut, row.asked[0]!.instance]).toEqual([50, 150, 'i150'])
  })

  test('shows no character that steers or hides', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 900 }), (text) => {
        const given = request({ actor: text, why: text, from: text, instance: text })
        const view = viewOfRequest(given, [text], [answer(text, 'refused', AT, { reason: text })], AT)
        const shown = JSON.stringify([requestRow(view), desiredRow({ instance: text, state: 'paused', request: given })])
        expect(shown).not.toMatch(/\p{Cc}|\p{Cf}/u)
        expect(shown.length).toBeLessThan(20_000)
      }),
    )
  })
})

describe('before one asks', () => {
  const row = (action: ControlAction, tookMs: number, state: RequestRow['state'] = 'done'): RequestRow => ({
    ...{ id: 'r', action, instance: null, by: 'ann', from: 'x', why: 'w', at: AT, expires: AT, state, asked: [] },
    endedAt: AT + tookMs,
  })

  test('one is told how long it took the last times, of those that were done', () => {
    const rows = [row('drain', 9), row('stop', 1), row('drain', 40, 'failed'), row('drain', 3), row('drain', 5), row('drain', 7)]
    expect(controlFacts(rows, [], []).took).toEqual({
      drain: { lastMs: [9, 3, 5], medianMs: 6, times: 4 },
      stop: { lastMs: [1], medianMs: 1, times: 1 },
    })
  })

  test.for<{ phases: readonly (Phase | undefined)[]; needed: readonly (string | null)[] }>([
    { phases: [], needed: [] },
    { phases: ['running', 'running'], needed: [null] },
    { phases: ['running'], needed: [null, 'i0'] },
    { phases: ['running', 'paused', 'stopped', undefined], needed: [null, 'i0'] },
    { phases: ['paused', 'draining'], needed: [null, 'i0'] },
    { phases: ['draining', 'stopped', undefined], needed: [] },
    { phases: ['starting', 'paused'], needed: [null, 'i0'] },
  ])('of $phases the name is typed for $needed', ({ phases, needed }) => {
    const rows = phases.map((phase, i): InstanceRow => ({
      instance: `i${i}`,
      status: 'healthy',
      beatAt: AT,
      ...(phase !== undefined && { phase }),
    }))
    expect(nameNeededFor(rows)).toEqual(needed)
  })
})
