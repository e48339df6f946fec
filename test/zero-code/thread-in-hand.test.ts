import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import { expect, test } from 'vitest'

import { WorkInHand } from '../../src/record/work-in-hand.ts'
import { forgetEndedThreads, tellInHand } from '../../src/zero-code/thread-in-hand.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

test('a thread tells at once when it comes to have work and when it has none any more, and once a second how it is', () => {
  const clock = new VirtualClock()
  const inHand = new WorkInHand(clock)
  const told: string[] = []
  const cancel = tellInHand(inHand, { inHand: (_thread, { count, oldestSeconds }) => told.push(`${count}, ${oldestSeconds} s`) }, clock)
  clock.advance(3000)
  const pieces = [inHand.begin('mails'), inHand.begin('mails')]
  clock.advance(2000)
  for (const piece of pieces) inHand.end(piece)
  clock.advance(5000)
  cancel()
  inHand.begin('mails')
  expect(told).toEqual(['1, 0 s', '2, 1 s', '2, 2 s', '0, 0 s'])
})

test('what a thread had in hand is in nobody’s when it ends', async () => {
  const inHand = new WorkInHand(new VirtualClock())
  const cancel = forgetEndedThreads(inHand)
  const thread = new Worker('setInterval(() => {}, 1000)', { eval: true })
  await once(thread, 'online')
  inHand.observe(thread.threadId, { count: 2, oldestSeconds: 1 })
  expect(inHand.isNone).toBe(false)
  await thread.terminate()
  expect(inHand.isNone).toBe(true)
  cancel()
})
