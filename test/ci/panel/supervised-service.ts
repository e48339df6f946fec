/** A service under `otel-health run`, both as they are built, and how many of its processes there are. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** A BullMQ worker that writes down which jobs it begins and ends. */
const SERVICE = fileURLToPath(new URL('../../e2e/fixtures/control/', import.meta.url))

/** Nothing of what is gone. */
function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '')
}

export class SupervisedService {
  readonly instance: string
  readonly #run: ChildProcess
  readonly #said: string[] = []

  constructor(instance: string, redisPort: number) {
    this.instance = instance
    const command = ['--import', `${ROOT}dist/register.js`, 'jobs.js']
    this.#run = spawn(process.execPath, [`${ROOT}dist/bin.cjs`, 'run', '--', process.execPath, ...command], {
      cwd: SERVICE,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...{ PATH: process.env['PATH'], OTEL_METRICS_EXPORTER: 'none', HEALTH_SERVICE_NAME: 'video', QUEUE: 'video' },
        ...{ HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(redisPort), HEALTH_PUBLISHING_INTERVAL: '1' },
        ...{ REDIS_URL: `redis://127.0.0.1:${redisPort}`, OTEL_RESOURCE_ATTRIBUTES: `service.instance.id=${instance}` },
      },
    })
    for (const stream of [this.#run.stdout!, this.#run.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => this.#said.push(text))
  }

  /** Everything that it and its supervisor have said. */
  get said(): string {
    return this.#said.join('')
  }

  /** How often a process of it has begun its work. */
  get begun(): number {
    return this.said.split('\n').filter((line) => line === 'begun').length
  }

  /** The process that the supervisor has started; `undefined`: there is none now. */
  async pid(): Promise<string | undefined> {
    const { pid } = this.#run
    const children = (await read(`/proc/${pid}/task/${pid}/children`)).trim().split(' ')
    // Another child speaks to Redis for the supervisor.
    const commands = await Promise.all(children.map((child) => read(`/proc/${child}/cmdline`)))
    return children.find((_, i) => commands[i]!.includes('jobs.js'))
  }

  async stop(): Promise<void> {
    if (this.#run.exitCode !== null || this.#run.signalCode !== null) return
    const ended = once(this.#run, 'exit')
    this.#run.kill('SIGTERM')
    await ended
  }
}
