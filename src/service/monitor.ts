/**
 * ServiceHealthMonitor: the pipeline of one service, put together. `#evaluate` is the whole product in one expression; what it is made of,
 * and when it runs, is in the files beside this one.
 */
import { EVERY_SERVICE, SERVICE_SILENT } from '../catalogue.ts'
import { CheckRunner } from '../checks/check-runner.ts'
import type { DependencyEvidence } from '../checks/dependency-evidence.ts'
import { limitsOf } from '../config/limits.ts'
import type { HealthOptions } from '../config/options.ts'
import { madeHealthReader } from '../export/health-reader.ts'
import { createMetricsExport, type MetricsExport } from '../export/metrics-export.ts'
import { createDrop, type Drop } from '../record/drop.ts'
import { HealthMetrics } from '../record/health-metrics.ts'
import type { EndedRequest, HttpRequests } from '../record/http-requests.ts'
import type { Recording } from '../record/recording.ts'
import { profileOf, type ServiceKind } from '../rules/service-kind.ts'
import { limitOf } from '../rules/unit.ts'
import type { Clock, Snapshot } from '../types.ts'
import { anyService } from './any-service.ts'
import { type Changed, Evaluation } from './evaluation.ts'
import { Guard } from './guard.ts'
import { createRedisExporter } from './health-redis.ts'
import { Lifecycle } from './lifecycle.ts'
import { checksOf, type ServiceHealthMonitorOptions } from './monitor-options.ts'
import { sourceOf } from './metric-source.ts'
import { Neighbours } from './neighbours.ts'
import { isServicePhase, Phases, type ServicePhase } from './phase.ts'
import { Publication } from './publication.ts'
import { setUp } from './set-up.ts'
import { Soon } from './soon.ts'
import { within } from './within.ts'

const STOP_TIMEOUT_MS = 2000

export class ServiceHealthMonitor {
  /** Identity of this process among the instances of its service. */
  readonly instance: string
  protected readonly options: HealthOptions
  protected readonly clock: Clock
  protected readonly recording: Recording
  readonly #http: HttpRequests
  readonly #drop: Drop
  readonly #checks: CheckRunner
  readonly #phases = new Phases()
  readonly #guard: Guard
  readonly #evaluation: Evaluation
  readonly #publication: Publication
  readonly #lifecycle: Lifecycle
  readonly #metricsExport: MetricsExport
  readonly #soon = new Soon((changed) => this.#evaluate(changed))
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  /** Throws one sentence if an option, a rule or an environment variable cannot be used. */
  constructor(options: ServiceHealthMonitorOptions = {}, kind: ServiceKind = anyService) {
    const { resolved, clock, instance, env, store, recording, http } = setUp(options)
    const { serviceName: service, settings } = resolved
    const intervalSeconds = settings.evaluationInterval
    this.options = resolved
    this.clock = clock
    this.instance = instance
    this.recording = recording
    this.#http = http
    const profile = profileOf(options.kind ?? kind, limitsOf(settings), resolved.rules, resolved.metrics)

    const guard = (this.#guard = new Guard(recording))
    const phases = this.#phases
    const reader = options.reader && { reader: options.reader }
    const exporting = { options: resolved, instance, clock, store, recording, env, exports: options.exportsMetrics ?? true }
    const metricsExport = (this.#metricsExport = createMetricsExport({ ...exporting, ...reader }))
    const own = new Set([...EVERY_SERVICE, ...kind.metrics].map((metric) => metric.name))
    const taken = options.takeApi?.({ decision: recording, metricsExport, clock, own, ...reader })
    const sources = [taken ?? sourceOf(() => options.reader ?? madeHealthReader())]
    this.#drop = createDrop(recording)
    const healthMetrics = new HealthMetrics(recording, [...profile.rules.map(({ name }) => name), SERVICE_SILENT])
    const evaluation = (this.#evaluation = new Evaluation({ profile, service, store, sources, clock, phases, intervalSeconds }))
    const checks = (this.#checks = new CheckRunner({ checks: checksOf(options), clock, onChange: () => this.evaluateSoon() }))
    const neighbours = new Neighbours(3000 * settings.publishingInterval)
    const alertIds = [...evaluation.alertIds.values()]
    const exporter = options.exporter ?? createRedisExporter({ options: resolved, instance, clock, recording, alertIds })
    const parts = { clock, guard, phases, evaluation, checks, neighbours, exporter, recording }
    const publication = new Publication({ ...parts, service, instance, profile, healthMetrics, intervalSeconds })
    const rounds = { evaluate: () => this.#evaluate(), evaluateSoon: () => this.evaluateSoon() }
    this.#publication = publication
    this.#lifecycle = new Lifecycle({ ...parts, ...rounds, settings, publication, metricsExport })
  }

  /** Resolves when every check has run once and the first status is published. Never rejects; a monitor that was stopped stays so. */
  start(): Promise<void> {
    this.#starting ??= this.#lifecycle.start()
    return this.#starting
  }

  /** Publishes `stopped` in the same tick, then flushes for at most `timeoutMs`. Never rejects; later calls wait for the first. */
  stop(timeoutMs: number = STOP_TIMEOUT_MS): Promise<void> {
    this.#stopping ??= this.#lifecycle.stop(timeoutMs, () => this.flush(timeoutMs))
    return this.#stopping
  }

  /** The whole product, once a tick; of state metrics that `changed`, at once and without what has nothing to do with them. */
  #evaluate(changed?: Changed): void {
    const [our, told] = [this.#evaluation, this.#publication]
    this.#guard.safely(() => told.publish(our.judge(our.compute(our.collect(changed), changed), changed), changed))
  }

  /**
   * What the service says of itself: `starting` before it begins its work, `paused` while it does none on purpose,
   * `draining` while it ends. In these no alert fires or resolves, and their time does not count as watched. What is said
   * before `start` has resolved holds from then on; after `stop` nothing does. What is no phase is dropped.
   */
  setPhase(phase: ServicePhase): void {
    if (!isServicePhase(phase)) return this.recordDropped('a phase that is none')
    if (this.#phases.say(phase)) this.evaluateSoon()
  }

  /** One outgoing HTTP request that has ended, whatever it was for. Bad values are dropped and counted. */
  recordHttpRequest(request: EndedRequest): void {
    this.#http.record(request)
  }

  /** What the service's own traffic shows of a server it uses; such a server is checked from then on. */
  observeDependency(evidence: DependencyEvidence): void {
    this.#checks.observe(evidence)
  }

  /** Something that could not be recorded is counted, and said the first time; `what` begins a sentence. */
  recordDropped(what: string): void {
    this.#drop(what)
  }

  /** Exports over OTLP what was recorded until now. Never rejects. */
  async flush(timeoutMs: number = STOP_TIMEOUT_MS): Promise<void> {
    await within(timeoutMs, this.clock, this.#metricsExport.flush(timeoutMs))
  }

  /** Runs the checks and judges what is known by now; publishes nothing and moves no alert. Never rejects. */
  async collectHealthData(): Promise<Snapshot> {
    await this.#checks.runAll()
    const samples = this.#evaluation.collect()
    const judgement = this.#evaluation.judge(this.#evaluation.compute(samples))
    return this.#publication.snapshot(this.#publication.standing(judgement), samples)
  }

  protected get stopped(): boolean {
    return this.#phases.stopped
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
    if (this.#guard.isOpen) this.#soon.ask(metric)
  }
}
