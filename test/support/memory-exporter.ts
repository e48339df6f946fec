/** A HealthExporter that keeps what it is given, in order, with the time it came. */
import type { Alert, Clock, CountedBefore, HealthExporter, Presence, Snapshot, Transition } from '../../src/types.ts'

export interface Told {
  /** Seconds on the monotonic clock. */
  readonly at: number
  readonly rule: string
  readonly type: Transition['type']
  readonly severity: Transition['alert']['severity']
}

export class MemoryExporter implements HealthExporter {
  readonly statuses: Snapshot[] = []
  readonly metricsMessages: Snapshot[] = []
  readonly transitions: Transition[] = []
  readonly told: Told[] = []
  readonly saved = new Map<string, Alert>()
  stopped: Snapshot | undefined
  readonly #clock: Clock
  readonly #stored: readonly Alert[]

  constructor(clock: Clock, stored: readonly Alert[] = []) {
    this.#clock = clock
    this.#stored = stored
  }

  async load(): Promise<readonly Alert[]> {
    return this.#stored
  }

  /** What `recall` answers. */
  counted: readonly CountedBefore[] = []

  async recall(): Promise<readonly CountedBefore[]> {
    return this.counted
  }

  /** What `presence` answers. */
  present: Presence | undefined

  async presence(): Promise<Presence | undefined> {
    return this.present
  }

  status(snapshot: Snapshot): void {
    this.statuses.push(snapshot)
  }

  metrics(snapshot: Snapshot): void {
    this.metricsMessages.push(snapshot)
  }

  transition(transition: Transition): void {
    const { type, alert } = transition
    this.transitions.push(transition)
    this.told.push({ at: this.#clock.monotonicMs() / 1000, rule: alert.rule, type, severity: alert.severity })
    this.saved.set(alert.id, alert)
  }

  save(alert: Alert): void {
    this.saved.set(alert.id, alert)
  }

  async stop(last: Snapshot): Promise<void> {
    this.stopped = last
  }

  get last(): Snapshot {
    const last = this.statuses.at(-1)
    if (!last) throw new Error('No status has been published.')
    return last
  }
}
