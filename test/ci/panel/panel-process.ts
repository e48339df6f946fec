/** `otel-health panel` as its users start it: the built command, in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

export class PanelProcess {
  readonly url: string
  readonly #process: ChildProcess

  private constructor(url: string, process: ChildProcess) {
    this.url = url
    this.#process = process
  }

  /** Resolves when it listens. Rejects with what it said if it ends first. `port`: 0 for any that is free. */
  static async start(env: NodeJS.ProcessEnv, port: number = 0, args: readonly string[] = []): Promise<PanelProcess> {
    const child = spawn(process.execPath, ['dist/cli/main.js', 'panel', '--port', String(port), ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
    const url = Promise.withResolvers<string>()
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [found] = /https?:\/\/\S+/.exec(line) ?? []
      if (found !== undefined) url.resolve(found)
    })
    child.once('close', (code) => url.reject(new Error(`The panel ended with ${code}: ${said}`)))
    return new PanelProcess(await url.promise, child)
  }

  get pid(): number {
    return this.#process.pid!
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill(signal)
    await ended
  }
}
