/** What becomes of messages of SQS that a loop of the service has received. */
import { beforeEach, describe, expect, test } from 'vitest'

import type { QueueAttempt } from '../../../src/instrument/queues/queue-library.ts'
import { SqsReceipts } from '../../../src/instrument/queues/sqs-receipts.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

let clock: VirtualClock
let attempts: QueueAttempt[]
let receipts: SqsReceipts
beforeEach(() => {
  clock = new VirtualClock()
  attempts = []
  const onAttempt = (look: () => QueueAttempt): void => void attempts.push(look())
  receipts = new SqsReceipts('mails', { clock, onAttempt })
})

const done = (durationMs: number) => ({ queue: 'mails', durationMs, failed: false, postponed: false })
const failed = (durationMs: number, code: string) => ({ ...done(durationMs), failed: true, error: { code } })

interface Row {
  readonly why: string
  readonly act: () => void
  readonly found: readonly object[]
}

describe('a message that was received', () => {
  test.for<Row>([
    { why: 'and deleted is done', act: () => receipts.deleted('a'), found: [done(100)] },
    {
      why: 'and deleted twice is done once',
      act() {
        receipts.deleted('a')
        receipts.deleted('a')
      },
      found: [done(100)],
    },
    { why: 'and is given back at once has failed', act: () => receipts.moved('a', 0), found: [failed(100, 'given_back')] },
    {
      why: 'and is kept for longer goes on',
      act() {
        receipts.moved('a', 60)
        clock.advance(50_000)
        receipts.deleted('b')
        receipts.expire()
        receipts.deleted('a')
      },
      found: [done(50_100)],
    },
    {
      why: 'and is not deleted before its time is over has failed, where others are deleted',
      act() {
        receipts.deleted('b')
        clock.advance(10_000)
        receipts.received([], undefined)
      },
      found: [failed(10_100, 'not_deleted')],
    },
    {
      why: 'is nothing that is known where nobody here deletes any',
      act() {
        clock.advance(100_000)
        receipts.expire()
      },
      found: [],
    },
    { why: 'by somebody else and is deleted here is nothing that is known', act: () => receipts.deleted('other'), found: [] },
  ])('$why', ({ act, found }) => {
    receipts.received(['a', undefined], 10)
    clock.advance(100)
    act()
    expect(attempts).toEqual(found)
  })
})

test('the time of a queue holds where the request says none, as soon as it is known', () => {
  receipts.received(['a'], undefined)
  receipts.deleted('b')
  clock.advance(31_000)
  receipts.expire()
  expect(attempts).toEqual([])
  receipts.visibilitySeconds = 30
  receipts.expire()
  expect(attempts).toEqual([failed(31_000, 'not_deleted')])
})

test('a queue is in use for two minutes after the last receive', () => {
  expect(receipts.isInUse()).toBe(false)
  receipts.received([], undefined)
  clock.advance(119_000)
  expect(receipts.isInUse()).toBe(true)
  clock.advance(2000)
  expect(receipts.isInUse()).toBe(false)
})

test('of more than 20,000 messages the oldest are forgotten', () => {
  receipts.received(
    Array.from({ length: 20_001 }, (_, n) => String(n)),
    10,
  )
  receipts.deleted('0')
  receipts.deleted('1')
  expect(attempts).toHaveLength(1)
})
