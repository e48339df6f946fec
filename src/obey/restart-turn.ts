/**
 * Waits until this instance may be started again, of which only a share of a service's instances may at once, and keeps its turn meanwhile. Once one
 * was not started again the others keep what they have: a release that does not start takes down one instance, and no more.
 */
import type { Cancel, Clock } from '../types.ts'
import { parseAnswer, type ControlRequest } from '../wire/control-request.ts'
import { fieldOf } from '../wire/read-requests.ts'
import { releaseRecovery, RECOVERY_RENEWED_MS, takeRecovery, type Recovery } from '../wire/recovery-lease.ts'
import type { RedisConnection } from '../wire/redis-connection.ts'

const LOOK_MS = 1000
/** Others have had their turns by then, or something is wrong with them. Milliseconds. */
const LONGEST_WAIT_MS = 3_600_000
/** Of the answers of a service, the newest so many are looked at. */
const MOST_ANSWERS = 1000

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

  /**
   * Resolves when it has its turn, or is not to wait for it any more. Rejects with one sentence if that takes longer than an hour, or another was not
   * started again.
   */
  async take(request: ControlRequest, calledOff: AbortSignal): Promise<void> {
    const { clock } = this.#options
    const startedAt = clock.monotonicMs()
    while (!(await this.#ask())) {
      if (clock.monotonicMs() - startedAt > LONGEST_WAIT_MS) throw new Error('other instances were being started again for an hour')
      await aWhile(clock, calledOff)
      if (calledOff.aborted) return
    }
    this.#renewing = clock.every(RECOVERY_RENEWED_MS, () => void this.#ask())
    const failed = await this.#whoFailed(request)
    if (failed === undefined) return
    this.release()
    throw new Error(`${failed} was not started again, and so the others are left as they are`)
  }

  release(): void {
    if (!this.#renewing) return
    this.#renewing()
    this.#renewing = undefined
    const { connection, recovery } = this.#options
    // It ends by itself as well.
    connection.run((client) => releaseRecovery(client, recovery)).catch(() => {})
  }

  /** `undefined`: nobody has, as far as the server says. */
  async #whoFailed({ id, at }: ControlRequest): Promise<string | undefined> {
    const { connection, recovery } = this.#options
    const { names, service } = recovery
    const entries = await connection
      .run((client) => client.xrevrange(names.answers(service), '+', String(at), 'COUNT', MOST_ANSWERS))
      .catch(() => [])
    // The newest come first, and the first that failed is why the others did.
    return entries
      .map(([, fields]) => parseAnswer(fieldOf(fields, 'd') ?? '', names.hmacKey))
      .findLast((answer) => answer?.request === id && answer.state === 'failed')?.instance
  }

  /** Without an answer it has no turn. */
  async #ask(): Promise<boolean> {
    const { connection, recovery } = this.#options
    return await connection.run((client) => takeRecovery(client, recovery)).catch(() => false)
  }
}

/** Until it is time to ask again, or not to wait any more. */
async function aWhile(clock: Clock, calledOff: AbortSignal): Promise<void> {
  if (calledOff.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = (): void => resolve()
  const cancel = clock.after(LOOK_MS, wake)
  calledOff.addEventListener('abort', wake)
  await promise
  cancel()
  calledOff.removeEventListener('abort', wake)
}
