import { fork, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ChildOptions {
  /** What people call it. */
  readonly name: string
  readonly module: URL
  readonly args?: readonly string[]
  /** Options of Node. */
  readonly execArgv?: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  /** One line it wrote to stderr. */
  readonly onStderr?: (line: string) => void
  /** One line it wrote to stdout. */
  readonly onStdout?: (line: string) => void
}

/** Lines of stderr, enough for an error with its stack. */
const LAST_WORDS = 20

/**
 * A child process that is never left behind: its channel closes with this process, and `stop` ends it even if it hangs. It is in a
 * process group of its own, because Ctrl-C in a terminal goes to the whole group and must not reach Redis before the service.
 */
export class Child {
  readonly name: string
  readonly pid: number
  /** Resolves once, to how it ended: "was killed by SIGKILL" or "ended with exit code 1: listen EADDRINUSE…". */
  readonly ended: Promise<string>
  readonly #process: ChildProcess
  readonly #firstMessage: Promise<unknown>
  #hasEnded = false

  constructor({ name, module, args = [], execArgv = [], env, cwd, onStderr, onStdout }: ChildOptions) {
    this.name = name
    const child = fork(module, [...args], {
      cwd,
      env,
      execArgv: ['--disable-warning=ExperimentalWarning', ...execArgv],
      stdio: ['ignore', onStdout ? 'pipe' : 'ignore', 'pipe', 'ipc'],
      detached: true,
    })
    this.#process = child
    this.pid = child.pid ?? 0
    const words: string[] = []
    createInterface({ input: child.stderr! }).on('line', (line) => {
      words.push(line)
      if (words.length > LAST_WORDS) words.shift()
      onStderr?.(line)
    })
    if (onStdout) createInterface({ input: child.stdout! }).on('line', onStdout)
    const ended = Promise.withResolvers<string>()
    child.once('error', (error) => ended.resolve(`could not be started: ${error.message}`))
    // Unlike 'exit' it comes when all of stderr was read.
    child.once('close', (code, signal) => {
      const reason = words.findLast((line) => /^\w*Error: /.test(line))?.replace(/^\w*Error: /, '') ?? words.at(-1)
      ended.resolve(signal ? `was killed by ${signal}` : `ended with exit code ${code}${reason && code !== 0 ? `: ${reason}` : ''}`)
    })
    this.ended = ended.promise.then((how) => {
      this.#hasEnded = true
      return how
    })
    const message = Promise.withResolvers<unknown>()
    child.once('message', message.resolve)
    this.#firstMessage = message.promise
  }

  /** The first message it sends. Rejects with a sentence if it ends before that. */
  async message(): Promise<unknown> {
    return await this.orEnds(this.#firstMessage)
  }

  /** What `promise` resolves to. Rejects with a sentence if the child ends before that. */
  async orEnds<T>(promise: Promise<T>): Promise<T> {
    const gone = this.ended.then((how) => {
      throw new Error(`${this.name} ${how}.`)
    })
    return await Promise.race([promise, gone])
  }

  /** SIGTERM, and SIGKILL after `graceMs`. Resolves when it is gone; true if it went by itself. */
  async stop(graceMs: number): Promise<boolean> {
    if (this.#hasEnded) return true
    this.#process.kill('SIGTERM')
    const timer = new AbortController()
    const went = await Promise.race([this.ended, sleep(graceMs, undefined, { signal: timer.signal }).catch(() => {})])
    timer.abort()
    if (went === undefined) this.kill()
    await this.ended
    return went !== undefined
  }

  /** At once, frozen or not. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }
}
