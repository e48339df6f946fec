/** What becomes of messages of RabbitMQ that a consumer was given. */
import { beforeEach, expect, test } from 'vitest'

import { Deliveries } from '../../../src/instrument/queues/amqp-deliveries.ts'
import type { QueueAttempt } from '../../../src/instrument/queues/queue-library.ts'
import { WorkInHand } from '../../../src/record/work-in-hand.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

let clock: VirtualClock
let attempts: QueueAttempt[]
let deliveries: Deliveries
let inHand: WorkInHand
beforeEach(() => {
  clock = new VirtualClock()
  inHand = new WorkInHand(clock)
  attempts = []
  const onAttempt = (look: () => QueueAttempt): void => void attempts.push(look())
  deliveries = new Deliveries({
    clock,
    onAttempt,
    onBegin: (look) => inHand.begin(look().queue),
    onEnd: (piece) => piece && inHand.end(piece),
  })
})

const channel = {}
const ended = (): readonly string[] => attempts.map(({ queue, failed, error }) => `${queue} ${failed ? `failed ${String(error)}` : 'done'}`)

interface Row {
  readonly why: string
  readonly act: () => void
  readonly found: readonly string[]
}

test.for<Row>([
  { why: 'one is acknowledged', act: () => deliveries.end(channel, 2, false), found: ['b done'] },
  { why: 'all up to one are acknowledged', act: () => deliveries.end(channel, 2, true), found: ['a done', 'b done'] },
  {
    why: 'all are refused',
    act: () => deliveries.end(channel, Infinity, true, 'nack'),
    found: ['a failed nack', 'b failed nack', 'c failed nack'],
  },
  { why: 'one has thrown nothing', act: () => deliveries.end(channel, 1, false, undefined), found: ['a failed undefined'] },
  { why: 'one that is not known is acknowledged', act: () => deliveries.end(channel, 9, false), found: [] },
  { why: 'a message of another channel is acknowledged', act: () => deliveries.end({}, 1, false), found: [] },
  {
    why: 'one has thrown after it was acknowledged',
    act() {
      deliveries.end(channel, 1, false)
      deliveries.end(channel, 1, false, 'late')
    },
    found: ['a done'],
  },
])('$why', ({ act, found }) => {
  for (const [index, queue] of ['a', 'b', 'c'].entries()) deliveries.begin(channel, index + 1, queue)
  act()
  expect(ended()).toEqual(found)
})

test('it takes from the call until the acknowledgement', () => {
  deliveries.begin(channel, 1, 'a')
  clock.advance(250)
  deliveries.end(channel, 1, false)
  expect(attempts).toEqual([{ queue: 'a', durationMs: 250, failed: false, postponed: false }])
})

test('beyond 65,535 of one channel nothing is kept', () => {
  for (let tag = 1; tag <= 65_536; tag++) deliveries.begin(channel, tag, 'a')
  deliveries.end(channel, 65_536, false)
  expect(attempts).toEqual([])
  deliveries.end(channel, Infinity, true)
  expect(attempts).toHaveLength(65_535)
})
