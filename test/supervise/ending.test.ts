/** A process that ends on request, or is killed with work in hand: who asked hears what became of it, and nothing holds out for ever. */
import { expect, test } from 'vitest'

import { SupervisedRun } from './supervised-run.ts'

const JOB = { count: 1, oldestSeconds: 3, oldest: [{ name: 'videos', id: '7', seconds: 3 }] }

test('what was in hand when it was killed is counted, though its link ended before its end was seen', () => {
  const run = new SupervisedRun()
  for (let i = 0; i < 2; i++) run.beat({ inHand: JOB }).handle({ is: 'unlinked' }).exit(null, 'SIGKILL').pass(5)
  expect(run.said).toContain('job 7 of videos was interrupted for the second time: BullMQ fails a job that stalled twice.')
  expect(run.effects.findLast((effect) => effect.do === 'start')).toEqual({
    do: 'start',
    interrupted: [{ name: 'videos', id: '7', times: 2 }],
  })
})

test.for([
  { action: 'restart', done: ['start', 'SIGKILL', 'start'], answers: [] },
  { action: 'stop', done: ['start', 'SIGKILL'], answers: ['done: It was ended by SIGKILL.'] },
] as const)(
  'to $action what does not end by SIGTERM is killed once its drain limit and --kill-after are over',
  ({ action, done, answers }) => {
    const run = new SupervisedRun().up({ drainLimitSeconds: 60 }).handle({ is: 'ending', request: 'r1', action })
    expect(run.pass(64, (each) => each.beat()).done).toEqual(['start'])
    run.pass(1).exit(null, 'SIGKILL')
    expect(run.done).toEqual(done)
    expect(run.supervisor.report().answers.map(({ state, reason }) => `${state}: ${reason}`)).toEqual(answers)
  },
)

test.for([
  { action: 'stop', answer: 'done: It ended with exit code 0.' },
  { action: 'restart', answer: 'failed: It ended with exit code 0, and its supervisor was asked to end meanwhile.' },
] as const)('to $action is answered though the supervisor is sent SIGTERM while the process ends', ({ action, answer }) => {
  const run = new SupervisedRun()
    .up()
    .handle({ is: 'ending', request: 'r1', action })
    .handle({ is: 'signalled', signal: 'SIGTERM' })
    .exit(0)
  expect(run.supervisor.report().answers.map(({ state, reason }) => `${state}: ${reason}`)).toEqual([answer])
  expect(run.done).toEqual(['start'])
  run.handle({ is: 'heard', heard: { is: 'answered', request: 'r1' } })
  expect(run.done).toEqual(['start', 'exit 0'])
})

test('of two who have it started at once the second hears so', () => {
  const run = new SupervisedRun().up().handle({ is: 'ending', request: 'r1', action: 'stop' }).exit(0)
  for (const request of ['r2', 'r3']) run.handle({ is: 'heard', heard: { is: 'asked', action: 'start', request, instance: 'a' } })
  expect(run.done).toEqual(['start', 'start'])
  expect(run.supervisor.report().answers).toContainEqual({
    ...{ request: 'r3', instance: 'a', action: 'start', state: 'failed', reason: 'It is being started already.' },
  })
})

test.for([
  { allow: ['start'], says: 'otel-health ctl start orders has it started, a signal ends this.' },
  { allow: ['pause'], says: 'Nobody can ask for a start (control.allow of its health.config): a signal ends this.' },
] as const)('who reads that it was given up reads what can be done: where $allow is allowed', ({ allow, says }) => {
  const run = new SupervisedRun({ intensity: 0 }).beat({ allow }).exit(1)
  expect(run.said.at(-1)).toContain(`, and stays down: it was started again 0 times within 10 min. ${says}`)
})

test.for([
  {
    what: 'its supervisor is sent SIGTERM',
    event: { is: 'signalled', signal: 'SIGTERM' },
    next: 'is not started again, for its supervisor was asked to end',
  },
  {
    what: 'it is asked to stop',
    event: { is: 'heard', heard: { is: 'asked', action: 'stop', request: 'r1', instance: 'a' } },
    next: 'stays down until it is asked to start',
  },
] as const)('who was told that it is started again is told that it is not, where $what meanwhile: nobody misses it', ({ event, next }) => {
  const run = new SupervisedRun().up().exit(3).told()
  run.handle(event)
  expect(run.supervisor.report().death).toMatchObject({ exit: { code: 3, signal: null }, next, staysDown: true })
  run
    .told()
    .handle({ is: 'heard', heard: { is: 'answered', request: 'r1' } })
    .pass(120)
  expect(run.done.filter((each) => each === 'start')).toHaveLength(1)
})
