/** What is asked about a queue and what is made of the answers, whatever they are. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { QueueTarget } from '../../../src/config/targets.ts'
import { askQueue, QUEUE_FORMS } from '../../../src/instrument/queues/ask-queue.ts'
import type { Reply } from '../../../src/instrument/queues/command-client.ts'
import type { QueueReading } from '../../../src/instrument/queues/queue-reading.ts'

const NOW = Date.UTC(2026, 10, 22, 10)

const TARGETS: readonly QueueTarget[] = [
  { key: 'q', type: 'list' },
  { key: 'q', type: 'set' },
  { key: 'q', type: 'zset' },
  { key: 'q', type: 'zset', scores: 'seconds' },
  { key: 'q', type: 'stream' },
  { key: 'q', type: 'stream', group: 'g' },
  { bullmq: 'q' },
  { bull: 'q' },
  { beeQueue: 'q' },
]

/** Answers every round with the next of `rounds`, and how often it was asked. */
function answered(target: QueueTarget, rounds: readonly (readonly Reply[])[]): { readonly reading: QueueReading; readonly asked: number } {
  const asking = askQueue(target, NOW)
  let step = asking.next([])
  let asked = 0
  while (!step.done) step = asking.next(rounds[asked++] ?? [])
  return { reading: step.value, asked }
}

const ok = (...values: unknown[]): Reply[] => values.map((value) => [null, value])

describe('the answers may have any shape that Redis gives them', () => {
  const group = { name: 'g', pending: 1, 'last-delivered-id': '1-1', lag: 3 }
  const pending = [1, `${NOW - 4000}-0`, `${NOW}-0`, [['worker', '1']]]
  const time = [String(NOW / 1000), '0']
  const leased = { due: 3, leased: 1, oldestAgeSeconds: 4 }
  const due = { due: 2, scheduled: 3, oldestAgeSeconds: 9 }
  test.for<{ why: string; target: QueueTarget; replies: Reply[]; found: QueueReading }>([
    { why: 'RESP2 scores', target: TARGETS[2]!, replies: ok(5, 2, ['a', String(NOW - 9000)]), found: due },
    { why: 'RESP3 scores', target: TARGETS[2]!, replies: ok(5, 2, [['a', NOW - 9000]]), found: due },
    { why: 'numbers as texts', target: TARGETS[2]!, replies: ok('5', '2', [['a', String(NOW - 9000)]]), found: due },
    { why: 'numbers as bigint', target: TARGETS[0]!, replies: ok(7n), found: { due: 7 } },
    { why: 'RESP2 fields', target: TARGETS[5]!, replies: ok([Object.entries(group).flat()], pending, time), found: leased },
    { why: 'RESP3 pairs', target: TARGETS[5]!, replies: ok([Object.entries(group)], pending, time), found: leased },
    { why: 'RESP3 maps', target: TARGETS[5]!, replies: ok([new Map(Object.entries(group))], pending, time), found: leased },
    { why: 'RESP3 maps as objects', target: TARGETS[5]!, replies: ok([group], pending, time), found: leased },
    {
      why: 'a Redis older than 7, without lag',
      target: TARGETS[5]!,
      replies: ok([{ ...group, lag: undefined }], pending, time),
      found: { leased: 1, oldestAgeSeconds: 4 },
    },
    { why: 'several groups', target: TARGETS[5]!, replies: ok([{ ...group, name: 'f', lag: 9 }, group], pending, time), found: leased },
  ])('$why', ({ target, replies, found }) => {
    expect(answered(target, [replies]).reading).toEqual(found)
  })
})

test.for<{ why: string; replies: Reply[]; found: QueueReading }>([
  { why: 'is emptied', replies: ok(1, 1, []), found: { due: 1, scheduled: 0 } },
  { why: 'grows', replies: ok(0, 2, ['a', String(NOW + 5)]), found: { due: 2, scheduled: 0, oldestAgeSeconds: 0 } },
])('a queue that $why while it is read gives no impossible figures', ({ replies, found }) => {
  expect(answered({ key: 'q', type: 'zset' }, [replies]).reading).toEqual(found)
})

test('the age of an entry is told by the clock that made its id: the server’s', () => {
  const hourLater = NOW + 3_600_000
  const entries = [[`${NOW - 1000}-0`, ['n', '1']]]
  expect(answered({ key: 'q', type: 'stream' }, [ok(1, entries, [String(hourLater / 1000), '0'])]).reading.oldestAgeSeconds).toBe(3601)
  expect(answered({ key: 'q', type: 'stream' }, [[...ok(1, entries), [new Error('NOPERM')]]]).reading.oldestAgeSeconds).toBe(1)
})

test('each form is read by one of us', () => {
  for (const target of TARGETS) expect(QUEUE_FORMS.filter((form) => form.ask(target, NOW) !== undefined)).toHaveLength(1)
  expect(QUEUE_FORMS.filter((form) => !TARGETS.some((target) => form.ask(target, NOW)))).toEqual([])
})

test('an error of the server is thrown as it is', () => {
  const denied = new Error('NOPERM')
  for (const target of TARGETS) expect(() => answered(target, [Array.from({ length: 20 }, () => [denied])])).toThrow(denied)
})

describe('whatever is answered', () => {
  const number = fc.oneof(fc.integer(), fc.double(), fc.bigInt(), fc.integer({ min: NOW - 1e6, max: NOW + 1e6 }).map(String))
  const scalar = fc.oneof(
    number,
    fc.string(),
    fc.constantFrom(null, undefined, '0:1', `${NOW - 5000}-0`, '{"delay":-1}', 'g', 'lag', 'name'),
  )
  const value = fc.oneof(
    scalar,
    fc.array(scalar),
    fc.array(fc.array(scalar)),
    fc.anything({ withMap: true, withBigInt: true, withNullPrototype: true }),
  )
  const reply: fc.Arbitrary<Reply> = fc.oneof(
    { weight: 9, arbitrary: value.map((each): Reply => [null, each]) },
    { weight: 1, arbitrary: fc.constant<Reply>([new Error('NOGROUP no such key')]) },
  )
  const rounds = fc.array(fc.array(reply, { maxLength: 16 }), { maxLength: 3 })

  test('figures are finite and not negative or nothing is known, after two round trips at most', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TARGETS), rounds, (target, replies) => {
        let found
        try {
          found = answered(target, replies)
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
          return
        }
        expect(found.asked).toBeLessThanOrEqual(2)
        for (const figure of Object.values(found.reading)) expect(figure >= 0 && figure < Infinity).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})
