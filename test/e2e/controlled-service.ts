/** A service of test/e2e/fixtures/control in a process of its own, and the queue it works on. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { vi } from 'vitest'

import { REGISTER } from './service-process.ts'

const FOLDER = fileURLToPath(new URL('./fixtures/control/', import.meta.url))
export const soon = { timeout: 30_000, interval: 50 }

export interface ControlledService {
  readonly child: ChildProcess
  readonly lines: readonly string[]
  readonly stderr: readonly string[]
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>
}

export interface ServiceStart {
  readonly port: number
  readonly instance?: string
  readonly script?: string
  readonly folder?: string
  /** What watches it; default: src/register.ts. */
  readonly register?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Once it says that it has begun. */
export async function startControlled({
  port,
  instance = 'a',
  script = 'jobs.js',
  folder = FOLDER,
  register = REGISTER,
  env = {},
}: ServiceStart): Promise<ControlledService> {
  const child = spawn(process.execPath, ['--import', register, script], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...{ PATH: process.env['PATH'], OTEL_METRICS_EXPORTER: 'none', HEALTH_SERVICE_NAME: 'video', REDIS_URL: `redis://127.0.0.1:${port}` },
      ...{ HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(port), HEALTH_PUBLISHING_INTERVAL: '1' },
      ...{ OTEL_RESOURCE_ATTRIBUTES: `service.instance.id=${instance}` },
      ...env,
    },
  })
  const lines: string[] = []
  const stderr: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  createInterface({ input: child.stderr }).on('line', (line) => stderr.push(line))
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  await vi.waitUntil(() => {
    if (child.exitCode !== null) throw new Error(`it has ended: ${stderr.join('\n')}`)
    return lines.includes('begun')
  }, soon)
  return { child, lines, stderr, ended }
}

/** The queue of a service, and what its workers have written down of it. */
export class WatchedQueue {
  readonly queue: Queue
  readonly #redis: Redis
  readonly #name: string

  constructor(redis: Redis, port: number, name = 'video') {
    this.#redis = redis
    this.#name = name
    this.queue = new Queue(name, { connection: { host: '127.0.0.1', port } })
  }

  async add(count: number, data: object): Promise<void> {
    await this.queue.addBulk(Array.from({ length: count }, () => ({ name: 'encode', data })))
  }

  async ledger(): Promise<readonly string[]> {
    return await this.#redis.lrange(`${this.#name}:ledger`, 0, -1)
  }

  async count(word: 'begun' | 'done' | 'stalled'): Promise<number> {
    return (await this.ledger()).filter((line) => line.startsWith(`${word} `)).length
  }

  /** Ids that were done twice. */
  async twice(): Promise<readonly string[]> {
    const done = (await this.ledger()).filter((line) => line.startsWith('done '))
    return done.filter((line, at) => done.indexOf(line) !== at)
  }
}
