/** Jobs that were in hand when a process was killed or crashed are counted, each by its id: BullMQ gives up what stalled twice. */
import { describe, expect, test } from 'vitest'

import { Interruptions, interruptionSentences } from '../../src/supervise/interruptions.ts'
import { SupervisedRun } from './supervised-run.ts'

const piece = (name: string, id?: string) => ({ name, seconds: 1, ...(id !== undefined && { id }) })

test('each is counted by its queue and id; what has no id is told from nothing else', () => {
  const interruptions = new Interruptions()
  interruptions.note([piece('mails', '7'), piece('mails', '8'), piece('digests')])
  expect(interruptions.note([piece('mails', '7'), piece('digests', '7'), piece('digests')])).toEqual([
    { name: 'mails', id: '7', times: 2 },
    { name: 'digests', id: '7', times: 1 },
    { name: 'digests', times: 1 },
  ])
})

test('it is said at the second time, once', () => {
  const interruptions = new Interruptions()
  const said = [1, 2, 3].map(() => interruptionSentences(interruptions.note([piece('mails', '7')])))
  expect(said).toEqual([[], ['job 7 of mails was interrupted for the second time: BullMQ fails a job that stalled twice'], []])
})

test('of more than a thousand those are forgotten that were interrupted longest ago', () => {
  const interruptions = new Interruptions()
  for (let i = 0; i < 1000; i++) interruptions.note([piece('mails', `${i}`)])
  interruptions.note([piece('mails', '0')])
  interruptions.note([piece('mails', 'one more')])
  expect(interruptions.note([piece('mails', '0'), piece('mails', '1')])).toMatchObject([{ times: 3 }, { times: 1 }])
})

describe('an end', () => {
  const inHand = { count: 1, oldestSeconds: 1, oldest: [piece('mails', '7')] }
  test.for([
    { what: 'by a crash', end: (run: SupervisedRun) => run.exit(1), counts: true },
    { what: 'by SIGKILL', end: (run: SupervisedRun) => run.exit(null, 'SIGKILL'), counts: true },
    {
      what: 'by SIGKILL after a request to restart',
      end: (run: SupervisedRun) => run.handle({ is: 'ending', request: 'r', action: 'restart' }).exit(null, 'SIGKILL'),
      counts: true,
    },
    { what: 'with exit code 0', end: (run: SupervisedRun) => run.exit(0), counts: false },
    {
      what: 'on a request to restart',
      end: (run: SupervisedRun) => run.handle({ is: 'ending', request: 'r', action: 'restart' }).exit(null, 'SIGTERM'),
      counts: false,
    },
  ])('$what: counts $counts', ({ end, counts }) => {
    const run = new SupervisedRun({ restart: 'always' }).up({ inHand })
    end(run)
    run.pass(2)
    const start = run.effects.findLast((effect) => effect.do === 'start')
    expect(start).toMatchObject({ interrupted: counts ? [{ name: 'mails', id: '7', times: 1 }] : [] })
  })
})
