/** Queues that only the service itself can ask, each asked in its turn; in a worker thread by that thread. */
import { diag } from '../diag.ts'
import type { AskedQueue } from '../instrument/queues/queue-library.ts'
import type { Cancel, Clock } from '../types.ts'
import type { ServiceRecorder } from './service-recorder.ts'
import type { TakenNames } from './taken-names.ts'

/** As many are asked; a service that makes queues on and on is not followed. */
const MOST_ASKED = 50

export class AskedQueues {
  readonly #recorder: Pick<ServiceRecorder, 'queues'>
  readonly #clock: Clock
  readonly #cancels: Cancel[] = []
  readonly #names: TakenNames
  #count = 0
  #stopped = false

  constructor(recorder: Pick<ServiceRecorder, 'queues'>, clock: Clock, names: TakenNames) {
    this.#recorder = recorder
    this.#names = names
    this.#clock = clock
  }

  /**
   * Asks it when the event loop goes on, and then every so often, never while an answer is awaited. That it does not answer is said once
   * each time that begins, and its sizes grow stale. Of a name that is taken it is given a number; beyond 50 queues the first are asked.
   */
  add(queue: AskedQueue): void {
    if (this.#stopped || this.#count >= MOST_ASKED) return
    this.#count++
    const name = this.#names.take(queue.name)
    let asking = false
    let failing = false
    const ask = async (): Promise<void> => {
      if (asking) return
      asking = true
      try {
        const reading = await queue.ask()
        failing = false
        if (!this.#stopped) this.#recorder.queues({ [name]: reading })
      } catch (error) {
        if (!failing) diag.warn(`otel-health: not known: queue "${name}" (${reasonOf(error)}).`)
        failing = true
      } finally {
        asking = false
      }
    }
    this.#cancels.push(
      this.#clock.after(0, () => void ask()),
      this.#clock.every(queue.everySeconds * 1000, () => void ask()),
    )
  }

  stop(): void {
    this.#stopped = true
    for (const cancel of this.#cancels.splice(0)) cancel()
  }
}

/** Not without bound, and nothing that throws when it is looked at. */
function reasonOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message.slice(0, 120) : 'it failed without a reason'
  } catch {
    return 'it failed without a reason'
  }
}
