/** Questions to the health Redis: several at once, each answered for itself, none waited for longer than a limit. */
import type { Cluster, Redis } from 'ioredis'
import type { Cancel, Clock } from '../types.ts'
import { toMs } from '../wire/scripts/time.ts'

export type RedisReader = Redis | Cluster

export type Question = readonly [command: string, ...args: (string | number)[]]

/** `refused`: why this key cannot be read, half a sentence; others may. */
export type Answer = { readonly value: unknown; readonly refused?: undefined } | { readonly value?: undefined; readonly refused: string }

/** All keys in one call are of one shard. */
export type Ask = (questions: readonly Question[]) => Promise<readonly Answer[]>

export interface AskLimits {
  readonly clock: Clock
  /** Milliseconds. */
  readonly timeoutMs: number
}

/**
 * Rejects if the server does not answer within the limit, is lost, or is in no state to answer. Without limits it is the client that
 * says how long to wait.
 */
export function asking(client: RedisReader, limits?: AskLimits): Ask {
  return async (questions) => {
    if (questions.length === 0) return []
    const replies = client.pipeline(questions.map((question) => [...question])).exec()
    const answers = await (limits ? within(replies, limits) : replies)
    if (!answers) throw new Error('the connection was closed')
    return answers.map(([error, value]) => (error ? { refused: refusal(error) } : { value }))
  }
}

/** What is wrong with one key, not with the server; anything else is thrown. */
function refusal(error: Error): string {
  if (error.message.startsWith('WRONGTYPE')) return 'is of another type than it should be'
  if (error.message.startsWith('NOPERM')) return 'may not be read by this user'
  throw error
}

/** Nothing has come in time. */
export class NoAnswer extends Error {}

/** Rejects with `NoAnswer` when nothing has come after so many milliseconds. */
export async function within<T>(promise: Promise<T>, { clock, timeoutMs }: AskLimits): Promise<T> {
  const silent = Promise.withResolvers<never>()
  let cancel: Cancel | undefined
  const wait = () => {
    const due = clock.monotonicMs() + timeoutMs
    cancel = clock.after(timeoutMs, () => {
      if (clock.monotonicMs() - due > STALL_MS) wait()
      else silent.reject(new NoAnswer(`no answer within ${timeoutMs / 1000} s`))
    })
  }
  wait()
  try {
    return await Promise.race([promise, silent.promise])
  } finally {
    cancel?.()
  }
}

/** A timer this late was held up by our own event loop; so were the answers that may be waiting in the socket. */
const STALL_MS = 100

/** Epoch milliseconds of the server. */
export async function serverTime(client: RedisReader): Promise<number> {
  return toMs(await client.time())
}
