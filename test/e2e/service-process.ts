/** Runs the services of test/e2e/services with and without otel-health, each on a Redis database of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SERVICES = fileURLToPath(new URL('./services/', import.meta.url))

/** What a service is started with, `node <these> service.js`. */
export const REGISTER = fileURLToPath(new URL('../../src/register.ts', import.meta.url))

/** Script of each service. */
export const SERVICE_SCRIPTS = {
  'class-fetcher': 'service.js',
  'function-worker': 'service.js',
  'typescript-service': 'service.ts',
  'bullmq-worker': 'service.js',
  'fetch-loop': 'service.js',
} as const
export type ServiceName = keyof typeof SERVICE_SCRIPTS
export const SERVICE_NAMES = Object.keys(SERVICE_SCRIPTS) as ServiceName[]

export interface ServiceRun {
  /** One of test/e2e/services, or any other in `folder` that is started by `script`. */
  readonly service: string
  /** Default: that of the service in test/e2e/services. */
  readonly script?: string
  /** Options of Node, such as `--import <file>`. */
  readonly node?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** A script of test/e2e/services that starts the service in its own way. */
  readonly by?: 'in-worker-thread.js' | 'in-cluster.js'
  /** Where the service is instead of test/e2e/services. */
  readonly folder?: string
  /** What is in lists of its Redis before it starts, by key. */
  readonly lists?: Readonly<Record<string, readonly string[]>>
}

export interface ServiceEnd {
  readonly stdout: string
  /** Without what otel-health says, its frames on the stack and process ids. */
  readonly stderr: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export class ServiceProcess {
  /** Once all of its output was read. */
  readonly ended: Promise<ServiceEnd>
  readonly #process: ChildProcess
  readonly #ledger = Promise.withResolvers<Ledger>()
  #stdout = ''
  #stderr = ''

  constructor(run: ServiceRun) {
    const {
      service,
      script: name = SERVICE_SCRIPTS[service as ServiceName],
      node = [],
      env = {},
      by,
      folder = `${SERVICES}${service}`,
    } = run
    const script = `${folder}/${name}`
    const { NODE_OPTIONS: _, FORCE_COLOR: __, ...inherited } = process.env
    this.#process = spawn(process.execPath, [...node, ...(by ? [SERVICES + by] : []), script], {
      cwd: folder,
      env: { ...inherited, OTEL_METRICS_EXPORTER: 'none', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const { stdout, stderr } = this.#process
    stdout!.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text))
    stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    createInterface({ input: stdout! }).on('line', (line) => {
      if (line.startsWith('{')) this.#ledger.resolve(JSON.parse(line) as Ledger)
    })
    this.ended = once(this.#process, 'close').then(([code, signal]) => ({
      stdout: this.#stdout,
      stderr: withoutOurs(this.#stderr),
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }))
    // Somebody may not wait for the ledger of a service that crashes.
    this.#ledger.promise.catch(() => {})
    void this.ended.then(() => this.#ledger.reject(new Error(`${service} ended without a ledger:\n${this.output}`)))
  }

  /** What the service has counted itself: its last line. Rejects if it ends without one. */
  get ledger(): Promise<Ledger> {
    return this.#ledger.promise
  }

  /** All of it, for a message about what went wrong. */
  get output(): string {
    return `${this.#stdout}\n${this.#stderr}`
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  async stop(): Promise<ServiceEnd> {
    this.#process.kill('SIGTERM')
    return await this.ended
  }
}

/** What a service has counted by itself. */
export interface Ledger {
  readonly attempts: number
  readonly failed: number
  /** Things that attempts found. */
  readonly reports?: number
  readonly events?: number
  /** Items in each queue that could be worked on now. */
  readonly due: Readonly<Record<string, number>>
}

/** What the service wrote to stderr by itself. */
function withoutOurs(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => !line.startsWith('otel-health: ') && !(/^\s+at /.test(line) && line.includes(`${ROOT}src/`)))
    .join('\n')
    .replaceAll(/\(node:\d+\)/g, '(node:<pid>)')
}
