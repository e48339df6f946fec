/**
 * ServiceHealthMonitor: the pipeline of one service. `#evaluate` is the whole product in one expression; the rest is in the files beside it.
 */
import type { DependencyEvidence } from '../checks/dependency-evidence.ts'
import type { HealthOptions } from '../config/options.ts'
import type { EndedRequest } from '../record/http-requests.ts'
import type { Recording } from '../record/recording.ts'
import type { Fields } from '../record/tallies.ts'
import type { ServiceKind } from '../rules/service-kind.ts'
import { limitOf } from '../rules/unit.ts'
import type { AttemptOf, Clock, Snapshot } from '../types.ts'
import { anyService } from './any-service.ts'
import { assemble, type Assembly } from './assembly.ts'
import type { Controlled } from './controlled.ts'
import type { Changed } from './evaluation.ts'
import type { ServiceHealthMonitorOptions } from './monitor-options.ts'
import { isServicePhase, type ServicePhase } from './phase.ts'
import { Soon } from './soon.ts'
import { within } from './within.ts'
import type { Work } from './work.ts'

const STOP_TIMEOUT_MS = 2000

export class ServiceHealthMonitor {
  /** Identity of this process among the instances of its service. */
  readonly instance: string
  /** Told what is seen of the service's work by whoever watches it from outside; a service that records its work itself says nothing. */
  readonly work: Work
  /** For who obeys people, or a supervisor. */
  readonly controlled: Controlled
  protected readonly options: HealthOptions
  protected readonly clock: Clock
  protected readonly recording: Recording
  readonly #parts: Assembly
  readonly #soon = new Soon((changed) => this.#evaluate(changed))
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  /** Throws one sentence if an option, a rule or an environment variable cannot be used. */
  constructor(options: ServiceHealthMonitorOptions = {}, kind: ServiceKind = anyService) {
    const rounds = { evaluate: () => this.#evaluate(), evaluateSoon: (metric?: string) => this.evaluateSoon(metric) }
    const parts = (this.#parts = assemble(options, kind, rounds))
    this.options = parts.resolved
    ;({ clock: this.clock, instance: this.instance, work: this.work, controlled: this.controlled, recording: this.recording } = parts)
  }

  /** Resolves when every check has run once and the first status is published. Never rejects; a monitor that was stopped stays so. */
  start(): Promise<void> {
    this.#starting ??= this.#parts.lifecycle.start()
    return this.#starting
  }

  /** Publishes `stopped` in the same tick, then flushes for at most `timeoutMs`. Never rejects; later calls wait for the first. */
  stop(timeoutMs: number = STOP_TIMEOUT_MS): Promise<void> {
    this.#stopping ??= this.#parts.lifecycle.stop(timeoutMs, () => this.flush(timeoutMs))
    return this.#stopping
  }

  /** The whole product, once a tick; of state metrics that `changed`, at once and without what has nothing to do with them. */
  #evaluate(changed?: Changed): void {
    const [our, told] = [this.#parts.evaluation, this.#parts.publication]
    this.#parts.guard.safely(() => told.publish(our.judge(our.compute(our.collect(changed), changed), changed), changed))
  }

  /**
   * What the service says of itself: `starting` before it begins its work, `paused` while it does none on purpose. In these no alert fires or
   * resolves, and their time does not count as watched. `draining` while it ends: no new work is owed, what it still does is judged, and
   * `drain_stuck` warns if that takes too long. What is said before `start` has resolved holds from then on; after `stop` nothing does. What is
   * no phase is dropped. `begunAgoMs`: that long ago began what is over now, such as a start that is no answer to a stop that came later.
   */
  setPhase(phase: ServicePhase, begunAgoMs: number = 0): void {
    if (!isServicePhase(phase)) return this.recordDropped('a phase that is none')
    if (this.#parts.phases.say(phase, begunAgoMs)) this.evaluateSoon()
  }

  /** Whether it was asked to end, no longer ago than `drainLimit`: an end is what was asked for then, whatever its exit code. */
  get isEnding(): boolean {
    return this.#parts.phases.drainsWithin(this.options.settings.drainLimit)
  }

  /**
   * What the kind of service, or `records` of health.config, calls a record: by its name, with the fields that it has. Never throws: what is
   * not known or cannot be read is dropped and counted.
   */
  record(name: string, fields: object): void {
    try {
      const isRecord = typeof fields === 'object' && fields !== null
      const whole = isRecord ? this.completed(name, fields as Fields) : fields
      const is = this.#parts.records.add(name, whole)
      if (is !== undefined) this.attempted(is, whole)
    } catch {
      this.recordDropped('a record that cannot be read')
    }
  }

  /** What a kind of service knows to say of a record besides what it was given. */
  protected completed(_name: string, fields: Fields): Fields {
    return fields
  }

  /** A record that is work as well; a kind that knows of work counts it. */
  protected attempted(_is: AttemptOf, _fields: Fields): void {}

  /** One outgoing HTTP request that has ended, whatever it was for. Bad values are dropped and counted. */
  recordHttpRequest(request: EndedRequest): void {
    this.#parts.http.record(request)
  }

  /** What the service's own traffic shows of a server it uses; such a server is checked from then on. */
  observeDependency(evidence: DependencyEvidence): void {
    this.#parts.checks.observe(evidence)
  }

  /** Something that could not be recorded is counted, and said the first time; `what` begins a sentence. */
  recordDropped(what: string): void {
    this.#parts.drop(what)
  }

  /** Exports over OTLP what was recorded until now. Never rejects. */
  async flush(timeoutMs: number = STOP_TIMEOUT_MS): Promise<void> {
    await within(timeoutMs, this.clock, this.#parts.metricsExport.flush(timeoutMs))
  }

  /** Runs the checks and judges what is known by now; publishes nothing and moves no alert. Never rejects. */
  async collectHealthData(): Promise<Snapshot> {
    const { checks, evaluation, publication } = this.#parts
    await checks.runAll()
    const samples = evaluation.collect()
    const judgement = evaluation.judge(evaluation.compute(samples))
    return publication.snapshot(publication.standing(judgement), samples)
  }

  protected get stopped(): boolean {
    return this.#parts.phases.stopped
  }

  /** The limit that a user gave to a rule of this kind, in `unit`. */
  protected limitOf(rule: string, unit: string): number | undefined {
    const override = this.options.rules.overrides[rule]
    return override && override.limit !== undefined ? limitOf(override.limit, unit, `limit of the rule ${rule}`).value : undefined
  }

  /**
   * Evaluates what depends on `metric`, or without one only the status, before the event loop goes on, once for all
   * changes until then.
   */
  protected evaluateSoon(metric?: string): void {
    if (this.#parts.guard.isOpen) this.#soon.ask(metric)
  }
}
