/** What a worker thread has in hand, told to the main one: at once when it comes to have any or none, and once a second how it is. */
import { threadId } from 'node:worker_threads'

import type { WorkInHand } from '../record/work-in-hand.ts'
import type { Cancel, Clock } from '../types.ts'
import type { ThreadNews } from './thread-relay.ts'

const TOLD_EVERY_MS = 1000

export function tellInHand(inHand: WorkInHand, news: Pick<ThreadNews, 'inHand'>, clock: Clock): Cancel {
  let told = 0
  const tell = (): void => {
    const { count, oldestSeconds } = inHand.now()
    if (count === 0 && told === 0) return
    told = count
    news.inHand(threadId, { count, oldestSeconds })
  }
  const cancels = [inHand.onChange(tell), clock.every(TOLD_EVERY_MS, tell)]
  return () => {
    for (const cancel of cancels) cancel()
  }
}

/** Forgets what threads had in hand that have ended. */
export function forgetEndedThreads(inHand: Pick<WorkInHand, 'forget'>): Cancel {
  const onWorker = (worker: { readonly threadId: number; once(event: 'exit', listener: () => void): unknown }): void => {
    const { threadId: id } = worker
    worker.once('exit', () => inHand.forget(id))
  }
  process.on('worker', onWorker)
  return () => void process.off('worker', onWorker)
}
