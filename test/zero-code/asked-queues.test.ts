import { beforeEach, describe, expect, test } from 'vitest'

import type { AskedQueue } from '../../src/instrument/queues/queue-library.ts'
import type { QueueReadings } from '../../src/instrument/queues/queues.ts'
import { AskedQueues } from '../../src/zero-code/asked-queues.ts'
import { TakenNames } from '../../src/zero-code/taken-names.ts'
import { diagLines } from '../contracts/diag-lines.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const tick = () => new Promise((resolve) => setImmediate(resolve))

let clock: VirtualClock
let read: QueueReadings[]
let asked: AskedQueues
beforeEach(() => {
  clock = new VirtualClock()
  read = []
  asked = new AskedQueues({ queues: (readings) => void read.push(readings) }, clock, new TakenNames())
})

const queue = (ask: AskedQueue['ask'], name = 'mails'): AskedQueue => ({ name, of: {}, everySeconds: 5, ask })

describe('queues that only the service can ask', () => {
  test('are asked at once and then at their interval', async () => {
    let due = 0
    asked.add(queue(() => ({ due: ++due })))
    clock.advance(0)
    await tick()
    expect(read).toEqual([{ mails: { due: 1 } }])
    clock.advance(5000)
    await tick()
    expect(read.at(-1)).toEqual({ mails: { due: 2 } })
  })

  test('are not asked again while the answer is awaited', async () => {
    let times = 0
    const answers: (() => void)[] = []
    asked.add(
      queue(
        () =>
          new Promise((resolve) => {
            times++
            answers.push(() => resolve({ due: 1 }))
          }),
      ),
    )
    clock.advance(60_000)
    expect(times).toBe(1)
    answers[0]!()
    await tick()
    clock.advance(5000)
    expect(times).toBe(2)
  })

  test('that do not answer are said once each time that begins, and asked again', async () => {
    const says = diagLines()
    let works = false
    asked.add(
      queue(() => {
        if (!works) throw new Error('no right to ask')
        return { due: 3 }
      }),
    )
    clock.advance(0)
    await tick()
    clock.advance(5000)
    await tick()
    works = true
    clock.advance(5000)
    await tick()
    expect(read).toEqual([{ mails: { due: 3 } }])
    expect(says.filter((line) => line.includes('no right to ask'))).toEqual(['otel-health: not known: queue "mails" (no right to ask).'])
  })

  test('of one name are told apart by a number', async () => {
    asked.add(queue(() => ({ due: 1 })))
    asked.add(queue(() => ({ due: 2 })))
    clock.advance(0)
    await tick()
    expect(read).toEqual([{ mails: { due: 1 } }, { mails_2: { due: 2 } }])
  })

  test('beyond fifty are not asked', async () => {
    for (let i = 0; i < 60; i++) asked.add(queue(() => ({ due: i }), `q${i}`))
    clock.advance(0)
    await tick()
    expect(read).toHaveLength(50)
  })

  test('are not asked, and their answers not told, after the stop', async () => {
    asked.add(queue(() => Promise.resolve({ due: 1 })))
    clock.advance(0)
    asked.stop()
    await tick()
    clock.advance(60_000)
    await tick()
    expect(read).toEqual([])
  })
})
