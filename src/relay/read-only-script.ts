/** Runs Lua that only reads, as EVALSHA_RO: its keys need no right to be written. A server before Redis 7 does not know that, and has EVALSHA. */
import { createHash } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'

interface Script {
  readonly lua: string
  readonly numberOfKeys: number
}

type Run = (...keysAndArguments: readonly string[]) => Promise<unknown>

/** Rejects with the server's error. */
export function readOnlyScript(client: Redis | Cluster, { lua, numberOfKeys }: Script): Run {
  const sha = createHash('sha1').update(lua).digest('hex')
  let suffix = '_ro'
  const run = async (...rest: readonly string[]): Promise<unknown> => {
    try {
      return await client.call(`evalsha${suffix}`, sha, String(numberOfKeys), ...rest).catch((error: Error) => {
        if (!error.message.startsWith('NOSCRIPT')) throw error
        return client.call(`eval${suffix}`, lua, String(numberOfKeys), ...rest)
      })
    } catch (error) {
      if (suffix === '' || !/unknown command/i.test((error as Error).message)) throw error
      suffix = ''
      return run(...rest)
    }
  }
  return run
}
