/** When things happen: what a monitor does from its start to its stop. */
import type { CheckRunner } from '../checks/check-runner.ts'
import type { Settings } from '../config/settings.ts'
import { diag } from '../diag.ts'
import type { MetricsExport } from '../export/metrics-export.ts'
import { recordProcess } from '../record/process-metrics.ts'
import type { Recording } from '../record/recording.ts'
import type { Cancel, Clock, HealthExporter } from '../types.ts'
import type { Evaluation } from './evaluation.ts'
import type { Evidence } from './evidence.ts'
import type { Guard } from './guard.ts'
import type { MetricSource } from './metric-source.ts'
import type { Neighbours } from './neighbours.ts'
import type { Phases } from './phase.ts'
import type { Publication } from './publication.ts'

/** Milliseconds to wait for the alerts that an earlier process of this service left in Redis. */
const LOAD_TIMEOUT_MS = 1000

export interface Rounds {
  /** One round of the pipeline. */
  readonly evaluate: () => void
  /** The same before the event loop goes on. */
  readonly evaluateSoon: () => void
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
  readonly source: MetricSource
}

export class Lifecycle {
  readonly #options: LifecycleOptions
  /** Whether Redis has told of the alerts of earlier processes. */
  #loaded = false
  #cancels: Cancel[] = []

  constructor(options: LifecycleOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { settings, clock, guard, phases, checks, recording, exporter, metricsExport, publication, evaluate } = this.#options
    if (phases.stopped) return diag.warn('otel-health: a monitor that was stopped does not start again: make a new one')
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
    // Without the alerts of the process before this one, the first evaluation could fire one of them a second time.
    await this.#loadAlerts()
    if (phases.stopped) return
    guard.isOpen = true
    evaluate()
    await checked
    if (phases.stopped) return
    phases.start()
    evaluate()
    tellMetrics()
  }

  async stop(timeoutMs: number, flush: () => Promise<void>): Promise<void> {
    const { guard, phases, publication, exporter, source } = this.#options
    const { status } = publication.standing()
    const wasJudged = guard.isOpen
    guard.isOpen = false
    phases.shown = 'stopped'
    for (const cancel of this.#cancels) cancel()
    const last = publication.farewell(status)
    if (wasJudged) publication.record(last)
    source.stop?.()
    await Promise.all([guard.answer(() => exporter.stop(last, timeoutMs)), flush()])
  }

  async #loadAlerts(): Promise<void> {
    const { guard, exporter, evaluation } = this.#options
    const stored = await guard.answer(() => exporter.load(LOAD_TIMEOUT_MS))
    if (!stored) return
    this.#loaded = true
    evaluation.restore(stored)
  }

  /** The other instances of this service, and what they have found. */
  async #watchOthers(): Promise<void> {
    const { guard, exporter, neighbours, evidence, evaluateSoon } = this.#options
    if (!this.#loaded) await this.#loadAlerts()
    const presence = await guard.answer(() => exporter.presence())
    guard.safely(() => {
      neighbours.observe(presence)
      evidence.observe(neighbours.open)
      evaluateSoon()
    })
  }
}
