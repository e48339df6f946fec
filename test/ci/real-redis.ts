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

export interface RealRedisOptions {
  /** One that came back is where it was. Default: any that is free. */
  readonly port?: number
  /** Arguments of redis-server besides. */
  readonly args?: readonly string[]
  /** How it is asked whether it answers; with TLS its port is of TLS alone. */
  readonly client?: { readonly password?: string; readonly tls?: { readonly ca: string } }
}

/** Resolves when it answers. Rejects if it is not installed or ends first. */
export async function startRedis({ args = [], client: options = {}, ...given }: RealRedisOptions = {}): Promise<RealRedis> {
  const port = given.port ?? (await freePort())
  const ports = options.tls ? ['--tls-port', String(port), '--port', '0'] : ['--port', String(port)]
  const server = spawn(REDIS_SERVER, [...ports, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...args], { stdio: 'ignore' })
  const killAtExit = (): void => void server.kill('SIGKILL')
  process.once('exit', killAtExit)
  await once(server, 'spawn')
  const ended = once(server, 'exit')
  const client = new Redis({ ...options, port, maxRetriesPerRequest: null })
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
