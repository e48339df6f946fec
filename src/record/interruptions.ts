/** Work that was in hand when an earlier process of the service was killed or crashed: counted, and the jobs among it told apart. */
import { HEALTH_WORK_INTERRUPTED, HEALTH_WORK_NAME } from '../catalogue.ts'
import type { Interrupted } from '../supervised/supervised.ts'
import type { InterruptedJob } from '../types.ts'
import { BoundedValues, cleanName } from './bounded-values.ts'
import type { Recording } from './recording.ts'

const NAMES = 50
const MOST_JOBS = 5

export class Interruptions {
  readonly #recording: Recording
  readonly #names = new BoundedValues(NAMES, cleanName)
  #jobs: readonly InterruptedJob[] = []

  constructor(recording: Recording) {
    this.#recording = recording
  }

  add(work: readonly Interrupted[]): void {
    for (const { name } of work) this.#recording.counter(HEALTH_WORK_INTERRUPTED, { [HEALTH_WORK_NAME]: this.#names.of(name) }).add(1)
    const jobs = work.flatMap(({ name, id, times }) => (id === undefined ? [] : [{ name, id, times }]))
    this.#jobs = [...this.#jobs, ...jobs].toSorted((a, b) => b.times - a.times).slice(0, MOST_JOBS)
  }

  /** Those first to which it has happened most often, at most five. */
  get jobs(): readonly InterruptedJob[] {
    return this.#jobs
  }
}
