/** A Redis Cluster of three primaries and three replicas, whose nodes can be killed, frozen and started again. */
import { execFile } from 'node:child_process'
import { setTimeout as passed } from 'node:timers/promises'
import { promisify } from 'node:util'

import { Cluster, Redis } from 'ioredis'

import { freePort } from '../../examples/valkey/free-port.ts'
import { KillableRedis } from './killable-redis.ts'

const run = promisify(execFile)
const NODE_TIMEOUT_MS = 1500

export class RealCluster {
  readonly nodes: ReadonlyMap<number, KillableRedis>

  private constructor(nodes: ReadonlyMap<number, KillableRedis>) {
    this.nodes = nodes
  }

  static async start(): Promise<RealCluster> {
    const ports: number[] = []
    // The port of the cluster bus is 10,000 above.
    while (ports.length < 6) {
      const port = await freePort()
      if (port < 55_000 && !ports.includes(port)) ports.push(port)
    }
    const args = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--cluster-node-timeout', String(NODE_TIMEOUT_MS)]
    const settings = ['--cluster-announce-ip', '127.0.0.1', '--repl-diskless-sync-delay', '0', '--appendonly', 'no']
    const nodes = ports.map((port) => new KillableRedis(port, [...args, ...settings]))
    await Promise.all(nodes.map((node) => node.start()))
    const addresses = ports.map((port) => `127.0.0.1:${port}`)
    await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes'])
    const cluster = new RealCluster(new Map(nodes.map((node) => [node.port, node])))
    await cluster.settled()
    return cluster
  }

  get ports(): readonly number[] {
    return [...this.nodes.keys()]
  }

  /** The primary of the slot of `{health}`, as one of the other nodes says. */
  async primary(except?: number): Promise<number> {
    for (const port of this.ports) {
      if (port === except) continue
      try {
        const slots = await this.#ask(
          port,
          async (client) => (await client.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][],
        )
        const slot = await this.#ask(port, async (client) => Number(await client.call('CLUSTER', 'KEYSLOT', '{health}')))
        return slots.find(([from, to]) => slot >= from && slot <= to)![2][1]
      } catch {
        // Another node may know.
      }
    }
    throw new Error('No node of the cluster says who the primary is.')
  }

  /** Every node agrees that all is well, and the primary of `{health}` has a replica to fail over to. */
  async settled(): Promise<void> {
    for (let i = 0; i < 400; i++) {
      try {
        const infos = await Promise.all(
          this.ports.map((port) => this.#ask(port, (client) => client.call('CLUSTER', 'INFO') as Promise<string>)),
        )
        const primary = await this.primary()
        const replication = await this.#ask(primary, (client) => client.info('replication'))
        if (infos.every((info) => info.includes('cluster_state:ok')) && /slave0:.*state=online/.test(replication)) return
      } catch {
        // Not yet.
      }
      await passed(50)
    }
    throw new Error('The cluster did not settle within 20 s.')
  }

  client(): Cluster {
    const seeds = this.ports.map((port) => ({ host: '127.0.0.1', port }))
    const redisOptions = { protocol: 2 as const, commandTimeout: 1000, maxRetriesPerRequest: 1 }
    const client = new Cluster(seeds, { redisOptions, slotsRefreshInterval: 300, slotsRefreshTimeout: 500 })
    client.on('error', () => {})
    return client
  }

  async end(): Promise<void> {
    await Promise.all([...this.nodes.values()].map((node) => node.end()))
  }

  async #ask<T>(port: number, ask: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis({
      port,
      host: '127.0.0.1',
      commandTimeout: 500,
      connectTimeout: 500,
      retryStrategy: null,
      maxRetriesPerRequest: 0,
    })
    client.on('error', () => {})
    try {
      return await ask(client)
    } finally {
      client.disconnect()
    }
  }
}
