import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'

import { type Piece, WorkInHand } from '../../src/record/work-in-hand.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

let clock: VirtualClock
let inHand: WorkInHand
beforeEach(() => {
  clock = new VirtualClock()
  inHand = new WorkInHand(clock)
})

test('as long as nothing tells when work begins, nobody can say that none is in hand', () => {
  expect([inHand.isSeen, inHand.isNone]).toEqual([false, true])
  inHand.see()
  expect(inHand.isSeen).toBe(true)
})

test('the oldest are named, with their ids and ages', () => {
  inHand.begin('mails', '7')
  clock.advance(2000)
  inHand.begin('calls')
  clock.advance(500)
  expect(inHand.now()).toEqual({
    ...{ count: 2, oldestSeconds: 2.5 },
    oldest: [
      { name: 'mails', id: '7', seconds: 2.5 },
      { name: 'calls', seconds: 0.5 },
    ],
  })
})

test('what is being taken may be work, until it is known', async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const taken = inHand.taking(() => promise)
  expect([inHand.isNone, inHand.now().count]).toEqual([false, 0])
  resolve('a job')
  expect([await taken, inHand.isNone]).toEqual(['a job', true])
  await expect(inHand.taking(() => Promise.reject(new Error('no connection')))).rejects.toThrow('no connection')
  expect(inHand.isNone).toBe(true)
})

test('what threads have in hand is counted with it until they say that it is none, or end', () => {
  inHand.observe(3, { count: 2, oldestSeconds: 10 })
  inHand.observe(4, { count: 1, oldestSeconds: 1 })
  clock.advance(1000)
  inHand.begin('mails')
  expect(inHand.now()).toMatchObject({ count: 4, oldestSeconds: 11 })
  inHand.observe(3, { count: 0, oldestSeconds: 0 })
  expect(inHand.now()).toMatchObject({ count: 2, oldestSeconds: 2 })
  inHand.forget(4)
  expect(inHand.now()).toMatchObject({ count: 1, oldestSeconds: 0 })
})

test('who listens hears when there comes to be work and when there is none any more', () => {
  const heard: number[] = []
  const cancel = inHand.onChange(() => heard.push(inHand.now().count))
  const pieces = [inHand.begin('a'), inHand.begin('a')]
  for (const piece of pieces) inHand.end(piece)
  cancel()
  inHand.begin('a')
  expect(heard).toEqual([1, 0])
})

/** Begin another, or end one of those that were begun, by its place; some are ended a second time. */
const steps = fc.array(fc.oneof(fc.constant('begin' as const), fc.nat(200)), { maxLength: 300 })

test('whatever begins and ends in whatever order, how much is in hand and since when is exact', () => {
  fc.assert(
    fc.property(steps, (order) => {
      const clockOf = new VirtualClock()
      const counted = new WorkInHand(clockOf)
      const begun: { piece: Piece; at: number; isOpen: boolean }[] = []
      for (const step of order) {
        clockOf.advance(1)
        if (step === 'begin') begun.push({ piece: counted.begin(`w${begun.length}`), at: clockOf.monotonicMs(), isOpen: true })
        else if (begun[step]) {
          counted.end(begun[step].piece)
          begun[step].isOpen = false
        }
        const open = begun.filter(({ isOpen }) => isOpen)
        const now = clockOf.monotonicMs()
        expect(counted.isNone).toBe(open.length === 0)
        expect(counted.now()).toEqual({
          ...{ count: open.length, oldestSeconds: open.length === 0 ? 0 : (now - open[0]!.at) / 1000 },
          oldest: open.slice(0, 20).map(({ piece, at }) => ({ name: piece.name, seconds: (now - at) / 1000 })),
        })
      }
    }),
  )
})

test('more than are told apart are counted all the same', () => {
  const pieces = Array.from({ length: 10_050 }, (_, n) => inHand.begin('leak', String(n)))
  expect(inHand.now().count).toBe(10_050)
  for (const piece of pieces.toReversed()) inHand.end(piece)
  expect(inHand.now()).toEqual({ count: 0, oldestSeconds: 0, oldest: [] })
})
