import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export interface DemoLine {
  readonly text: string
  /** Milliseconds after the start of the process. */
  readonly at: number
}

/** `npm start` without npm, its lines and when they came. */
export class DemoProcess {
  readonly lines: DemoLine[] = []
  /** Exit code and signal, once all of its output was read. */
  readonly ended: Promise<readonly [code: number | null, signal: NodeJS.Signals | null]>
  readonly #process: ChildProcess
  readonly #startedAt = performance.now()
  #wake = Promise.withResolvers<void>()
  #stderr = ''

  constructor(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    this.#process = spawn(process.execPath, ['examples/demo/main.ts', ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, as in a terminal, so that a Ctrl-C can be sent to the group.
      detached: true,
    })
    createInterface({ input: this.#process.stdout! }).on('line', (text) => {
      this.lines.push({ text, at: performance.now() - this.#startedAt })
      this.#wake.resolve()
      this.#wake = Promise.withResolvers()
    })
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    this.ended = once(this.#process, 'close').then(([code, signal]) => [code as number | null, signal as NodeJS.Signals | null] as const)
  }

  get pid(): number {
    return this.#process.pid!
  }

  get stderr(): string {
    return this.#stderr
  }

  /** The first line that matches, of those after `after`. Rejects with all lines if the demo ends without one. */
  async line(pattern: RegExp, after?: DemoLine): Promise<DemoLine> {
    let index = after ? this.lines.indexOf(after) + 1 : 0
    const over = this.ended.then(() => 'over')
    for (;;) {
      for (; index < this.lines.length; index++) if (pattern.test(this.lines[index]!.text)) return this.lines[index]!
      if ((await Promise.race([this.#wake.promise, over])) === 'over' && index === this.lines.length) {
        throw new Error(`The demo ended without a line like ${pattern}:\n${this.lines.map(({ text }) => text).join('\n')}\n${this.#stderr}`)
      }
    }
  }

  /** Process ids by name, as the demo printed them. */
  async pids(): Promise<Readonly<Record<'fetcher' | 'Valkey' | 'Apple', number>>> {
    return { fetcher: await this.pidOf('fetcher'), Valkey: await this.pidOf('Valkey'), Apple: await this.pidOf('Apple') }
  }

  async pidsOf(names: readonly string[]): Promise<readonly number[]> {
    return await Promise.all(names.map(async (name) => await this.pidOf(name)))
  }

  async pidOf(name: string): Promise<number> {
    const { text } = await this.line(new RegExp(`runs +${name} `))
    return Number(/pid (\d+)/.exec(text)?.[1])
  }

  /** Ctrl-C as a terminal does it: to the whole process group. */
  ctrlC(): void {
    process.kill(-this.pid, 'SIGINT')
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  async stop(): Promise<void> {
    this.kill('SIGTERM')
    await this.ended
  }

  /** `npm run fault -- <args>` for this demo: its exit code and what it printed. */
  async fault(...args: readonly string[]): Promise<{ code: number; output: string }> {
    const { text } = await this.line(/runs +control /)
    return await runFault(args, { SIM_CONTROL_PORT: /127\.0\.0\.1:(\d+)/.exec(text)![1] })
  }
}

export async function runFault(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, ['examples/demo/fault.ts', ...args], { cwd: ROOT, env: { ...process.env, ...env } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const [code] = (await once(child, 'close')) as [number]
  return { code, output }
}

/** A process that ended but that nobody has waited for yet does not count. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
