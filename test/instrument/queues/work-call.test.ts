/** What goes around a piece of work tells of it once, and gives the library what it would have got. */
import { beforeEach, describe, expect, test } from 'vitest'

import type { WorkCall } from '../../../src/instrument/queues/work-call.ts'
import { aroundWork } from '../../../src/instrument/queues/work-call.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

let clock: VirtualClock
let told: { durationMs: number; failed: boolean; error?: unknown; result: unknown }[]
beforeEach(() => {
  clock = new VirtualClock(Date.UTC(2026, 10, 30))
  told = []
})

function call(work: () => unknown, options: Partial<WorkCall> = {}): unknown {
  const around = aroundWork({
    clock,
    tell: (_self, _args, durationMs, outcome, result) => {
      const { failed, error } = outcome()
      told.push({ durationMs, failed, ...(failed && { error }), result })
    },
    ...options,
  })
  return around(undefined, ['job'], work)
}

describe('work that the library gives up after some time', () => {
  test('has failed then, and what becomes of it is not told', async () => {
    const work = Promise.withResolvers<string>()
    const returned = call(() => work.promise, { limitMs: () => 1000 })
    clock.advance(1000)
    expect(told).toEqual([{ durationMs: 1000, failed: true, error: expect.objectContaining({ name: 'TimeoutError' }), result: undefined }])
    work.resolve('late')
    expect(await returned).toBe('late')
    expect(told).toHaveLength(1)
  })

  test.for([
    { why: 'before that', limitMs: 1000 },
    { why: 'without a limit', limitMs: undefined },
    { why: 'with a limit of 0, which is none', limitMs: 0 },
    { why: 'with a limit longer than a timer can wait', limitMs: 2 ** 31 },
    { why: 'with a limit that is no number', limitMs: Number.NaN },
  ])('is told of as it ends $why', async ({ limitMs }) => {
    const work = Promise.withResolvers<string>()
    const returned = call(() => work.promise, { limitMs: () => limitMs })
    clock.advance(500)
    work.resolve('done')
    await returned
    clock.advance(5000)
    expect(told).toEqual([{ durationMs: 500, failed: false, result: 'done' }])
  })
})

test('a promise that the library made itself is handed on as it is', async () => {
  class Own extends Promise<unknown> {}
  const promise = new Own((resolve) => resolve(7))
  expect(call(() => promise, { isLibraryPromise: true })).toBe(promise)
  await promise
  expect(told).toEqual([{ durationMs: 0, failed: false, result: 7 }])
})
