/** A redis-server that can be killed and started again on the same port, with what it kept. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Redis } from 'ioredis'

import { freePort } from '../../examples/valkey/free-port.ts'

export class KillableRedis {
  readonly port: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'otel-health-redis-'))
  readonly #args: readonly string[]
  #process: ChildProcess | undefined

  constructor(port: number, args: readonly string[]) {
    this.port = port
    this.#args = args
    process.once('exit', () => this.#process?.kill('SIGKILL'))
  }

  static async start(args: readonly string[] = []): Promise<KillableRedis> {
    const server = new KillableRedis(await freePort(), args)
    await server.start()
    return server
  }

  /** Resolves when it takes commands. */
  async start(): Promise<void> {
    const fixed = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--dir', this.#folder]
    this.#process = spawn('redis-server', [...fixed, ...this.#args], { stdio: 'ignore' })
    const client = this.client()
    // LOADING is an answer as well.
    for (;;) {
      try {
        if ((await client.ping()) === 'PONG') break
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    client.disconnect()
  }

  client(): Redis {
    const client = new Redis({ port: this.port, host: '127.0.0.1', protocol: 2, maxRetriesPerRequest: null, retryStrategy: () => 30 })
    client.on('error', () => {})
    return client
  }

  signal(signal: NodeJS.Signals): void {
    this.#process!.kill(signal)
  }

  async kill(): Promise<void> {
    const ended = once(this.#process!, 'exit')
    this.signal('SIGCONT')
    this.signal('SIGKILL')
    await ended
  }

  async end(): Promise<void> {
    if (this.#process?.exitCode === null && this.#process.signalCode === null) await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
