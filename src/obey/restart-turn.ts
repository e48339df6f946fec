/** Waits until this instance may be started again, of which only a share of a service's instances may at once, and keeps its turn meanwhile. */
import type { Cancel, Clock } from '../types.ts'
import { releaseRecovery, RECOVERY_RENEWED_MS, takeRecovery, type Recovery } from '../wire/recovery-lease.ts'
import type { RedisConnection } from '../wire/redis-connection.ts'

const LOOK_MS = 1000
/** Others have had their turns by then, or something is wrong with them. Milliseconds. */
const LONGEST_WAIT_MS = 3_600_000

export interface RestartTurnOptions {
  readonly connection: Pick<RedisConnection, 'run'>
  readonly recovery: Recovery
  readonly clock: Clock
}

export class RestartTurn {
  readonly #options: RestartTurnOptions
  #renewing: Cancel | undefined

  constructor(options: RestartTurnOptions) {
    this.#options = options
  }

  /** Resolves when it has its turn. Rejects with one sentence if that takes longer than an hour. */
  async take(): Promise<void> {
    const { clock } = this.#options
    const startedAt = clock.monotonicMs()
    while (!(await this.#ask())) {
      if (clock.monotonicMs() - startedAt > LONGEST_WAIT_MS) throw new Error('other instances were being started again for an hour')
      await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve))
    }
    this.#renewing = clock.every(RECOVERY_RENEWED_MS, () => void this.#ask())
  }

  release(): void {
    if (!this.#renewing) return
    this.#renewing()
    this.#renewing = undefined
    const { connection, recovery } = this.#options
    // It ends by itself as well.
    connection.run((client) => releaseRecovery(client, recovery)).catch(() => {})
  }

  /** Without an answer it has no turn. */
  async #ask(): Promise<boolean> {
    const { connection, recovery } = this.#options
    return await connection.run((client) => takeRecovery(client, recovery)).catch(() => false)
  }
}
