import fc from 'fast-check'
import { expect, test } from 'vitest'

import { decide, type OwnState } from '../../src/obey/decide.ts'
import { CONTROL_ACTIONS, type ControlRequest } from '../../src/wire/control-request.ts'

const NOW = Date.UTC(2026, 10, 22, 10)
const request = (given: Partial<ControlRequest> = {}): ControlRequest => ({
  ...{ id: 'a'.repeat(32), action: 'pause', service: 'mailer', instance: null, actor: 'ann', from: 'laptop', why: 'a larger disk' },
  ...{ at: NOW, expires: NOW + 60_000, until: (given.action ?? 'pause') === 'pause' ? NOW + 3_600_000 : null },
  ...given,
})
const WELL: OwnState = {
  ...{ instance: 'i1', allow: CONTROL_ACTIONS, now: NOW, underWay: undefined, isEnding: false, held: undefined },
  ...{ isPausedInPart: false, canPause: true, seesWork: true, isRestarted: true },
}
const draining = request({ id: 'b'.repeat(32), action: 'drain', actor: 'bob' })

interface Row {
  readonly why: string
  readonly asked: Partial<ControlRequest>
  readonly own?: Partial<OwnState>
  readonly does: string | RegExp
}

test.for<Row>([
  { why: 'is asked of all', asked: {}, does: 'run' },
  { why: 'is asked of this one', asked: { instance: 'i1' }, does: 'run' },
  { why: 'is asked of another', asked: { instance: 'i2' }, does: 'nothing' },
  { why: 'is asked of another, and not allowed', asked: { instance: 'i2' }, own: { allow: [] }, does: 'nothing' },
  {
    why: 'is not allowed',
    asked: {},
    own: { allow: ['drain'] },
    does: 'pause is not allowed here: add it to control.allow in health.config',
  },
  { why: 'is in time to the millisecond', asked: {}, own: { now: NOW + 60_000 }, does: 'run' },
  {
    why: 'comes too late',
    asked: {},
    own: { now: NOW + 60_001 },
    does: 'it came too late: nobody was to begin with it after 10:01 UTC',
  },
  {
    why: 'is over before it begins',
    asked: { until: NOW + 5000 },
    own: { now: NOW + 5000 },
    does: 'the pause is over already: it was to end at 10:00:05 UTC',
  },
  { why: 'comes to a process that is ending', asked: {}, own: { isEnding: true }, does: 'this process is ending already' },
  {
    why: 'comes beside another',
    asked: { action: 'stop' },
    own: { underWay: draining, held: 'stopped' },
    does: `a drain that bob asked for is under way (${draining.id})`,
  },
  { why: 'calls off a drain', asked: { action: 'resume' }, own: { underWay: draining, held: 'stopped' }, does: 'run' },
  { why: 'calls off a pause', asked: { action: 'resume' }, own: { underWay: request(), held: 'paused' }, does: 'run' },
  {
    why: 'calls off a restart',
    asked: { action: 'resume' },
    own: { underWay: request({ action: 'restart' }), held: 'stopped' },
    does: 'run',
  },
  { why: 'calls off a restart that waits', asked: { action: 'resume' }, own: { underWay: request({ action: 'restart' }) }, does: 'run' },
  {
    why: 'would call off a start',
    asked: { action: 'resume' },
    own: { underWay: request({ action: 'start' }), held: 'stopped' },
    does: /^a start that ann asked for is under way/,
  },
  {
    why: 'would call off a stop',
    asked: { action: 'resume' },
    own: { underWay: request({ action: 'stop' }), held: 'stopped' },
    does: /^a stop that ann asked for is under way/,
  },
  { why: 'resumes what is not paused', asked: { action: 'resume' }, does: 'it is not paused' },
  { why: 'resumes what did not go on whole', asked: { action: 'resume' }, own: { isPausedInPart: true }, does: 'run' },
  { why: 'resumes what is stopped and still runs', asked: { action: 'resume' }, own: { held: 'stopped' }, does: 'run' },
  { why: 'starts what runs', asked: { action: 'start' }, does: 'it runs already' },
  { why: 'starts what is paused', asked: { action: 'start' }, own: { held: 'paused' }, does: 'it runs already' },
  { why: 'starts what came back stopped', asked: { action: 'start' }, own: { held: 'stopped' }, does: 'run' },
  { why: 'pauses anew what is paused', asked: {}, own: { held: 'paused' }, does: 'run' },
  {
    why: 'restarts what nobody starts again',
    asked: { action: 'restart' },
    own: { isRestarted: false },
    does: 'nothing would start this process again: have it started by `otel-health run -- <command>`',
  },
  { why: 'pauses what cannot be paused', asked: {}, own: { canPause: false }, does: /^nothing in this process can be paused: / },
  {
    why: 'drains what cannot be paused',
    asked: { action: 'drain' },
    own: { canPause: false },
    does: /^nothing in this process can be paused: /,
  },
  { why: 'stops what cannot be paused', asked: { action: 'stop' }, own: { canPause: false, seesWork: false }, does: 'run' },
  {
    why: 'drains where nobody sees the work',
    asked: { action: 'drain' },
    own: { seesWork: false },
    does: /^nobody sees when work begins and ends in this process, .* ask for a stop, which does not wait$/,
  },
])('a request that $why: $does', ({ asked, own, does }) => {
  const decision = decide(request(asked), { ...WELL, ...own })
  const said = decision.does === 'refuse' ? decision.reason : decision.does
  if (typeof does === 'string') expect(said).toBe(does)
  else expect(said).toMatch(does)
})

const states = fc.record({
  instance: fc.constantFrom('i1', 'i2'),
  allow: fc.subarray([...CONTROL_ACTIONS]),
  now: fc.integer({ min: NOW - 120_000, max: NOW + 120_000 }),
  underWay: fc.constantFrom(undefined, draining, request({ action: 'stop' }), request({ action: 'restart' })),
  isEnding: fc.boolean(),
  held: fc.constantFrom(undefined, 'paused' as const, 'stopped' as const),
  isPausedInPart: fc.boolean(),
  canPause: fc.boolean(),
  seesWork: fc.boolean(),
  isRestarted: fc.boolean(),
})
const requests = fc.record({ action: fc.constantFrom(...CONTROL_ACTIONS), instance: fc.constantFrom(null, 'i1', 'i2') })

test('whatever the state, what runs is allowed, for this instance, in time, and beside nothing but what it calls off', () => {
  fc.assert(
    fc.property(requests, states, (asked, own) => {
      const it = request(asked)
      if (decide(it, own).does !== 'run') return
      expect(own.allow).toContain(it.action)
      expect([null, own.instance]).toContain(it.instance)
      expect(own.now).toBeLessThanOrEqual(it.expires)
      expect(own.isEnding).toBe(false)
      if (own.underWay) expect([it.action, own.underWay.action]).toEqual(['resume', expect.stringMatching(/^(drain|restart)$/)])
    }),
  )
})
