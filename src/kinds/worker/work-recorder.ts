/**
 * Records what any worker does into the metrics of the catalogue. Nothing here throws, whatever is given, and what is no
 * count, duration or name is dropped and counted, for a recording call stands in the middle of somebody's work. Names,
 * upstreams and error types are the service's own, so they are cleaned and their number is bounded.
 */
import type { Unjudged } from './metrics.ts'
import { WORK_UNJUDGED, WORK_UPSTREAM, WORK_UPSTREAM_DURATION, WORK_UPSTREAM_SLOW } from './metrics.ts'
import { isAmount } from '../../record/amount.ts'
import { BoundedValues, cleanErrorType, cleanName } from '../../record/bounded-values.ts'
import type { Drop } from '../../record/drop.ts'
import { createDrop } from '../../record/drop.ts'
import { NamedWork } from './named-work.ts'
import type { QueueFigures } from './queue-levels.ts'
import { QueueLevels } from './queue-levels.ts'
import type { Fields } from '../../record/tallies.ts'
import type { AttemptOf } from '../../types.ts'
import type { Recording } from '../../record/recording.ts'
import type { CallCircumstances } from './upstream-calls.ts'
import { isSlow, UpstreamCalls } from './upstream-calls.ts'
import type { AnyAttempt, AnyBatch, WorkAttempt } from './work-batch.ts'

export interface WorkApiCall extends CallCircumstances {
  /** Its configured name, or its host. */
  readonly upstream: string
  /** Milliseconds, >= 0. */
  readonly durationMs: number
  /** Absent for a successful call; a code, an HTTP status or the name of an error class, never a message. */
  readonly errorType?: string | number
  /** Nobody has named its upstream: it is shown and exported, and no rule judges it. */
  readonly unnamed?: boolean
}

export interface WorkRecorderOptions {
  /** A call to an upstream longer than this, in milliseconds, is slow. */
  readonly maxApiResponseTimeMs: number
}

/** A name times an error type is a series of its own: together they stay below the 2,000 series of a metric. */
const NAMES = 50
const ERRORS = 30

/** Of one batch: more are a mistake of whoever counted them. */
const MOST_ATTEMPTS = 1_000_000

const FIGURES_OF_QUEUE = ['due', 'scheduled', 'leased', 'failed', 'oldestAgeSeconds'] as const

const UPSTREAM_METRICS = { duration: WORK_UPSTREAM_DURATION, slow: WORK_UPSTREAM_SLOW }

export class WorkRecorder {
  readonly #recording: Recording
  readonly #limitMs: number
  readonly #drop: Drop
  readonly #names = new BoundedValues(NAMES, cleanName)
  readonly #upstreamNames = new BoundedValues(NAMES, cleanName)
  readonly #errorTypes = new BoundedValues(ERRORS, cleanErrorType)
  readonly #work = new Map<unknown, NamedWork>()
  /** Attempts of one kind follow one another. */
  #lastRaw: unknown
  #lastWork: NamedWork
  readonly #upstreams: Readonly<Record<Unjudged | 'judged', Map<string, UpstreamCalls>>> = {
    judged: new Map(),
    waited: new Map(),
    unnamed: new Map(),
  }
  readonly #queues: QueueLevels

  constructor(recording: Recording, { maxApiResponseTimeMs }: WorkRecorderOptions) {
    this.#recording = recording
    this.#limitMs = maxApiResponseTimeMs
    this.#drop = createDrop(recording)
    this.#lastWork = new NamedWork(recording, undefined)
    this.#work.set(undefined, this.#lastWork)
    this.#queues = new QueueLevels(recording, new BoundedValues(NAMES, cleanName))
  }

  /** One attempt by itself: a unit of its own. A figure of it that is none is dropped alone, its outcome counts. */
  attempt(attempt: WorkAttempt): void {
    try {
      const work = this.#countAttempt(attempt, attempt.name, attempt.events)
      if (work && attempt.success !== 'unknown') work.units.add(attempt.success)
    } catch {
      this.#drop('an attempt that cannot be read')
    }
  }

  /**
   * All attempts of one batch, such as one upstream call: one unit, failed if more than half of them failed. Where
   * they are of several kinds of work, one unit of each; attempts of which nobody can tell how they ended are no evidence. A batch without attempts says nothing, but with an error it is
   * one failed attempt, for otherwise a worker whose every batch fails would look idle. `durationMs` >= 0.
   */
  batch(batch: readonly AnyAttempt[] | AnyBatch, durationMs?: number, errorType?: string | number): void {
    try {
      this.#countBatch(Array.isArray(batch) ? { attempts: batch } : (batch as AnyBatch), durationMs, errorType)
    } catch {
      this.#drop('a batch that cannot be read')
    }
  }

  /**
   * A record of a kind of service that is work as well. As a batch it is as many attempts as its field says, in one unit; one that failed
   * does not know how many there were, and is one.
   */
  record(is: AttemptOf, fields: Fields): void {
    try {
      const { success, events, durationMs, errorType } = fields
      const found = Array.isArray(events) ? events.length : events
      if (is === 'attempt') return this.attempt({ ...fields, events: found } as unknown as WorkAttempt)
      if (success === false) {
        const failed = { name: fields['name'] as string, events: found as number, attempts: [] }
        return this.batch(failed, durationMs as number, (errorType as string) ?? '_OTHER')
      }
      const given = fields[is.batchOf]
      const attempts = Array.isArray(given) ? given.length : Math.floor(this.#amount(given, 'a number of attempts') ?? 0)
      if (attempts > MOST_ATTEMPTS) return this.#drop(`a batch of more than ${MOST_ATTEMPTS} attempts`)
      const work = this.#named(fields['name'])
      if (success === 'unknown') work.unknown(undefined, attempts)
      else {
        if (attempts > 0) work.attempt(undefined, undefined, attempts)
        work.units.addBatch(attempts, 0)
      }
      this.#endBatch(work, attempts > 0, found, durationMs)
    } catch {
      this.#drop('a record that cannot be read')
    }
  }

  /** One call to an upstream. */
  apiCall(call: WorkApiCall): void {
    try {
      const { upstream, durationMs } = call
      const errorType = call.errorType ?? undefined
      if (typeof upstream !== 'string') return this.#drop('an API call without the name of an upstream')
      const isWait = isAmount(call.waitMs) && call.waitMs > 0 && !isSlow(durationMs, errorType, call, this.#limitMs)
      this.#upstream(upstream, isWait ? 'waited' : call.unnamed === true ? 'unnamed' : undefined).record(durationMs, errorType, call)
    } catch {
      this.#drop('an API call that cannot be read')
    }
  }

  /** Sizes by state, and how long the oldest due item has waited, as last seen. A queue that is gone is one of size 0. */
  queue(name: string, figures: QueueFigures): void {
    try {
      if (typeof name !== 'string' || typeof figures !== 'object') return this.#drop('a queue without a name or sizes')
      const checked = this.#checkedFigures(figures)
      if (!checked) return
      if (!this.#queues.set(name, checked)) this.#drop('a queue beyond those that are told apart')
    } catch {
      this.#drop('a queue that cannot be read')
    }
  }

  /** The work that it was counted as; `undefined` if it was dropped. */
  #countAttempt(attempt: WorkAttempt, name: unknown, events: unknown): NamedWork | undefined {
    const { success, durationMs, reportsFound } = attempt
    if (typeof success !== 'boolean' && success !== 'unknown') {
      this.#drop('an attempt without success: true or false')
      return undefined
    }
    const work = this.#named(name)
    const duration = this.#amount(durationMs, 'a duration of an attempt')
    if (success === 'unknown') work.unknown(duration)
    else work.attempt(duration, success ? undefined : this.#errorType(attempt.errorType))
    if (success === true && reportsFound !== undefined) work.found(this.#amount(reportsFound, 'a number of what an attempt found') ?? 0)
    if (events !== undefined) this.#countEvents(work, events)
    return work
  }

  #countBatch(batch: AnyBatch, durationMs: unknown, givenError: unknown): void {
    const { attempts, name = batch.tier, events = batch.geofenceEvents } = batch
    const error = givenError ?? batch.errorType
    if (!Array.isArray(attempts)) return this.#drop('a batch without attempts')
    const errorType = error === undefined || error === null ? undefined : this.#errorType(error)
    const work = this.#named(name)
    const tallies = new Map<NamedWork, { attempts: number; failures: number }>()
    for (const attempt of attempts as readonly AnyAttempt[]) {
      const { name: own = attempt.tier ?? name, events: found = attempt.geofenceEvents } = attempt
      const counted = this.#countAttempt(attempt, own, found)
      if (!counted) continue
      let tally = tallies.get(counted)
      if (!tally) tallies.set(counted, (tally = { attempts: 0, failures: 0 }))
      if (attempt.success === 'unknown') continue
      tally.attempts++
      if (!attempt.success) tally.failures++
    }
    if (attempts.length === 0 && errorType !== undefined) {
      work.attempt(undefined, errorType)
      tallies.set(work, { attempts: 1, failures: 1 })
    }
    for (const [each, tally] of tallies) each.units.addBatch(tally.attempts, tally.failures)
    this.#endBatch(work, tallies.size > 0, events, durationMs, errorType)
  }

  /** What a batch is besides its attempts. */
  #endBatch(work: NamedWork, hasAttempts: boolean, events: unknown, durationMs: unknown, errorType?: string): void {
    this.#countEvents(work, events)
    const duration = this.#amount(durationMs, 'a duration of a batch')
    if (hasAttempts && duration !== undefined) work.batch(duration, errorType)
  }

  #countEvents(work: NamedWork, events: unknown): void {
    const counts: readonly unknown[] = typeof events === 'object' && events !== null ? Object.values(events) : [events]
    for (const count of counts) work.events(this.#amount(count, 'a number of events') ?? 0)
  }

  /** What was not given is `undefined`, and so is what was given but is no amount: that is dropped. */
  #amount(value: unknown, what: string): number | undefined {
    if (isAmount(value)) return value
    if (value !== undefined && value !== null) this.#drop(`${what} that is none`)
    return undefined
  }

  #checkedFigures(figures: QueueFigures): QueueFigures | undefined {
    const checked: { -readonly [K in keyof QueueFigures]: QueueFigures[K] } = {}
    for (const field of FIGURES_OF_QUEUE) {
      const value = this.#amount(figures[field], 'a size or an age of a queue')
      if (value !== undefined) checked[field] = value
    }
    if (figures.paused === true) checked.paused = true
    return Object.keys(checked).length > 0 ? checked : undefined
  }

  #errorType(code: unknown): string {
    if (typeof code === 'number') return this.#errorTypes.of(String(code))
    return typeof code === 'string' ? this.#errorTypes.of(code) : '_OTHER'
  }

  #named(raw: unknown): NamedWork {
    if (raw === this.#lastRaw) return this.#lastWork
    // A name that needed no cleaning is found at once.
    const work = this.#work.get(raw) ?? this.#cleaned(raw)
    this.#lastRaw = raw
    this.#lastWork = work
    return work
  }

  #cleaned(raw: unknown): NamedWork {
    const name = typeof raw === 'string' ? this.#names.of(raw) : undefined
    let work = this.#work.get(name)
    if (!work) this.#work.set(name, (work = new NamedWork(this.#recording, name)))
    return work
  }

  #upstream(raw: string, unjudged: Unjudged | undefined): UpstreamCalls {
    const upstream = this.#upstreamNames.of(raw)
    const upstreams = this.#upstreams[unjudged ?? 'judged']
    let calls = upstreams.get(upstream)
    if (!calls) {
      calls = new UpstreamCalls({
        recording: this.#recording,
        metrics: UPSTREAM_METRICS,
        of: { [WORK_UPSTREAM]: upstream, ...(unjudged && { [WORK_UNJUDGED]: unjudged }) },
        limitMs: this.#limitMs,
        errorTypeOf: (code) => this.#errorType(code),
        drop: this.#drop,
      })
      upstreams.set(upstream, calls)
    }
    return calls
  }
}
