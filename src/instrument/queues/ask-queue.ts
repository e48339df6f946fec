/** Every form a queue can have, of a library or a plain key. */
import type { QueueTarget } from '../../config/targets.ts'
import type { Asking, QueueForm } from './queue-form.ts'
import { QUEUE_LIBRARIES } from './queue-libraries.ts'
import { redisMembers } from './redis-members.ts'
import { redisSortedSet } from './redis-sorted-set.ts'
import { redisStream } from './redis-stream.ts'

/** No queue is of two of them. */
export const QUEUE_FORMS: readonly QueueForm[] = [...QUEUE_LIBRARIES.filter(isForm), redisMembers, redisSortedSet, redisStream]

function isForm<T extends Partial<QueueForm>>(library: T): library is T & QueueForm {
  return library.ask !== undefined
}

/** What to ask about a queue at `epochMs`, milliseconds since 1970 by our clock. */
export function* askQueue(target: QueueTarget, epochMs: number): Asking {
  for (const form of QUEUE_FORMS) {
    const asking = form.ask(target, epochMs)
    if (asking) return yield* asking
  }
  throw new Error('there is no such form of queue')
}
