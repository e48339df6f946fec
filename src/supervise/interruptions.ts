/** Which pieces of work were in hand when processes were killed or crashed, and how often: BullMQ gives a job up that it happened to twice. */
import type { Interrupted, PieceInHand } from '../supervised/supervised.ts'

/** More are not remembered; those that were interrupted first are forgotten first. */
const MOST = 1000

export class Interruptions {
  readonly #times = new Map<string, Interrupted>()

  /** Those of one process, counted. What has no id is told from nothing else of its name, and counts as once. */
  note(pieces: readonly PieceInHand[]): readonly Interrupted[] {
    return pieces.map(({ name, id }) => {
      if (id === undefined) return { name, times: 1 }
      const key = JSON.stringify([name, id])
      const interrupted = { name, id, times: (this.#times.get(key)?.times ?? 0) + 1 }
      this.#times.delete(key)
      this.#times.set(key, interrupted)
      if (this.#times.size > MOST) this.#times.delete(this.#times.keys().next().value!)
      return interrupted
    })
  }
}

/** A sentence for each job that was interrupted for the second time. */
export function interruptionSentences(interrupted: readonly Interrupted[]): readonly string[] {
  return interrupted
    .filter(({ times }) => times === 2)
    .map(({ name, id }) => `job ${id} of ${name} was interrupted for the second time: BullMQ fails a job that stalled twice`)
}
