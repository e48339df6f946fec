/** How many messages wait in a topic of Kafka, by what the consumer was told. */
import { beforeEach, expect, test } from 'vitest'

import { KafkaLags } from '../../../src/instrument/queues/kafka-lags.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const START = Date.UTC(2026, 10, 30)

let clock: VirtualClock
let lags: KafkaLags
let runner: { running: boolean; consumerGroup: object }
let assigned: number[]
let paused: object[]
beforeEach(() => {
  clock = new VirtualClock(START)
  lags = new KafkaLags(clock)
  assigned = [0, 1]
  paused = []
  runner = newRunner()
})

const newRunner = () => ({
  running: true,
  consumerGroup: { groupId: 'g', assigned: () => [{ topic: 't', partitions: assigned }], paused: () => paused },
})
/** `offsets`: of the messages in the batch, each a second younger than the one before. */
const batch = (partition: number, highWatermark: number, offsets: readonly number[]) => ({
  topic: 't',
  partition,
  highWatermark: String(highWatermark),
  messages: offsets.map((offset) => ({ offset: String(offset), timestamp: String(START + (offset - 10) * 1000) })),
})

test('what waits is what is beyond the last message that was handled', async () => {
  const queue = lags.begin(runner, batch(0, 20, [5, 6, 7]))
  expect(queue).toMatchObject({ name: 't', everySeconds: 5 })
  expect(await queue.ask()).toEqual({ due: 15, oldestAgeSeconds: 5, paused: false })
  lags.handled(runner, 't', 0, '5')
  expect(await queue.ask()).toEqual({ due: 14, oldestAgeSeconds: 4, paused: false })
  lags.handled(runner, 't', 0, '7')
  expect(await queue.ask()).toEqual({ due: 12, paused: false })
  lags.begin(runner, batch(0, 20, [8]))
  lags.begin(runner, batch(0, 9, [8]))
  lags.handled(runner, 't', 0, '8')
  expect(await queue.ask()).toEqual({ due: 0, oldestAgeSeconds: 0, paused: false })
})

test('partitions are added up, and those of other consumers are not counted', async () => {
  const queue = lags.begin(runner, batch(0, 20, [10]))
  expect(lags.begin(runner, batch(1, 7, [5]))).toBe(queue)
  expect(await queue.ask()).toMatchObject({ due: 12 })
  assigned = [1]
  expect(await queue.ask()).toMatchObject({ due: 2 })
  assigned = []
  expect(await queue.ask()).toEqual({})
})

test('a topic is paused where each of its partitions is', async () => {
  const queue = lags.begin(runner, batch(0, 20, [10]))
  paused = [{ topic: 't', partitions: [0] }]
  expect(await queue.ask()).toMatchObject({ paused: false })
  paused = [{ topic: 't', partitions: [0, 1] }]
  expect(await queue.ask()).toMatchObject({ paused: true })
  paused = [{ topic: 't' }]
  expect(await queue.ask()).toMatchObject({ paused: true })
})

test('nothing is known of a consumer that has stopped, or that has not heard of the broker for a minute', async () => {
  const queue = lags.begin(runner, batch(0, 20, [10]))
  clock.advance(59_000)
  expect(await queue.ask()).toMatchObject({ due: 10 })
  clock.advance(2000)
  expect(await queue.ask()).toEqual({})
  lags.fetched(runner)
  expect(await queue.ask()).toMatchObject({ due: 10 })
  runner.running = false
  expect(await queue.ask()).toEqual({})
})

test('a consumer that is started again has the same queue', async () => {
  const queue = lags.begin(runner, batch(0, 20, [10]))
  runner.running = false
  expect(lags.begin(newRunner(), batch(0, 20, [15]))).toBe(queue)
  expect(await queue.ask()).toMatchObject({ due: 5 })
})
