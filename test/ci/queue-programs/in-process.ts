/** Services that do tasks of a queue in memory, and at times of a clock. */
import type { Program } from './program.ts'
import { THROWN } from './program.ts'

export const pQueue: Program = {
  library: 'p-queue',
  keepsOrder: true,
  why: 'tasks of the service',
  loads: { pQueue: 'p-queue' },
  body: `
    const PQueue = pQueue.default.default ?? pQueue.default
    const queue = new PQueue({ concurrency: 4, autoStart: false })
    const all = []
    for (let n = 0; n < 50; n++) all.push(queue.add(() => handle(n)).catch((error) => error.message))
    all.push(queue.addAll(Array.from({ length: 50 }, (_, n) => () => handle(50 + n).catch((error) => { if (n % 10 === 3) throw error }))).catch((error) => error.message))
    queue.start()
    console.log(JSON.stringify(await Promise.all(all)))
    await queue.onIdle()
    queue.pause()
    void queue.add(() => handle(100))
    await globalThis.askQueues?.()`,
  queue: 'p-queue',
  ok: 90,
  errors: THROWN,
  reading: { due: 1, leased: 0, paused: true },
}

export const nodeCron: Program = {
  library: 'node-cron',
  keepsOrder: false,
  why: 'a hundred tasks',
  loads: { nodeCron: 'node-cron' },
  body: `
    const cron = nodeCron.schedule ? nodeCron : nodeCron.default
    const tasks = Array.from({ length: 100 }, (_, n) => {
      const task = cron.schedule('* * * * * *', () => {
        setImmediate(() => task.stop())
        return handle(n)
      })
      return task
    })
    await jobsEnded(100)
    await globalThis.askQueues?.()`,
  queue: 'node-cron',
  ok: 90,
  errors: THROWN,
}
