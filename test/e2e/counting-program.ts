/** A program that counts what it is told, and ends when nobody tells it anything any more. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface CountingProgramOptions {
  /** Of a project; it is the working directory. */
  readonly folder: string
  readonly script: string
  readonly args?: readonly string[]
  /** Options of Node. */
  readonly flags?: readonly string[]
  /** Path of the Node that runs it; default: this one. */
  readonly node?: string
  /** All but PATH. */
  readonly env: NodeJS.ProcessEnv
}

export interface ProgramEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
}

export class CountingProgram {
  /** What it was told to count. */
  readonly ledger: Record<string, number> = {}
  readonly ended: Promise<ProgramEnd>
  readonly #process: ChildProcess
  /** It listens; who is gone before that has not been told to end. */
  readonly #ready: Promise<unknown>
  #output = ''

  constructor({ folder, script, args = [], flags = [], node = process.execPath, env }: CountingProgramOptions) {
    this.#process = fork(join(folder, script), args, {
      cwd: folder,
      execPath: node,
      execArgv: [...flags],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { PATH: process.env['PATH'], ...env },
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

  count(counts: Readonly<Record<string, number>>): void {
    for (const [name, count] of Object.entries(counts)) this.ledger[name] = (this.ledger[name] ?? 0) + count
    this.#process.send(counts)
  }

  /** It ends by itself, after all that it was told. */
  async end(): Promise<ProgramEnd> {
    await this.#ready
    this.#process.disconnect()
    return await this.ended
  }

  /** Until now, for a message about what went wrong. */
  get output(): string {
    return this.#output
  }

  /** Resolves when it has written it. Rejects if it ends without. */
  async says(text: RegExp): Promise<void> {
    const { stdout, stderr } = this.#process
    while (!text.test(this.#output)) {
      const more = Promise.race([once(stdout!, 'data'), once(stderr!, 'data')]).then(() => true)
      const goesOn = await Promise.race([more, this.ended.then(() => false)])
      if (!goesOn && !text.test(this.#output)) throw new Error(`The program ended without saying ${String(text)}:\n${this.#output}`)
    }
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#process.kill(signal)
  }
}
