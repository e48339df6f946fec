/** A queue that is a list or a set. */
import type { Command } from './command-client.ts'
import type { Asking, QueueForm } from './queue-form.ts'
import { count } from './redis-reply.ts'

export const redisMembers: QueueForm = {
  ask(target) {
    if (!('key' in target)) return undefined
    if (target.type === 'list') return askSize(['LLEN', target.key])
    return target.type === 'set' ? askSize(['SCARD', target.key]) : undefined
  },
}

/** All are due, and nobody knows since when. */
function* askSize(command: Command): Asking {
  const [size] = yield [command]
  return { due: count(size) }
}
