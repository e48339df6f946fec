/** What a supervisor does about what it finds: nothing more often, and nothing else, than docs/supervise.md says. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { Event } from '../../src/supervise/events.ts'
import { isQuiet } from '../../src/supervise/report.ts'
import type { ProcessState } from '../../src/supervised/supervised.ts'
import { STATE, SupervisedRun } from './supervised-run.ts'

const MARKED: Partial<ProcessState> = { recover: [{ rule: 'leaking', message: 'Memory is 900 MB' }] }

describe('an end', () => {
  test.for([
    { what: 'with a code other than 0 is followed by a start', options: {}, end: [3, null], done: ['start', 'start'] },
    { what: 'by a signal that nobody passed on is, too', options: {}, end: [null, 'SIGSEGV'], done: ['start', 'start'] },
    { what: 'with code 0 is the end of the run', options: {}, end: [0, null], done: ['start', 'exit 0'] },
    {
      what: 'with code 0 is followed by a start with --restart always',
      options: { restart: 'always' },
      end: [0, null],
      done: ['start', 'start'],
    },
    { what: 'ends the run with --restart never', options: { restart: 'never' }, end: [3, null], done: ['start', 'exit 3'] },
    { what: 'ends the run with --watch-only', options: { watchOnly: true }, end: [null, 'SIGABRT'], done: ['start', 'exit SIGABRT'] },
  ] as const)('$what', ({ options, end: [code, signal], done }) => {
    const run = new SupervisedRun(options).up().exit(code, signal).told().pass(2)
    expect(run.done).toEqual(done)
  })

  test('after a signal that was passed on is the end of the run, whatever its code', () => {
    const run = new SupervisedRun().up().handle({ is: 'signalled', signal: 'SIGTERM' }).exit(1)
    expect(run.done).toEqual(['start', 'exit 1'])
    expect(isQuiet(run.supervisor.report())).toBe(true)
  })

  test('by SIGHUP that was passed on was asked for; an end long after a SIGHUP that it took for something else was not', () => {
    expect(new SupervisedRun().up().handle({ is: 'signalled', signal: 'SIGHUP' }).exit(null, 'SIGHUP').done).toEqual([
      'start',
      'exit SIGHUP',
    ])
    expect(new SupervisedRun().up().handle({ is: 'signalled', signal: 'SIGHUP' }).exit(1).pass(2).done).toEqual(['start', 'start'])
  })

  test('is announced with what happens next, until that was told or another process has long been ready', () => {
    const run = new SupervisedRun().up().exit(3)
    expect(run.supervisor.report().death).toMatchObject({ exit: { code: 3, signal: null }, staysDown: false })
    expect(run.supervisor.report().death!.next).toBe('is started again in 1 s (1 of 5 within 10 min)')
    run.pass(1).beat()
    expect(run.supervisor.report().death).toBeDefined()
    run.pass(31, (each) => each.beat())
    expect(isQuiet(run.supervisor.report())).toBe(true)
  })

  test('of what nobody names is not announced, and waited for by nobody', () => {
    const run = new SupervisedRun({ isNamed: false, restart: 'never' }).exit(3)
    expect(run.done).toEqual(['start', 'exit 3'])
  })

  test('that Redis never hears of does not hold up the run for more than 3 s', () => {
    const run = new SupervisedRun({ restart: 'never' }).up().exit(3).pass(2)
    expect(run.done).toEqual(['start'])
    expect(run.pass(1).done).toEqual(['start', 'exit 3'])
  })
})

describe('evidence', () => {
  const acted = (run: SupervisedRun) => run.done.filter((each) => each !== 'look' && each !== 'start')

  test.for([
    { standing: 'runs', done: ['SIGTERM', 'SIGKILL'] },
    { standing: 'stopped', done: ['SIGTERM', 'SIGKILL'] },
    { standing: 'traced', done: [] },
    { standing: 'gone', done: [] },
  ] as const)('of a process of which nothing is heard, and that $standing: $done', ({ standing, done }) => {
    const run = new SupervisedRun().up().pass(29)
    expect(run.done).toEqual(['start'])
    run.pass(2)
    expect(run.done).toContain('look')
    run.handle({ is: 'seen', standing }).granted().pass(6)
    expect(acted(run)).toEqual(done)
  })

  test('of a rule that is marked drains first, and ends it if it has not ended by itself soon after its drain limit', () => {
    const run = new SupervisedRun().up(MARKED).granted()
    expect(acted(run)).toEqual(['drain'])
    run.pass(59, (each) => each.beat({ ...MARKED, phase: 'draining', inHand: { count: 1, oldestSeconds: 9, oldest: [] } }))
    expect(acted(run)).toEqual(['drain'])
    run.pass(6, (each) => each.beat({ ...MARKED, phase: 'draining' }))
    expect(acted(run)).toEqual(['drain', 'SIGTERM'])
    run.exit(null, 'SIGTERM').pass(1)
    expect(run.done.filter((each) => each === 'start')).toHaveLength(2)
  })

  test('that it hangs while it drains has a limit of its own, far below that of the drain', () => {
    const run = new SupervisedRun({ killAfterMs: 5000 })
      .up({ ...MARKED, drainLimitSeconds: 3600 })
      .granted()
      .pass(10, (each) => each.beat({ ...MARKED, phase: 'draining', drainLimitSeconds: 3600 }))
    expect(acted(run.pass(29))).toEqual(['drain'])
    expect(acted(run.pass(1))).toEqual(['drain', 'SIGTERM'])
    expect(acted(run.pass(5))).toEqual(['drain', 'SIGTERM', 'SIGKILL'])
  })

  test('that is found while it is asked to end by a person or a signal is not acted on: it has its own time for that', () => {
    for (const { asked, silentFor } of [
      // Its drain limit and --kill-after: test/supervise/ending.test.ts says what follows.
      { asked: { is: 'ending', request: 'r1', action: 'restart' }, silentFor: 34 },
      { asked: { is: 'signalled', signal: 'SIGTERM' }, silentFor: 600 },
    ] as const) {
      const run = new SupervisedRun().up().handle(asked)
      run.pass(30, (each) => each.beat(MARKED)).pass(silentFor)
      expect(acted(run)).toEqual([])
    }
  })

  test('of memory needs two readings beyond the limit', () => {
    const run = new SupervisedRun()
      .up()
      .handle({ is: 'memory', bytes: 200e6 })
      .pass(1, (each) => each.beat())
      .granted()
    expect(acted(run)).toEqual([])
    run
      .handle({ is: 'memory', bytes: 200e6 })
      .pass(1, (each) => each.beat())
      .granted()
    expect(acted(run)).toEqual(['drain'])
  })

  test('of memory of a process that never spoke is acted on by a signal, for there is nobody to drain', () => {
    const run = new SupervisedRun().pass(21)
    for (let i = 0; i < 2; i++) run.handle({ is: 'memory', bytes: 200e6 })
    run.pass(6)
    expect(acted(run)).toEqual(['SIGTERM'])
  })

  test.for(['starting', 'paused', 'draining'] as const)('is not acted on in a process that says it is %s', (phase) => {
    const run = new SupervisedRun().beat(phase === 'starting' ? { phase } : {})
    run.pass(20, (each) => each.beat({ ...MARKED, phase }))
    for (let i = 0; i < 2; i++) run.handle({ is: 'memory', bytes: 200e6 })
    run.pass(60).handle({ is: 'seen', standing: 'runs' }).granted().pass(60)
    expect(acted(run)).toEqual([])
  })

  test('is not acted on within the grace, which begins when it is ready', () => {
    const run = new SupervisedRun()
      .pass(100, (each) => each.beat({ ...MARKED, phase: 'starting' }))
      .pass(9, (each) => each.beat(MARKED))
      .granted()
    expect(acted(run)).toEqual([])
    run.pass(2, (each) => each.beat(MARKED)).granted()
    expect(acted(run)).toEqual(['drain'])
  })

  test('of a process that a debugger may hold is none', () => {
    const run = new SupervisedRun()
    run.pass(20, (each) => each.beat({}, true)).pass(100)
    expect(run.done).toEqual(['start'])
  })

  test('is none where the supervisor itself was suspended', () => {
    const run = new SupervisedRun().up()
    run.now += 3_600_000
    run.handle({ is: 'tick' }).beat().pass(1)
    expect(run.done).toEqual(['start'])
  })

  test('is none where the link is gone, for no reading is unknown', () => {
    const run = new SupervisedRun().up().handle({ is: 'unlinked' }).pass(600)
    expect(run.done).toEqual(['start'])
  })

  test('waits while others of the service are in recovery, and is forgotten if it is over by then', () => {
    const run = new SupervisedRun().up(MARKED).granted(false)
    run.pass(3, (each) => each.beat(MARKED)).granted(false)
    expect(run.supervisor.report().recovery).toBe('take')
    run.beat()
    expect(run.supervisor.report().recovery).toBeUndefined()
    expect(acted(run)).toEqual([])
  })

  test('is acted on without Redis after a pause', () => {
    const run = new SupervisedRun({ longestLocalPauseMs: 8000, random: () => 0.5 }).up(MARKED)
    run.pass(7, (each) => each.beat(MARKED))
    expect(acted(run)).toEqual([])
    run.pass(3, (each) => each.beat(MARKED))
    expect(acted(run)).toEqual(['drain'])
  })

  test('only announces with --watch-only', () => {
    const run = new SupervisedRun({ watchOnly: true })
      .up(MARKED)
      .pass(60, (each) => each.beat(MARKED))
      .granted()
    expect(run.done).toEqual(['start'])
    expect(run.said).toEqual([
      'node service.js breaks the rule leaking, which a restart is said to mend: Memory is 900 MB. It is left as it is (--watch-only).',
    ])
  })
})

describe('the budget', () => {
  test('pauses double, up to a minute, and begin anew when it was ready', () => {
    const run = new SupervisedRun({ intensity: 100, isNamed: false })
    const pauses = Array.from({ length: 8 }, () => {
      run.exit(1)
      const from = run.now
      while (run.supervisor.phase === 'waiting') run.pass(1)
      return (run.now - from) / 1000
    })
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
    run.beat().exit(1).pass(1)
    expect(run.supervisor.phase).toBe('starting')
  })

  test('spent, it gives up, says all tries, says so again, and starts when it is asked to', () => {
    const run = new SupervisedRun({ intensity: 2 })
    for (let i = 0; i < 3; i++) run.up().exit(3).pass(2)
    expect(run.supervisor.phase).toBe('gave up')
    const { down, listens } = run.supervisor.report()
    expect(down).toMatchObject({ state: 'firing', isAgain: false })
    expect(down!.message).toBe(
      'node service.js ended with exit code 3, and stays down: it was started again 2 times within 10 min (ended with exit code 3 after 11 s; ended with exit code 3 after 12 s)',
    )
    expect(listens).toBe(true)
    run.told().pass(1800)
    expect(run.supervisor.report().down).toMatchObject({ n: down!.n + 1, isAgain: true })
    run.handle({ is: 'heard', heard: { is: 'asked', action: 'start', request: 'r1', instance: 'a' } })
    expect(run.effects.at(-1)).toMatchObject({ do: 'start', startedFor: { request: 'r1', instance: 'a' } })
    run.beat()
    expect(run.supervisor.report().down).toMatchObject({ state: 'resolved' })
    expect(isQuiet(run.told().supervisor.report())).toBe(true)
  })

  test('spent, --exit-on-give-up ends as the process did', () => {
    const run = new SupervisedRun({ intensity: 0, exitOnGiveUp: true }).up().exit(3).told()
    expect(run.done).toEqual(['start', 'exit 3'])
  })

  test('spent, a process that runs is left as it is, and the alert ends with the evidence', () => {
    const run = new SupervisedRun({ intensity: 0 })
      .up(MARKED)
      .pass(10, (each) => each.beat(MARKED))
      .granted()
    expect(run.done).toEqual(['start'])
    expect(run.supervisor.report().down?.state).toBe('firing')
    run.beat()
    expect(run.supervisor.report().down?.state).toBe('resolved')
  })
})

describe('a request', () => {
  test('to restart is followed by a start for it, and the next process answers', () => {
    const run = new SupervisedRun().up().handle({ is: 'ending', request: 'r1', action: 'restart' }).exit(0)
    expect(run.effects.at(-1)).toMatchObject({ do: 'start', startedFor: { request: 'r1', instance: 'a' } })
    expect(run.supervisor.report().answers).toEqual([])
  })

  test('to restart keeps others waiting until it runs again', () => {
    const run = new SupervisedRun().up().handle({ is: 'ending', request: 'r1', action: 'restart' }).exit(0)
    expect(run.supervisor.report().recovery).toBe('join')
    run.pass(5, (each) => each.beat({ phase: 'starting' }))
    expect(run.supervisor.report().recovery).toBe('join')
    expect(run.beat().supervisor.report().recovery).toBeUndefined()
  })

  test('to restart has failed if the next process ends before it is running', () => {
    const run = new SupervisedRun().up().handle({ is: 'ending', request: 'r1', action: 'restart' }).exit(0).exit(1)
    expect(run.supervisor.report().answers).toMatchObject([
      { request: 'r1', state: 'failed', reason: 'It ended with exit code 1 before it was running.' },
    ])
  })

  test('to stop keeps it down, says so, and listens', () => {
    const run = new SupervisedRun().up().handle({ is: 'ending', request: 'r1', action: 'stop' }).exit(0).pass(600)
    expect(run.done).toEqual(['start'])
    const report = run.supervisor.report()
    expect(report.answers).toMatchObject([{ request: 'r1', state: 'done' }])
    expect(report).toMatchObject({ listens: true, death: { staysDown: true } })
    expect(run.handle({ is: 'signalled', signal: 'SIGTERM' }).pass(3).done).toEqual(['start', 'exit SIGTERM'])
  })

  test('to start what was stopped starts it, and who runs then answers', () => {
    const run = new SupervisedRun().up().handle({ is: 'ending', request: 'r1', action: 'stop' }).exit(0).told().pass(600)
    run.handle({ is: 'heard', heard: { is: 'asked', action: 'start', request: 'r2', instance: 'a' } })
    expect(run.effects.at(-1)).toEqual({ do: 'start', startedFor: { request: 'r2', action: 'start', instance: 'a' }, interrupted: [] })
    expect([run.supervisor.report().listens, run.supervisor.report().recovery]).toEqual([false, 'join'])
    run.up()
    expect([run.supervisor.phase, run.supervisor.report().recovery]).toEqual(['up', undefined])
  })

  test('while it runs is the business of the process: what comes to the supervisor all the same starts no second one, and is answered', () => {
    const run = new SupervisedRun().up()
    for (const action of ['start', 'restart', 'stop'] as const)
      run.handle({ is: 'heard', heard: { is: 'asked', action, request: action, instance: 'a' } })
    expect([run.done, run.supervisor.phase]).toEqual([['start'], 'up'])
    expect(run.supervisor.report().answers.map(({ request, state }) => `${request} ${state}`)).toEqual([
      'start failed',
      'restart failed',
      'stop failed',
    ])
  })

  test('to stop ends the tries of one that does not come up', () => {
    const run = new SupervisedRun()
      .up()
      .exit(1)
      .handle({ is: 'heard', heard: { is: 'asked', action: 'stop', request: 'r1', instance: 'a' } })
    expect(run.pass(100).done).toEqual(['start'])
    expect(run.supervisor.report().answers).toMatchObject([{ request: 'r1', action: 'stop', state: 'done' }])
  })
})

test('a job that was interrupted for the second time is said, and passed on to the next process', () => {
  const inHand = { count: 1, oldestSeconds: 1, oldest: [{ name: 'mails', id: '7', seconds: 1 }] }
  const run = new SupervisedRun()
  for (let i = 0; i < 2; i++) run.up({ inHand }).exit(1).pass(2)
  expect(run.said).toContain('job 7 of mails was interrupted for the second time: BullMQ fails a job that stalled twice.')
  expect(run.effects.findLast((effect) => effect.do === 'start')).toMatchObject({ interrupted: [{ name: 'mails', id: '7', times: 2 }] })
})

const event: fc.Arbitrary<Event | 'second' | 'long'> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('second' as const, 'long' as const) },
  fc.record({
    is: fc.constant('beat' as const),
    isInspected: fc.boolean(),
    state: fc
      .record({ phase: fc.constantFrom('starting', 'running', 'paused', 'draining'), recover: fc.constantFrom([], MARKED.recover!) })
      .map((some) => ({ ...STATE, ...some })),
  }),
  fc.record({
    is: fc.constant('exited' as const),
    exit: fc.constantFrom({ code: 0, signal: null }, { code: 3, signal: null }, { code: null, signal: 'SIGKILL' as const }),
  }),
  fc.record({ is: fc.constant('memory' as const), bytes: fc.constantFrom(10e6, 900e6) }),
  fc.record({ is: fc.constant('seen' as const), standing: fc.constantFrom('runs' as const, 'stopped' as const, 'traced' as const) }),
  fc.constant<Event>({ is: 'unlinked' }),
  fc.record({ is: fc.constant('heard' as const), heard: fc.record({ is: fc.constant('recovery' as const), granted: fc.boolean() }) }),
)

test('whatever comes: the budget holds, nothing acts on what rests, and one process runs at a time', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 300 }), (events) => {
      const run = new SupervisedRun({ intensity: 3, periodMs: 60_000 })
      let isAlive = true
      let last: ProcessState | undefined
      const starts: number[] = []
      for (const each of events) {
        const from = run.effects.length
        const before = run.supervisor.phase
        if (typeof each === 'string') run.pass(each === 'second' ? 1 : 40)
        else run.handle(each)
        if (typeof each !== 'string' && each.is === 'exited') isAlive = false
        if (typeof each !== 'string' && each.is === 'beat' && isAlive) last = each.state
        for (const effect of run.effects.slice(from)) {
          if (effect.do === 'start') {
            expect(isAlive).toBe(false)
            isAlive = true
            last = undefined
            starts.push(run.now)
          }
          if (effect.do === 'drain' || (effect.do === 'signal' && before !== 'draining' && before !== 'ending')) {
            expect(last === undefined || last.phase === 'running').toBe(true)
          }
        }
      }
      for (const [i, at] of starts.entries())
        expect(starts.slice(i).filter((other) => other - at < 59_000).length).toBeLessThanOrEqual(3 + 1)
    }),
    { numRuns: 300 },
  )
})
