/** redis-server as it is packaged, on a port of its own; it keeps nothing on disk. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { Redis } from 'ioredis'

import { freePort } from '../../examples/valkey/free-port.ts'

/** As .ci/run installs it. */
const REDIS_SERVER = 'redis-server'

export interface RealRedis {
  readonly port: number
  stop(): Promise<void>
}

/** Resolves when it answers. Rejects if it is not installed or ends first. */
export async function startRedis(): Promise<RealRedis> {
  const port = await freePort()
  const server = spawn(REDIS_SERVER, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
    stdio: 'ignore',
  })
  const killAtExit = (): void => void server.kill('SIGKILL')
  process.once('exit', killAtExit)
  await once(server, 'spawn')
  const ended = once(server, 'exit')
  const client = new Redis({ port, maxRetriesPerRequest: null })
  client.on('error', () => {})
  const answered = await Promise.race([client.ping(), ended.then(() => 'ended')])
  client.disconnect()
  if (answered !== 'PONG') throw new Error(`redis-server ended by itself on port ${port}: run it by hand to see why.`)
  return {
    port,
    async stop() {
      server.kill('SIGTERM')
      await ended
      process.off('exit', killAtExit)
    },
  }
}
