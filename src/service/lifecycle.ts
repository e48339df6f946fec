/** When things happen: what a monitor does from its start to its stop. */
import { HEALTH_DRAINING_TIME, HEALTH_RESTARTS } from '../catalogue.ts'
import type { CheckRunner } from '../checks/check-runner.ts'
import type { Settings } from '../config/settings.ts'
import { diag } from '../diag.ts'
import type { MetricsExport } from '../export/metrics-export.ts'
import { recordProcess } from '../record/process-metrics.ts'
import type { Recording } from '../record/recording.ts'
import type { Alert, Cancel, Clock, CountedBefore, HealthExporter } from '../types.ts'
import type { Evaluation } from './evaluation.ts'
import type { Evidence } from './evidence.ts'
import type { Guard } from './guard.ts'
import type { MetricSource } from './metric-source.ts'
import type { Neighbours } from './neighbours.ts'
import type { Phases } from './phase.ts'
import type { Probing } from './probing.ts'
import type { Publication } from './publication.ts'

/** Milliseconds to wait for the alerts that an earlier process of this service left in Redis. */
const LOAD_TIMEOUT_MS = 1000

export interface Rounds {
  /** One round of the pipeline. */
  readonly evaluate: () => void
  /** The same before the event loop goes on; of the rules that read `metric`, or without one only the status. */
  readonly evaluateSoon: (metric?: string) => void
}

export interface LifecycleOptions extends Rounds {
  readonly settings: Settings
  readonly clock: Clock
  readonly guard: Guard
  readonly phases: Phases
  readonly checks: CheckRunner
  readonly neighbours: Neighbours
  readonly evidence: Evidence
  readonly recording: Recording
  readonly evaluation: Evaluation
  readonly publication: Publication
  readonly exporter: HealthExporter
  readonly metricsExport: MetricsExport
  readonly probing: Probing
  readonly source: MetricSource
}

export class Lifecycle {
  readonly #options: LifecycleOptions
  /** Whether Redis has told of the alerts of earlier processes. */
  #loaded = false
  /** Whether it has told of what earlier processes counted. */
  #recalled = false
  #cancels: Cancel[] = []
  readonly #farewells: (() => void)[] = []

  constructor(options: LifecycleOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { settings, clock, guard, phases, checks, recording, exporter, metricsExport, publication, evaluate } = this.#options
    if (phases.stopped) return diag.warn('otel-health: a monitor that was stopped does not start again: make a new one')
    this.#options.probing.start()
    const draining = recording.level(HEALTH_DRAINING_TIME, {})
    recording.onCollect(() => draining.set(Math.floor(phases.drainingSeconds)))
    const publishAgain = (publish: () => void) => () => guard.safely(publish)
    const tellMetrics = publishAgain(() => exporter.metrics(publication.snapshot()))
    this.#cancels = [
      recordProcess(recording, clock),
      metricsExport.start(),
      clock.every(settings.evaluationInterval * 1000, evaluate),
      clock.every(
        settings.publishingInterval * 1000,
        publishAgain(() => exporter.status(publication.snapshot())),
      ),
      clock.every(settings.metricsInterval * 1000, tellMetrics),
      clock.every((settings.publishingInterval * 1000) / 3, () => void this.#watchOthers()),
      () => checks.stop(),
    ]
    const checked = checks.start()
    // The first evaluation goes on from what the process before this one said. Without it nothing is said of alerts until it is known.
    await this.#lookBack()
    if (phases.stopped) return
    guard.isOpen = true
    evaluate()
    // At once: a process of a service that crashes again and again may not live until others are looked for in their turn.
    void this.#watchOthers(evaluate)
    await checked
    if (phases.stopped) return
    phases.start()
    evaluate()
    tellMetrics()
  }

  /** What is done when it stops, before its last status is said. It must not throw. */
  onStop(action: () => void): void {
    this.#farewells.push(action)
  }

  async stop(timeoutMs: number, flush: () => Promise<void>): Promise<void> {
    const { guard, phases, publication, exporter, source } = this.#options
    guard.safely(() => publication.publishEnd())
    const { status } = publication.standing()
    const wasJudged = guard.isOpen
    guard.isOpen = false
    phases.shown = 'stopped'
    for (const cancel of this.#cancels) cancel()
    this.#options.probing.stop()
    const last = publication.farewell(status)
    if (wasJudged) publication.record(last)
    source.stop?.()
    for (const action of this.#farewells) action()
    await Promise.all([guard.answer(() => exporter.stop(last, timeoutMs)), flush()])
  }

  /** What earlier processes left, as far as it is not known; an answer that comes later counts as well. */
  async #lookBack(): Promise<void> {
    const { guard, exporter } = this.#options
    const again = (heard: boolean) => heard && this.#options.evaluate()
    const [stored, counted] = await Promise.all([
      this.#loaded ? undefined : guard.answer(() => exporter.load(LOAD_TIMEOUT_MS, (late) => again(this.#restore(late)))),
      this.#recalled ? undefined : guard.answer(() => exporter.recall(LOAD_TIMEOUT_MS, (late) => again(this.#recall(late)))),
    ])
    if (stored) this.#restore(stored)
    if (counted) this.#recall(counted)
  }

  /** The other instances of this service, what they have found, and how often one was started again. */
  async #watchOthers(judge: () => void = this.#options.evaluateSoon): Promise<void> {
    const { guard, exporter, neighbours, evidence, recording } = this.#options
    if (!this.#loaded || !this.#recalled) await this.#lookBack()
    const presence = await guard.answer(() => exporter.presence())
    guard.safely(() => {
      neighbours.observe(presence)
      evidence.observe(neighbours.open)
      if (presence?.restarts !== undefined) recording.level(HEALTH_RESTARTS, {}).set(presence.restarts)
      judge()
    })
  }

  /** Returns whether it was not known before. */
  #restore(stored: readonly Alert[]): boolean {
    if (this.#loaded) return false
    this.#loaded = true
    this.#options.evaluation.restore(stored)
    return true
  }

  /** Returns whether it was not known before. */
  #recall(counted: readonly CountedBefore[]): boolean {
    if (this.#recalled) return false
    this.#recalled = true
    this.#options.evaluation.recall(counted)
    return true
  }
}
