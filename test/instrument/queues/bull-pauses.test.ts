/** A queue of Bull as it keeps its local pause, which the service and a hold both want to have. */
import { beforeEach, expect, test } from 'vitest'

import { Hold } from '../../../src/instrument/calls/hold.ts'
import { BullPauses } from '../../../src/instrument/queues/bull-pauses.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

class Queue {
  paused: Promise<void> | null = null
  resumeLocal: (() => void) | undefined

  async pause(isLocal: boolean): Promise<void> {
    await Promise.resolve()
    if (!isLocal || this.paused) return
    this.paused = new Promise((resolve) => {
      this.resumeLocal = () => {
        this.paused = null
        resolve()
      }
    })
  }

  async resume(isLocal: boolean): Promise<void> {
    await Promise.resolve()
    if (isLocal) this.resumeLocal?.()
  }
}

let hold: Hold
let pauses: BullPauses
beforeEach(() => {
  hold = new Hold(new VirtualClock())
  pauses = new BullPauses({ hold })
})

type Act = 'hold' | 'release' | 'pause' | 'resume' | 'begin'

test.for<{ readonly why: string; readonly acts: readonly Act[]; readonly isPaused: boolean }>([
  { why: 'nobody has paused', acts: ['begin'], isPaused: false },
  { why: 'is held', acts: ['begin', 'hold'], isPaused: true },
  { why: 'was held', acts: ['begin', 'hold', 'release'], isPaused: false },
  { why: 'begins while it is held', acts: ['hold', 'begin'], isPaused: true },
  { why: 'began while it was held', acts: ['hold', 'begin', 'release'], isPaused: false },
  { why: 'the service paused before', acts: ['begin', 'pause', 'hold', 'release'], isPaused: true },
  { why: 'the service paused before and lets go on after', acts: ['begin', 'pause', 'hold', 'release', 'resume'], isPaused: false },
  { why: 'the service lets go on while it is held', acts: ['begin', 'pause', 'hold', 'resume'], isPaused: true },
  { why: 'the service let go on while it was held', acts: ['begin', 'pause', 'hold', 'resume', 'release'], isPaused: false },
  { why: 'the service paused while it was held', acts: ['begin', 'hold', 'pause', 'release'], isPaused: true },
  {
    why: 'the service paused while it was held and lets go on after',
    acts: ['begin', 'hold', 'pause', 'release', 'resume'],
    isPaused: false,
  },
  { why: 'the service paused and let go on while it was held', acts: ['begin', 'hold', 'pause', 'resume', 'release'], isPaused: false },
  { why: 'is held a second time', acts: ['begin', 'hold', 'release', 'hold'], isPaused: true },
])('a queue that $why is paused: $isPaused', async ({ acts, isPaused }) => {
  class Watched extends Queue {
    override pause(isLocal: boolean): Promise<void> {
      return super.pause(isLocal)
    }
    override resume(isLocal: boolean): Promise<void> {
      return super.resume(isLocal)
    }
  }
  const cancels = pauses.watch(Watched.prototype)
  const queue = new Watched()
  for (const act of acts) {
    if (act === 'hold') hold.begin()
    else if (act === 'release') hold.end()
    else if (act === 'begin') pauses.begin(queue)
    else await queue[act](true)
  }
  expect(queue.paused !== null).toBe(isPaused)
  for (const cancel of cancels) cancel()
})

test('who waits for the end of a pause goes on when the hold is over', async () => {
  const queue = new Queue()
  pauses.watch(Object.create(null) as object)
  pauses.begin(queue)
  hold.begin()
  let goesOn = false
  void queue.paused!.then(() => (goesOn = true))
  await Promise.resolve()
  expect(goesOn).toBe(false)
  hold.end()
  await Promise.resolve()
  expect(goesOn).toBe(true)
})
