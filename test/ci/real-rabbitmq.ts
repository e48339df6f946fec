/** A RabbitMQ of the machine's own installation, on a port and in a folder of its own. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { freePort } from '../../examples/valkey/free-port.ts'

const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server'
const START_WITHIN_MS = 60_000

export class RealRabbitmq {
  readonly port: number
  readonly #folder: string
  readonly #server: ChildProcess

  private constructor(port: number, folder: string, server: ChildProcess) {
    this.port = port
    this.#folder = folder
    this.#server = server
  }

  /** Takes seconds. */
  static async start(): Promise<RealRabbitmq> {
    const folder = await mkdtemp(join(tmpdir(), 'otel-health-rabbitmq-'))
    const port = await freePort()
    await writeFile(join(folder, 'plugins'), '[].')
    const server = spawn(SERVER, {
      stdio: 'ignore',
      detached: true,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        RABBITMQ_NODENAME: `otel-health-${port}@localhost`,
        RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
        RABBITMQ_NODE_PORT: String(port),
        RABBITMQ_DIST_PORT: String(await freePort()),
        RABBITMQ_MNESIA_BASE: folder,
        RABBITMQ_LOG_BASE: folder,
        RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
      },
    })
    const rabbitmq = new RealRabbitmq(port, folder, server)
    const until = Date.now() + START_WITHIN_MS
    while (!(await rabbitmq.#answers())) {
      if (Date.now() > until || server.exitCode !== null) throw new Error('RabbitMQ did not start')
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    return rabbitmq
  }

  async #answers(): Promise<boolean> {
    const socket = connect(this.port, '127.0.0.1')
    const answered = new Promise<boolean>((resolve) => {
      socket.once('connect', () => socket.write('AMQP\0\0\x09\x01'))
      socket.once('data', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('close', () => resolve(false))
    })
    const result = await answered
    socket.destroy()
    return result
  }

  /** Stopped with all its processes, and deleted. */
  async remove(): Promise<void> {
    const ended = once(this.#server, 'exit')
    process.kill(-this.#server.pid!, 'SIGKILL')
    await ended
    await rm(this.#folder, { recursive: true, force: true })
  }
}
