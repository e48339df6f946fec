/** Each row of the table in docs/supervise.md, played: the process is started again where the table says so, and nowhere else. */
import { describe, expect, test } from 'vitest'

import { FINDINGS } from '../../src/supervise/evidence.ts'
import type { ProcessState } from '../../src/supervised/supervised.ts'
import { SupervisedRun } from './supervised-run.ts'

const MARKED: Partial<ProcessState> = { recover: [{ rule: 'leaking', message: 'Memory is 900 MB' }] }

interface Case {
  readonly what: string
  /** Begins with a process that has just been started. */
  readonly play: (run: SupervisedRun) => unknown
}

/** So that it would be too much, if that counted. */
function readMuchMemory(run: SupervisedRun): void {
  for (let i = 0; i < 2; i++) run.handle({ is: 'memory', bytes: 900e6 })
}

const resting = (phase: 'starting' | 'paused' | 'draining'): Case => ({
  what: `it says ${phase}, has much memory, breaks a rule, and falls silent`,
  play(run) {
    run.beat(phase === 'starting' ? { phase } : {}).pass(100, (each) => each.beat({ ...MARKED, phase }))
    readMuchMemory(run)
    return run.pass(600).handle({ is: 'seen', standing: 'runs' })
  },
})

/** Whatever is wrong outside, all that the supervisor hears of it is that the service is ill, and owns no evidence. */
const ill: Case = {
  what: 'it says for an hour that it is unhealthy',
  play: (run) => run.up().pass(3600, (each) => each.beat({ status: 'unhealthy' })),
}

const CASES: Readonly<Record<keyof typeof FINDINGS, readonly Case[]>> = {
  failed: [
    { what: 'an exit code', play: (run) => run.up().exit(3) },
    { what: 'a signal', play: (run) => run.up().exit(null, 'SIGSEGV') },
    { what: 'an exit code before it was ready', play: (run) => run.beat({ phase: 'starting' }).exit(1) },
    { what: 'an exit code of a process that never spoke', play: (run) => run.pass(3).exit(1) },
    { what: 'an exit code while it is paused', play: (run) => run.up().beat({ phase: 'paused' }).exit(1) },
  ],
  hang: [
    { what: 'a blocked event loop', play: (run) => run.up().pass(31).handle({ is: 'seen', standing: 'runs' }) },
    { what: 'SIGSTOP', play: (run) => run.up().pass(31).handle({ is: 'seen', standing: 'stopped' }) },
  ],
  memory: [
    {
      what: 'two readings',
      play(run) {
        run.up()
        readMuchMemory(run)
        return run.pass(1, (each) => each.beat())
      },
    },
  ],
  rule: [{ what: 'a rule that is marked', play: (run) => run.up(MARKED) }],
  succeeded: [{ what: 'exit code 0', play: (run) => run.up().exit(0) }],
  asked: [
    { what: 'SIGTERM, and another exit code', play: (run) => run.up().handle({ is: 'signalled', signal: 'SIGTERM' }).exit(7) },
    { what: 'Ctrl-C', play: (run) => run.up().handle({ is: 'signalled', signal: 'SIGINT' }).exit(null, 'SIGINT') },
    { what: 'a request to stop', play: (run) => run.up().handle({ is: 'ending', request: 'r', action: 'stop' }).exit(null, 'SIGTERM') },
    { what: 'a request to drain', play: (run) => run.up().handle({ is: 'ending', request: 'r', action: 'drain' }).exit(1) },
  ],
  traced: [
    { what: 'one that a debugger holds', play: (run) => run.up().pass(31).handle({ is: 'seen', standing: 'traced' }) },
    { what: 'one with --inspect', play: (run) => run.pass(20, (each) => each.beat({}, true)).pass(3600) },
  ],
  suspended: [
    {
      what: 'an hour in which nothing ran',
      play(run) {
        run.up()
        run.now += 3_600_000
        return run.handle({ is: 'tick' }).pass(5).beat()
      },
    },
  ],
  silent: [
    { what: 'one that never spoke', play: (run) => run.pass(3600) },
    { what: 'one whose link is gone', play: (run) => run.up().handle({ is: 'unlinked' }).pass(3600) },
  ],
  resting: [resting('starting'), resting('paused'), resting('draining')],
  upstream: [ill],
  account: [ill],
  dependency: [ill],
  redis: [{ what: 'nothing ever comes from Redis', play: (run) => run.up().pass(3600, (each) => each.beat({ status: 'degraded' })) }],
}

/** What is asked to end ends: drained, or by the signal. */
function settle(run: SupervisedRun): boolean {
  run.granted()
  if (['draining', 'ending'].includes(run.supervisor.phase)) run.exit(null, 'SIGTERM')
  run.told().pass(5)
  return run.done.filter((each) => each === 'start').length > 1
}

for (const [row, cases] of Object.entries(CASES)) {
  const { what: finding, restarts } = FINDINGS[row as keyof typeof FINDINGS]
  describe(`${finding}: ${restarts ? 'started again' : 'not started again'}`, () => {
    test.for(cases)('$what', ({ play }) => {
      const run = new SupervisedRun()
      play(run)
      expect(settle(run)).toBe(restarts)
    })

    test.for(cases)('$what: never with --watch-only, nor with --restart never', ({ play }) => {
      for (const options of [{ watchOnly: true }, { restart: 'never' as const }]) {
        const run = new SupervisedRun(options)
        play(run)
        expect(settle(run)).toBe(false)
        expect(run.done.filter((each) => ['drain', 'SIGTERM', 'SIGKILL'].includes(each))).toEqual([])
      }
    })
  })
}
