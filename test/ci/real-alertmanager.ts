/** The real Alertmanager as .ci/build-stack has built it, on a port and in a folder of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { freePort } from '../../examples/valkey/free-port.ts'
import { stackProgram } from './stack-programs.ts'

export interface KnownAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
}

const READY_MS = 30_000

export class RealAlertmanager {
  readonly url: string
  readonly #folder: string
  readonly #port: number
  #process: ChildProcess | undefined
  #ended: Promise<unknown> = Promise.resolve()
  readonly #killAtExit = (): void => void this.#process?.kill('SIGKILL')

  private constructor(folder: string, port: number) {
    this.#folder = folder
    this.#port = port
    this.url = `http://127.0.0.1:${port}`
    process.once('exit', this.#killAtExit)
  }

  /** Each alert is a group of its own, and `webhook` hears of it at once. */
  static async start(webhook: string): Promise<RealAlertmanager> {
    const alertmanager = new RealAlertmanager(await mkdtemp(join(tmpdir(), 'otel-health-alertmanager-')), await freePort())
    await writeFile(
      join(alertmanager.#folder, 'alertmanager.yml'),
      `route: { receiver: test, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers: [{ name: test, webhook_configs: [{ url: '${webhook}', send_resolved: true }] }]
`,
    )
    await alertmanager.run()
    return alertmanager
  }

  /** Anew, if it was killed: what it does not keep on disk, alerts among it, it has forgotten. */
  async run(): Promise<void> {
    this.#process = spawn(
      stackProgram('alertmanager'),
      [
        `--config.file=${join(this.#folder, 'alertmanager.yml')}`,
        `--storage.path=${join(this.#folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${this.#port}`,
        '--cluster.listen-address=',
      ],
      { stdio: 'ignore' },
    )
    this.#ended = once(this.#process, 'close')
    await vi.waitUntil(
      () =>
        fetch(`${this.url}/-/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { timeout: READY_MS, interval: 20 },
    )
  }

  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL')
    await this.#ended
  }

  /** Those that are not over. */
  async alerts(): Promise<readonly KnownAlert[]> {
    const response = await fetch(`${this.url}/api/v2/alerts`)
    return (await response.json()) as KnownAlert[]
  }

  async stop(): Promise<void> {
    await this.kill()
    process.off('exit', this.#killAtExit)
    await rm(this.#folder, { recursive: true, force: true })
  }
}
