/** Relays as processes, of which one after the other is killed. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('./fixtures/relay-program.ts', import.meta.url))
/** A claim that is not renewed for so long is free. A busy machine may keep a process waiting for longer: then it is sent twice. */
const CLAIM_MS = 400

interface Event {
  readonly event: string
  readonly target?: string
  readonly [detail: string]: unknown
}

interface RelayProcess {
  readonly child: ChildProcess
  readonly exited: Promise<unknown>
  /** The targets whose claim it has said it has. */
  readonly holds: Set<string>
}

export class RelayProcesses {
  readonly events: Event[] = []
  kills = 0
  readonly #env: NodeJS.ProcessEnv
  readonly #running = new Set<RelayProcess>()
  #waiting = new Set<() => void>()

  constructor(redisPort: number, targets: readonly object[], env: NodeJS.ProcessEnv = {}, claimMs: number = CLAIM_MS) {
    this.#env = {
      ...process.env,
      ...env,
      RELAY_REDIS_PORT: String(redisPort),
      RELAY_CONFIG: JSON.stringify({ targets }),
      RELAY_CLAIM_MS: String(claimMs),
    }
  }

  start(): void {
    const child = spawn(process.execPath, [PROGRAM], { env: this.#env, stdio: ['ignore', 'pipe', 'inherit'] })
    const relay: RelayProcess = { child, exited: once(child, 'exit'), holds: new Set() }
    this.#running.add(relay)
    createInterface(child.stdout).on('line', (line) => {
      const event = JSON.parse(line) as Event
      this.events.push(event)
      if (event.event === 'claimed') relay.holds.add(event.target!)
      if (event.event === 'lost') relay.holds.delete(event.target!)
      for (const look of this.#waiting) look()
    })
  }

  /** Kills whoever passes on to the target, as soon as there is one and it has done so for `ms`, and starts another in its place. */
  async killHolder(target: string, ms: number): Promise<void> {
    const relay = await this.#holder(target)
    await sleep(ms)
    this.#running.delete(relay)
    relay.child.kill('SIGKILL')
    this.kills++
    await relay.exited
    this.start()
  }

  /** Stands still whoever passes on to the target now; what comes of it lets it go on. */
  async freezeHolder(target: string): Promise<() => void> {
    const { child, holds } = await this.#holder(target)
    child.kill('SIGSTOP')
    holds.delete(target)
    return () => child.kill('SIGCONT')
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await Promise.all(
      [...this.#running].map(async ({ child, exited }) => {
        child.kill(signal)
        await exited
      }),
    )
    this.#running.clear()
  }

  #holder(target: string): Promise<RelayProcess> {
    return new Promise((resolve) => {
      const look = (): void => {
        const holder = [...this.#running].find(({ holds }) => holds.has(target))
        if (!holder) return
        this.#waiting.delete(look)
        resolve(holder)
      }
      this.#waiting.add(look)
      look()
    })
  }
}
