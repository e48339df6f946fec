/** Counts work that was in hand when an earlier process of the service was killed or crashed. */
import { HEALTH_WORK_INTERRUPTED, HEALTH_WORK_NAME } from '../catalogue.ts'
import { BoundedValues, cleanName } from './bounded-values.ts'
import type { Recording } from './recording.ts'

const NAMES = 50

export class Interruptions {
  readonly #recording: Recording
  readonly #names = new BoundedValues(NAMES, cleanName)

  constructor(recording: Recording) {
    this.#recording = recording
  }

  /** `name`: the queue or the kind of work. */
  add(name: string): void {
    this.#recording.counter(HEALTH_WORK_INTERRUPTED, { [HEALTH_WORK_NAME]: this.#names.of(name) }).add(1)
  }
}
