/** Two redis-servers behind one port: one takes over from the other, and may lack the last of what that one was told. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as passed } from 'node:timers/promises'

import { Redis } from 'ioredis'

import { KillableRedis } from './killable-redis.ts'

export class RedisPair {
  readonly #door: Server
  readonly #sockets = new Set<Socket>()
  #leads: KillableRedis
  #follows: KillableRedis

  private constructor(leads: KillableRedis, follows: KillableRedis) {
    this.#leads = leads
    this.#follows = follows
    this.#door = createServer((near) => {
      const far = connect(this.#leads.port, '127.0.0.1')
      near.pipe(far)
      far.pipe(near)
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          this.#sockets.delete(socket)
          other.destroy()
        })
      }
    })
  }

  static async start(): Promise<RedisPair> {
    // It would wait for other replicas first.
    const at = ['--repl-diskless-sync-delay', '0']
    const pair = new RedisPair(await KillableRedis.start(at), await KillableRedis.start(at))
    await new Promise<void>((resolve) => pair.#door.listen(0, '127.0.0.1', resolve))
    await pair.#follow()
    return pair
  }

  get port(): number {
    return (this.#door.address() as AddressInfo).port
  }

  client(): Redis {
    const client = new Redis({ port: this.port, host: '127.0.0.1', protocol: 2, maxRetriesPerRequest: null, retryStrategy: () => 30 })
    client.on('error', () => {})
    return client
  }

  /** The one that leads is killed; the other, which has heard nothing for `deafMs`, leads from then on. */
  async takeOver(deafMs: number): Promise<void> {
    this.#follows.signal('SIGSTOP')
    await passed(deafMs)
    await this.#leads.kill()
    this.#follows.signal('SIGCONT')
    await onceWith(this.#follows, (client) => client.call('REPLICAOF', 'NO', 'ONE'))
    ;[this.#leads, this.#follows] = [this.#follows, this.#leads]
    for (const socket of this.#sockets) socket.destroy()
    await this.#follows.start()
    await this.#follow()
  }

  /** Resolves when it has all that the other has. */
  async #follow(): Promise<void> {
    await onceWith(this.#follows, async (client) => {
      await client.call('REPLICAOF', '127.0.0.1', this.#leads.port)
      while (!(await client.info('replication')).includes('master_link_status:up')) await passed(20)
    })
  }

  async end(): Promise<void> {
    this.#door.close()
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all([this.#leads.end(), this.#follows.end()])
  }
}

async function onceWith(server: KillableRedis, act: (client: Redis) => Promise<unknown>): Promise<void> {
  const client = server.client()
  await act(client)
  client.disconnect()
}
