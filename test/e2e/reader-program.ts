/** The smallest program that judges its metrics, in a folder of a project that has otel-health and an SDK; told what to count by whoever tests it. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
export const PROGRAM = fileURLToPath(new URL('./fixtures/reader-alone/program.js', import.meta.url))

/** Links this package as it is built, and the SDK that is installed here, into an empty folder. */
export function linkProject(folder: string): void {
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules/otel-health'))
  symlinkSync(join(ROOT, 'node_modules/@opentelemetry'), join(folder, 'node_modules/@opentelemetry'))
  writeFileSync(join(folder, 'package.json'), '{ "name": "project", "type": "module" }')
}

export interface ReaderProgramOptions {
  /** Of a project. */
  readonly folder: string
  /** What the provider's resource calls it. */
  readonly service: string
  readonly redisPort: number
  readonly otlpEndpoint: string
  /** Path of the Node that runs it; default: this one. */
  readonly node?: string
  readonly program?: string
  readonly env?: NodeJS.ProcessEnv
}

export interface Counts {
  readonly hits: number
  readonly lookups: number
}

export class ReaderProgram {
  /** What it was told to count. */
  readonly ledger = { hits: 0, lookups: 0 }
  /** How it ended; of the output, all. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly output: string }>
  readonly #process: ChildProcess
  /** It listens; who is gone before that has not been told to end. */
  readonly #ready: Promise<unknown>
  #output = ''

  constructor({ folder, service, redisPort, otlpEndpoint, node = process.execPath, program = PROGRAM, env = {} }: ReaderProgramOptions) {
    const script = join(folder, basename(program))
    if (!existsSync(script)) cpSync(program, script)
    this.#process = fork(script, [service], {
      cwd: folder,
      execPath: node,
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        PATH: process.env['PATH'],
        HEALTH_REDIS: `redis://127.0.0.1:${redisPort}`,
        HEALTH_PUBLISHING_INTERVAL: '1',
        OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint,
        ...env,
      },
    })
    this.#ready = once(this.#process, 'message')
    const { stdout, stderr } = this.#process
    for (const stream of [stdout!, stderr!]) stream.setEncoding('utf8').on('data', (text: string) => (this.#output += text))
    // Its "close" does not come if it was us who disconnected.
    this.ended = Promise.all([once(this.#process, 'exit'), once(stdout!, 'close'), once(stderr!, 'close')]).then(([[code, signal]]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      output: this.#output,
    }))
  }

  count(counts: Counts): void {
    this.ledger.hits += counts.hits
    this.ledger.lookups += counts.lookups
    this.#process.send(counts)
  }

  /** It shuts its provider down and ends by itself. */
  async end(): ReaderProgram['ended'] {
    await this.#ready
    this.#process.disconnect()
    return await this.ended
  }

  /** Until now, for a message about what went wrong. */
  get output(): string {
    return this.#output
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }
}
