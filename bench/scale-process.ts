/** A process of the measurement, which answers one question at a time. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export class ScaleProcess {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** `file`: beside this one. */
  static async start(file: string, ...args: readonly string[]): Promise<ScaleProcess> {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, { execArgv: [] })
    const begun = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => undefined)])
    if (!begun) throw new Error(`${file} ended before it began: run it by hand to see why.`)
    return new ScaleProcess(child)
  }

  tell(message: object): void {
    this.#child.send(message)
  }

  async ask<Answer>(message: object = { kind: 'report' }): Promise<Answer> {
    const answer = once(this.#child, 'message')
    this.tell(message)
    return ((await answer) as [Answer])[0]
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}
