/** Services in processes of their own: they can be killed, frozen and restarted while others go on. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { onTestFinished } from 'vitest'

import type { RulesConfig } from '../../src/rules/rules-config.ts'
import type { ServicePhase } from '../../src/service/phase.ts'

export interface ChildOptions {
  readonly redisPort: number
  readonly serviceName?: string
  readonly instance?: string
  /** Seconds. */
  readonly publishingInterval?: number
  /** Seconds. */
  readonly evaluationInterval?: number
  readonly rules?: RulesConfig
  /** How far the clock of its machine is ahead. Milliseconds. */
  readonly clockAheadMs?: number
  readonly redisClusterMode?: boolean
  readonly redisUsername?: string
  readonly redisPassword?: string
  readonly redisShards?: number
}

export interface ToChild {
  readonly anisette?: 'reachable' | 'unreachable'
  readonly account?: 'logged_in' | 'blocked'
  readonly due?: number
  readonly phase?: ServicePhase
  readonly stop?: true
  readonly ask?: true
}

export interface Asked {
  readonly status: string
  readonly instanceStatus: string
  /** `anisette_unreachable firing` */
  readonly alerts: readonly string[]
}

interface FromChild {
  readonly started?: true
  readonly diag?: string
  readonly unhandled?: string
  readonly asked?: Asked
}

export class ServiceChild {
  readonly diag: string[] = []
  readonly unhandled: string[] = []
  readonly started: Promise<void>
  readonly #process: ChildProcess
  readonly #exited: Promise<unknown>
  #asked = Promise.withResolvers<Asked>()

  /** Evaluates every 0.1 s and publishes every 0.3 s unless told otherwise: after 0.9 s of silence it counts as gone. */
  constructor(options: ChildOptions, anisette: ToChild['anisette'] = 'reachable') {
    const all: ChildOptions = { publishingInterval: 0.3, evaluationInterval: 0.1, serviceName: 'svc', ...options }
    this.#process = fork(fileURLToPath(new URL('./service-child-main.ts', import.meta.url)), [JSON.stringify(all), anisette ?? ''], {
      execArgv: [],
      env: { PATH: process.env['PATH'], HEALTH_REDIS_HOST: '127.0.0.1' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#exited = once(this.#process, 'exit')
    const started = Promise.withResolvers<void>()
    this.started = started.promise
    this.#process.on('message', (message: FromChild) => {
      if (message.started) started.resolve()
      if (message.diag !== undefined) this.diag.push(message.diag)
      if (message.unhandled !== undefined) this.unhandled.push(message.unhandled)
      if (message.asked) this.#asked.resolve(message.asked)
    })
    this.#process.on('error', () => {})
    void this.#exited.then(() => started.resolve())
  }

  get pid(): number {
    return this.#process.pid!
  }

  tell(message: ToChild): void {
    if (this.#process.connected) this.#process.send(message)
  }

  /** How it says it is. */
  ask(): Promise<Asked> {
    this.#asked = Promise.withResolvers()
    this.tell({ ask: true })
    return this.#asked.promise
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGCONT')
    this.#process.kill('SIGKILL')
    await this.#exited
  }

  /** Gracefully. */
  async stop(): Promise<void> {
    this.tell({ stop: true })
    await this.#exited
  }
}

/** Started, and killed when the test is over. */
export async function startServices(...all: readonly (readonly [ChildOptions, ToChild['anisette']?])[]): Promise<ServiceChild[]> {
  const children = all.map(([options, anisette]) => new ServiceChild(options, anisette))
  onTestFinished(async () => {
    await Promise.all(children.map((child) => child.kill()))
  })
  await Promise.all(children.map(({ started }) => started))
  return children
}

export async function startService(options: ChildOptions, anisette?: ToChild['anisette']): Promise<ServiceChild> {
  const [child] = await startServices([options, anisette])
  return child!
}
