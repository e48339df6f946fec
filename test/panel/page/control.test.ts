/** What is said before and after one asks a service for something. */
import { describe, expect, test } from 'vitest'

import { foreseen } from '../../../src/panel/page/control/foreseen.ts'
import { standingOf, wantedOf } from '../../../src/panel/page/control/standing.ts'
import { isControllable, whyNot, type Controlled } from '../../../src/panel/page/control/why-not.ts'
import type { ControlAction, ControlOfInstance, ControlRow, DesiredRow, RequestRow } from '../../../src/panel/control-protocol.ts'
import type { InstanceRow } from '../../../src/panel/protocol.ts'
import { texts } from '../../../src/panel/page/texts.ts'
import type { Phase } from '../../../src/types.ts'

const AT = Date.UTC(2026, 10, 30, 12)
const ALL: readonly ControlAction[] = ['pause', 'resume', 'drain', 'stop', 'start', 'restart']

function instance(
  name: string,
  phase: Phase | undefined = 'running',
  control: ControlOfInstance = { allows: ALL, supervised: true },
): InstanceRow {
  return { instance: name, status: 'healthy', phase, beatAt: AT, uptimeSeconds: 300, control }
}

const SILENT: InstanceRow = { instance: 'gone', status: 'missing', beatAt: AT - 600_000 }

function asked(more: Partial<RequestRow> = {}): RequestRow {
  return {
    ...{
      id: 'r',
      action: 'pause',
      instance: null,
      by: 'ann',
      from: 'x',
      why: 'w',
      at: AT,
      expires: AT + 60_000,
      state: 'under way',
      asked: [],
    },
    ...more,
  }
}

function desired(more: Partial<DesiredRow> = {}): DesiredRow {
  return { instance: null, state: 'stopped', by: 'ann', why: 'w', at: AT - 60_000, ...more }
}

const NOTHING: ControlRow = { requests: [], desired: [] }

describe('what cannot be asked says why', () => {
  test.for<{ why: string; action: ControlAction; given: Partial<Controlled>; says: string | undefined }>([
    { why: 'it runs and allows it', action: 'pause', given: { instances: [instance('a')] }, says: undefined },
    {
      why: 'the panel may not',
      action: 'pause',
      given: { instances: [instance('a')], isOn: false },
      says: 'Services cannot be controlled from this panel: HEALTH_PANEL_CONTROL is false.',
    },
    {
      why: 'it allows nothing',
      action: 'stop',
      given: { instances: [instance('a', 'running', {})] },
      says: 'tracker_fetcher allows no control: control.allow in its health.config.',
    },
    {
      why: 'it allows others',
      action: 'stop',
      given: { instances: [instance('a', 'running', { allows: ['pause'] }), instance('b', 'running', { allows: ['drain'] })] },
      says: 'tracker_fetcher allows pause and drain only: control.allow in its health.config.',
    },
    {
      why: 'nothing would start it',
      action: 'restart',
      given: { instances: [instance('a', 'running', { allows: ALL })] },
      says: 'Nothing would start it again: a restart needs otel-health run.',
    },
    { why: 'one at least can be started again', action: 'restart', given: { instances: [instance('a')] }, says: undefined },
    { why: 'it is silent', action: 'drain', given: { instances: [SILENT] }, says: 'Nothing of it runs.' },
    { why: 'it runs', action: 'start', given: { instances: [instance('a')] }, says: 'It runs.' },
    { why: 'it is stopped', action: 'start', given: { instances: [instance('a', 'stopped')] }, says: undefined },
    { why: 'it came back paused', action: 'start', given: { instances: [instance('a', 'paused')] }, says: undefined },
    { why: 'nothing of it is left', action: 'start', given: { control: { ...NOTHING, desired: [desired()] } }, says: undefined },
    { why: 'one of it is down', action: 'start', given: { instances: [instance('a')], down: ['b'] }, says: undefined },
    { why: 'nobody has stopped it', action: 'start', given: {}, says: 'Nothing of it runs.' },
    { why: 'it works', action: 'resume', given: { instances: [instance('a')] }, says: 'Nothing of it is paused, or asked to be.' },
    { why: 'it is paused', action: 'resume', given: { instances: [instance('a', 'paused')] }, says: undefined },
    {
      why: 'it works again only in part',
      action: 'resume',
      given: { instances: [instance('a', 'running', { allows: ALL, pausedInPart: true })] },
      says: undefined,
    },
    {
      why: 'a restart waits for its turn',
      action: 'resume',
      given: { instances: [instance('a')], control: { ...NOTHING, requests: [asked({ action: 'restart' })] } },
      says: undefined,
    },
    {
      why: 'a pause is on its way',
      action: 'resume',
      given: { instances: [instance('a')], control: { ...NOTHING, requests: [asked()] } },
      says: undefined,
    },
    {
      why: 'what is over is not called off',
      action: 'resume',
      given: { instances: [instance('a')], control: { ...NOTHING, requests: [asked({ state: 'failed' })] } },
      says: 'Nothing of it is paused, or asked to be.',
    },
  ])('$action, as $why: $says', ({ action, given, says }) => {
    expect(whyNot(action, { service: 'tracker_fetcher', instances: [], isOn: true, ...given })).toBe(says)
  })

  test('buttons are there for whom anything can be asked', () => {
    const of = (...instances: readonly InstanceRow[]) => isControllable({ service: 'a', instances, isOn: true })
    expect([of(), of(SILENT), of(instance('a', 'running', {})), of(instance('a')), of(instance('a', 'stopped', {}))]).toEqual([
      ...[false, false, false, true, true],
    ])
  })
})

describe('before one asks', () => {
  const both = [
    instance('a', 'running', { allows: ALL, supervised: true, inHand: { count: 3, oldestSeconds: 12 }, drainLimitSeconds: 30 }),
    instance('b', 'running', {
      allows: ALL,
      supervised: true,
      inHand: { count: 1, oldestSeconds: 2 },
      drainLimitSeconds: 30,
      workP99Seconds: 45,
    }),
  ]
  const detail = { instances: [...both, SILENT], neededBy: ['geocoder', 'notifier'] }

  test('a drain of all says what will happen', () => {
    const took = { drain: { lastMs: [12_000, 9000, 41_000], medianMs: 12_000, times: 14 } }
    expect(foreseen('drain', null, detail, { took, nameNeededFor: [null], down: [] })).toEqual({
      happens: [
        '2 instances take on no new work, finish what they have in hand, then end. What has not finished after 30 s stays paused and says so. Nothing starts them again until Start.',
        'In hand now: 4 pieces of work, the oldest for 12 s.',
        'Services that depend on it: geocoder, notifier.',
        'The last times it took 12 s, 9 s and 41 s; half of the last 14 took at most 12 s.',
      ],
      warnings: ['1 of 100 pieces of work takes longer than 45 s, and the drain limit is 30 s: what is in hand may not be finished.'],
    })
  })

  test('of one that nothing starts again and that does not say what it has in hand', () => {
    const { happens, warnings } = foreseen('stop', 'a', { instances: [instance('a', 'running', { allows: ALL })], neededBy: [] }, undefined)
    expect(happens.slice(1)).toEqual([
      'It does not run under otel-health run. Where something else starts it again, such as systemd or Docker, it comes back paused.',
      'What is in hand now is not known.',
      'No service says that it depends on it.',
    ])
    expect(warnings).toEqual([])
  })

  test.for([
    { of: null, nameNeededFor: [null], is: true },
    { of: 'a', nameNeededFor: [null], is: false },
    { of: 'a', nameNeededFor: [null, 'a'], is: true },
  ])('a pause after which nothing of it works says so: of $of where $nameNeededFor is left', ({ of, nameNeededFor, is }) => {
    const { happens } = foreseen('pause', of, detail, { took: {}, nameNeededFor, down: [] })
    expect(happens.includes('Nothing of it takes on work then.')).toBe(is)
  })

  test.for(ALL)('%s of one and of several is a sentence each', (action) => {
    for (const whom of ['a', null]) {
      const [first = ''] = foreseen(action, whom, detail, { took: {}, nameNeededFor: [], down: [] }).happens
      expect(first).toMatch(/^[A-Z0-9].+\.$/)
      if (whom === 'a') expect(first).not.toMatch(/\b(they|them|their|take turns)\b/)
    }
  })
})

test.for([
  { times: 1, says: 'Job 17 of video was in hand when the process was killed or crashed. BullMQ fails a job to which that happens twice.' },
  { times: 2, says: 'Job 17 of video was in hand 2 times when the process was killed or crashed: BullMQ fails it at the second.' },
])('a job that was in hand at $times ends is a sentence', ({ times, says }) => {
  expect(texts.control.interrupted('17', 'video', times)).toBe(says)
})

describe('how it is to be, and how it is', () => {
  test.for<{ why: string; wanted: Partial<DesiredRow>; instances: readonly InstanceRow[]; is: string; since?: number }>([
    { why: 'stopped and gone', wanted: {}, instances: [SILENT], is: 'not there' },
    { why: 'stopped and said so', wanted: {}, instances: [instance('a', 'stopped')], is: 'not there' },
    { why: 'came back paused', wanted: {}, instances: [instance('a', 'paused')], is: 'paused' },
    { why: 'still runs, since it was asked', wanted: {}, instances: [instance('a')], is: 'running', since: AT - 60_000 },
    { why: 'began after it was asked', wanted: { at: AT - 900_000 }, instances: [instance('a')], is: 'running', since: AT - 300_000 },
    { why: 'paused as it is to be', wanted: { state: 'paused' }, instances: [instance('a', 'paused')], is: 'paused' },
    { why: 'a drain holds as a pause does', wanted: { state: 'paused' }, instances: [instance('a', 'draining')], is: 'draining' },
    {
      why: 'a drain that lasts has not stopped it',
      wanted: {},
      instances: [instance('a', 'draining')],
      is: 'draining',
      since: AT - 60_000,
    },
    {
      why: 'some of them',
      wanted: { state: 'paused' },
      instances: [instance('a'), instance('b'), instance('c', 'paused')],
      is: '2 running, 1 paused',
      since: AT - 60_000,
    },
    { why: 'another is not meant', wanted: { instance: 'b' }, instances: [instance('a'), instance('b', 'paused')], is: 'paused' },
  ])('$why: is $is', ({ wanted, instances, is, since }) => {
    expect(standingOf(desired(wanted), instances)).toEqual({ is, ...(since !== undefined && { differsSince: since }) })
  })

  test('until when is said to the minute, and with the day where it is not soon', () => {
    expect(wantedOf(desired(), AT)).toBe('stopped')
    expect(wantedOf(desired({ state: 'paused', until: AT + 3_600_000 }), AT)).toMatch(/^paused until \d\d:\d\d$/)
    expect(wantedOf(desired({ state: 'paused', until: AT + 5 * 86_400_000 }), AT)).toMatch(/^paused until 5 Dec, \d\d:\d\d$/)
  })
})
