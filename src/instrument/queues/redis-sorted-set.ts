/** A queue that is a sorted set, whose scores are the time due. */
import type { Asking, QueueForm } from './queue-form.ts'
import { ageSeconds, EARLIEST_MS, known } from './queue-reading.ts'
import { count, firstScore } from './redis-reply.ts'

export const redisSortedSet: QueueForm = {
  ask(target, epochMs) {
    if (!('key' in target) || target.type !== 'zset') return undefined
    return askSortedSet(target.key, epochMs, target.scores === 'seconds' ? 1000 : 1)
  },
}

function* askSortedSet(key: string, epochMs: number, msPerScore: number): Asking {
  const now = epochMs / msPerScore
  const [total, countDue, oldest] = yield [
    ['ZCARD', key],
    ['ZCOUNT', key, '-inf', now],
    ['ZRANGEBYSCORE', key, EARLIEST_MS / msPerScore, now, 'WITHSCORES', 'LIMIT', 0, 1],
  ]
  const due = count(countDue)
  const since = firstScore(oldest)
  return known({
    due,
    // The commands are no transaction: between two of them members may be added.
    scheduled: Math.max(0, count(total) - due),
    oldestAgeSeconds: due === 0 ? 0 : since && ageSeconds(epochMs, since * msPerScore),
  })
}
