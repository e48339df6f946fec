import { beforeEach, expect, test } from 'vitest'

import { drain, type DrainEnd } from '../../src/obey/drain.ts'
import { WorkInHand } from '../../src/record/work-in-hand.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

let clock: VirtualClock
let inHand: WorkInHand
beforeEach(() => {
  clock = new VirtualClock()
  inHand = new WorkInHand(clock)
})

/** How it has ended by now. */
async function begin(limitMs = 60_000): Promise<{ readonly ends: DrainEnd[]; readonly callOff: () => void }> {
  const { ended, callOff } = drain(inHand, clock, limitMs)
  const ends: DrainEnd[] = []
  void ended.then((end) => ends.push(end))
  await Promise.resolve()
  return { ends, callOff }
}

async function pass(ms: number): Promise<void> {
  clock.advance(ms)
  await Promise.resolve()
}

test('it is drained when nothing was in hand for half a second', async () => {
  const { ends } = await begin()
  await pass(450)
  expect(ends).toEqual([])
  await pass(50)
  expect(ends).toEqual(['drained'])
})

test('what begins meanwhile is waited for, also if it has ended by the next look', async () => {
  const { ends } = await begin()
  await pass(400)
  inHand.end(inHand.begin('mails'))
  await pass(450)
  expect(ends).toEqual([])
  await pass(100)
  expect(ends).toEqual(['drained'])
})

test('what is being taken is waited for', async () => {
  inHand.beginTaking()
  const { ends } = await begin()
  await pass(5000)
  expect(ends).toEqual([])
  const piece = inHand.begin('mails')
  inHand.endTaking()
  await pass(5000)
  inHand.end(piece)
  await pass(400)
  expect(ends).toEqual([])
  await pass(200)
  expect(ends).toEqual(['drained'])
})

test('at its limit it is given up, and after that nothing changes that', async () => {
  const piece = inHand.begin('mails')
  const { ends } = await begin(2000)
  await pass(1950)
  expect(ends).toEqual([])
  await pass(50)
  inHand.end(piece)
  await pass(5000)
  expect([ends, clock.nextDue()]).toEqual([['limit'], Infinity])
})

test('it is called off', async () => {
  inHand.begin('mails')
  const { ends, callOff } = await begin()
  callOff()
  await pass(0)
  await pass(100)
  expect([ends, clock.nextDue()]).toEqual([['called off'], Infinity])
})
