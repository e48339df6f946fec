/** Which sources of work are watched: who has none does not do nothing, but what nobody sees. */
import { diag } from '../diag.ts'
import type { Cancel, Clock } from '../types.ts'
import type { ServiceRecorder } from './service-recorder.ts'
import type { Unseen } from './unseen-work.ts'

/** Milliseconds after the start by which a service has loaded what it works with. */
const JUDGED_AFTER_MS = 30_000
/** Beyond, they are not told apart. */
const MOST_SOURCES = 1000

export interface WorkSourcesOptions {
  readonly recorder: Pick<ServiceRecorder, 'work'>
  readonly clock: Clock
  /** In a worker thread: who is told of a source. */
  readonly onSource?: (source: string) => void
  /** What is to be said where there is none; `undefined`: nothing. Asked 30 s after the beginning. */
  readonly unseen: () => Unseen | undefined
}

export class WorkSources {
  readonly #recorder: Pick<ServiceRecorder, 'work'>
  readonly #onSource: WorkSourcesOptions['onSource']
  readonly #names = new Set<string>()
  readonly #clock: Clock
  readonly #unseen: WorkSourcesOptions['unseen']
  #cancel: Cancel = () => {}
  readonly #resting = new Set<string>()
  readonly #ofThreads = new Set<string>()
  #queues: string | undefined

  constructor({ recorder, clock, onSource, unseen }: WorkSourcesOptions) {
    this.#recorder = recorder
    this.#onSource = onSource
    this.#clock = clock
    this.#unseen = unseen
  }

  /** The process is known to be the service. */
  begin(): void {
    this.#cancel = this.#clock.after(JUDGED_AFTER_MS, () => {
      const found = this.#names.size === 0 ? this.#unseen() : undefined
      if (!found) return
      const { warning, ...seen } = found
      this.#tell(seen)
      if (warning !== undefined) diag.warn(warning)
    })
  }

  /** A source is there, whether it does anything or not. It stays one. */
  see(source: string): void {
    if (this.#names.has(source) || this.#names.size >= MOST_SOURCES) return
    this.#names.add(source)
    if (this.#onSource) this.#onSource(source)
    else this.#tellSources()
  }

  /** The same in a worker thread, of which nobody here knows whether it rests. */
  seeInThread(source: string): void {
    this.#ofThreads.add(source)
    this.see(source)
  }

  /** The service takes nothing from it on purpose, or does again. */
  rest(source: string, isResting: boolean): void {
    if (isResting && !this.#ofThreads.has(source)) this.#resting.add(source)
    else this.#resting.delete(source)
    if (!this.#onSource && this.#names.has(source)) this.#tellSources()
  }

  get names(): ReadonlySet<string> {
    return this.#names
  }

  /** Of these, those that are watched in worker threads. */
  get ofThreads(): ReadonlySet<string> {
    return this.#ofThreads
  }

  /** Why sizes of queues are not known, as long as none is: half a sentence. */
  queuesUnknown(why: string): void {
    if (this.#queues !== undefined) return
    this.#queues = why
    if (this.#names.size > 0) this.#tellSources()
  }

  /** The same recorder, of which every attempt says that there is a source. */
  noticing(recorder: ServiceRecorder): ServiceRecorder {
    return {
      ...recorder,
      attempt: (facts) => {
        if (this.#names.size === 0) this.see('attempts')
        recorder.attempt(facts)
      },
      batch: (facts, result) => {
        if (this.#names.size === 0) this.see('attempts')
        recorder.batch(facts, result)
      },
    }
  }

  stop(): void {
    this.#cancel()
  }

  #tellSources(): void {
    const sources = [...this.#names].filter((name) => !this.#resting.has(name)).length
    this.#tell(sources > 0 ? { sources } : { sources, why: 'every worker of this process is paused', isIdle: true })
  }

  #tell(seen: Parameters<ServiceRecorder['work']>[0]): void {
    this.#recorder.work({ ...seen, ...(this.#queues !== undefined && { queues: this.#queues }) })
  }
}
