import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { Refresher } from '../../../src/panel/page/state/refresher.ts'

let loads: number[]
let isSeen: boolean
/** How long an answer takes. */
let takesMs: number
let refresher: Refresher

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
  loads = []
  isSeen = true
  takesMs = 10
  refresher = new Refresher({
    load: () => {
      loads.push(Date.now())
      return new Promise((resolve) => setTimeout(resolve, takesMs))
    },
    everyMs: 10_000,
    isSeen: () => isSeen,
  })
  refresher.ask()
})
afterEach(() => {
  refresher.stop()
  vi.useRealTimers()
})

test('it is asked for at once, and then now and then', async () => {
  await vi.advanceTimersByTimeAsync(25_000)
  expect(loads).toEqual([0, 10_010, 20_020])
})

test('news that come thick and fast are asked for once a second', async () => {
  for (let i = 0; i < 40; i++) {
    await vi.advanceTimersByTimeAsync(100)
    refresher.ask()
  }
  expect(loads).toEqual([0, 1000, 2000, 3000, 4000])
})

test('a slow answer is waited for, whatever news there is meanwhile', async () => {
  takesMs = 5000
  refresher.stop()
  refresher = new Refresher({
    load: () => {
      loads.push(Date.now())
      return new Promise((resolve) => setTimeout(resolve, takesMs))
    },
    everyMs: 60_000,
    isSeen: () => true,
  })
  loads = []
  refresher.ask()
  for (let i = 0; i < 60; i++) {
    await vi.advanceTimersByTimeAsync(100)
    refresher.ask()
  }
  expect(loads).toEqual([0, 5000])
})

test('while nobody looks nothing is asked for, and at once when somebody does again', async () => {
  await vi.advanceTimersByTimeAsync(5000)
  isSeen = false
  await vi.advanceTimersByTimeAsync(600_000)
  expect(loads).toEqual([0])
  isSeen = true
  refresher.ask()
  expect(loads).toEqual([0, 605_000])
})

test('when it is stopped nothing is asked for any more', async () => {
  refresher.stop()
  refresher.ask()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(loads).toEqual([0])
})
