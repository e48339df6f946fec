/** Sizes and ages of queues that the service names. Queues that share a series, because there are many, are added up in it. */
import type { WorkQueueState } from './metrics.ts'
import {
  WORK_QUEUE_NAME,
  WORK_QUEUE_OLDEST_DUE_AGE,
  WORK_QUEUE_PAUSED,
  WORK_QUEUE_SIZE,
  WORK_QUEUE_STATE,
  WORK_QUEUE_STATES,
} from './metrics.ts'
import type { BoundedValues } from '../../record/bounded-values.ts'
import type { LevelHandle, Recording } from '../../record/recording.ts'

/** Items by state, >= 0; a state that is left out stays as it was. */
export interface QueueFigures extends Partial<Readonly<Record<Exclude<WorkQueueState, 'paused'>, number>>> {
  /** Seconds for which the longest waiting due item has been due, >= 0. */
  readonly oldestAgeSeconds?: number
  /** Whether it is paused on purpose: its due items are then owed by nobody, and are recorded as `paused`. Left out: it is not. */
  readonly paused?: boolean
}

/** Queues remembered in one series. */
const QUEUE_LIMIT = 500

interface QueueSeries {
  readonly sizes: Partial<Record<WorkQueueState, LevelHandle>>
  age: LevelHandle | undefined
  /** From the first pause on. */
  paused: LevelHandle | undefined
  /** By their own names, as last recorded. */
  readonly queues: Map<string, QueueFigures>
}

export class QueueLevels {
  readonly #recording: Recording
  readonly #names: BoundedValues
  readonly #series = new Map<string, QueueSeries>()

  constructor(recording: Recording, names: BoundedValues) {
    this.#recording = recording
    this.#names = names
  }

  /** `figures` hold finite numbers >= 0. `false` if there are too many queues to remember this one. */
  set(queue: string, figures: QueueFigures): boolean {
    const name = this.#names.of(queue)
    let series = this.#series.get(name)
    if (!series) this.#series.set(name, (series = { sizes: {}, age: undefined, paused: undefined, queues: new Map() }))
    const { queues, sizes } = series
    if (!queues.has(queue) && queues.size >= QUEUE_LIMIT) return false

    // Nothing waits in an empty queue, so the age of what waited before is over.
    const emptied = figures.due === 0 && series.age !== undefined ? { oldestAgeSeconds: 0 } : {}
    const now = { ...emptied, ...figures }
    const before = queues.get(queue)
    queues.set(queue, { ...before, paused: false, ...now })
    if (figures.paused) series.paused ??= this.#recording.level(WORK_QUEUE_PAUSED, { [WORK_QUEUE_NAME]: name })
    series.paused?.set([...queues.values()].filter(({ paused }) => paused).length)
    const moves = before?.paused !== undefined && before.paused !== (figures.paused ?? false)
    for (const state of WORK_QUEUE_STATES) {
      // What is due is so, or is paused.
      const isSaid = state === 'due' || state === 'paused' ? now.due !== undefined || moves : now[state] !== undefined
      if (!isSaid || (state === 'paused' && !series.paused)) continue
      sizes[state] ??= this.#recording.level(WORK_QUEUE_SIZE, { [WORK_QUEUE_NAME]: name, [WORK_QUEUE_STATE]: state })
      sizes[state].set(sumOf(queues, state))
    }
    if (now.oldestAgeSeconds === undefined && !moves) return true
    series.age ??= this.#recording.level(WORK_QUEUE_OLDEST_DUE_AGE, { [WORK_QUEUE_NAME]: name })
    series.age.set(oldestOf(queues))
    return true
  }
}

function sumOf(queues: ReadonlyMap<string, QueueFigures>, state: WorkQueueState): number {
  let sum = 0
  for (const { paused = false, ...figures } of queues.values()) {
    if (state === 'paused') sum += paused ? (figures.due ?? 0) : 0
    else if (state !== 'due' || !paused) sum += figures[state] ?? 0
  }
  return sum
}

function oldestOf(queues: ReadonlyMap<string, QueueFigures>): number {
  let oldest = 0
  for (const { oldestAgeSeconds = 0, paused = false } of queues.values()) if (!paused) oldest = Math.max(oldest, oldestAgeSeconds)
  return oldest
}
