/** Processes under `otel-health run`, each told what to do by lines on its standard input. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { vi } from 'vitest'

import { REGISTER } from './service-process.ts'

const RUN = fileURLToPath(new URL('../../src/supervise/main.ts', import.meta.url))
const RUN_FOLDER = fileURLToPath(new URL('./fixtures/run/', import.meta.url))
const soon = { timeout: 30_000, interval: 50 }

export interface RunOfProcess {
  /** Options of `run`. */
  readonly options?: readonly string[]
  readonly command: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly stdio?: readonly ('pipe' | 'ignore' | 'ipc')[]
}

/** The service of test/e2e/fixtures/run, watched. */
export const WATCHED: readonly string[] = [process.execPath, '--import', REGISTER, 'service.js']

export class RunProcess {
  readonly process: ChildProcess
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  readonly lines: string[] = []
  stderr = ''

  /** Without `run`, for comparison, if `bare`. */
  constructor({ options = [], command, env = {}, stdio = ['pipe', 'pipe', 'pipe'] }: RunOfProcess, bare: boolean = false) {
    const [first, ...rest] = bare ? command : [process.execPath, RUN, 'run', ...options, '--', ...command]
    const child = spawn(first!, rest, {
      cwd: RUN_FOLDER,
      stdio: [...stdio],
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], OTEL_METRICS_EXPORTER: 'none', ...env },
    })
    this.process = child
    this.ended = once(child, 'close').then(([code, signal]) => ({ code: code as number | null, signal: signal as NodeJS.Signals | null }))
    createInterface({ input: child.stdout! }).on('line', (line) => this.lines.push(line))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
  }

  tell(line: string): void {
    this.process.stdin!.write(`${line}\n`)
  }

  /** Of the services that it started, in order. */
  get pids(): readonly number[] {
    return this.lines.flatMap((line) => (line.startsWith('started ') ? [Number(line.slice('started '.length))] : []))
  }

  /** Waits until as many were started, and returns the last. */
  started(count: number): Promise<number> {
    return vi.waitFor(() => {
      if (this.pids.length < count) throw new Error(`${this.pids.length} of ${count} were started; ${this.stderr}`)
      return this.pids.at(-1)!
    }, soon)
  }

  said(text: string | RegExp): Promise<void> {
    return vi.waitFor(() => {
      const isSaid = typeof text === 'string' ? this.stderr.includes(text) : text.test(this.stderr)
      if (!isSaid) throw new Error(`${text} was not said, but: ${this.stderr}`)
    }, soon)
  }

  /** Leaves nothing behind. */
  async end(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL')
    for (const pid of this.pids) killIfThere(pid)
    await this.ended
  }
}

export function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function killIfThere(pid: number): void {
  if (isThere(pid)) process.kill(pid, 'SIGKILL')
}
