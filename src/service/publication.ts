/** What of a judgement is told to whom: transitions and alerts to the exporter, the status where it changed, all of it as metrics. */
import type { Instant } from '../judge/alert.ts'
import { isOpen, isWorthSaving } from '../judge/alert.ts'
import type { Judgement } from '../judge/judge.ts'
import { alertKey } from '../judge/judge.ts'
import type { HealthMetrics } from '../record/health-metrics.ts'
import type { Interruptions } from '../record/interruptions.ts'
import type { WorkInHand } from '../record/work-in-hand.ts'
import type { Clock, HealthExporter, Phase, Profile, Snapshot, Status } from '../types.ts'
import type { CheckRunner } from '../checks/check-runner.ts'
import type { Changed, Evaluation } from './evaluation.ts'
import type { Evidence } from './evidence.ts'
import type { Guard } from './guard.ts'
import type { Neighbours } from './neighbours.ts'
import type { Phases } from './phase.ts'
import { snapshotOf } from './snapshot.ts'
import type { Standing } from './standing.ts'
import { changesWorthTelling, standingOf } from './standing.ts'
import type { Work } from './work.ts'

export interface PublicationOptions {
  readonly service: string
  readonly instance: string
  readonly profile: Profile
  readonly dependsOn: readonly string[]
  readonly clock: Clock
  readonly guard: Guard
  readonly phases: Phases
  readonly evaluation: Evaluation
  readonly checks: CheckRunner
  readonly neighbours: Neighbours
  readonly evidence: Evidence
  readonly exporter: HealthExporter
  readonly healthMetrics: HealthMetrics
  readonly work: Work
  readonly inHand: WorkInHand
  readonly interruptions: Pick<Interruptions, 'jobs'>
  /** What people may ask of this instance. */
  readonly allowed: readonly string[]
  readonly drainLimitSeconds: number
  /** Seconds. */
  readonly intervalSeconds: number
}

export class Publication {
  readonly #options: PublicationOptions
  readonly #startedAt: Instant
  #since: number
  #lastStatus: Status | undefined
  #lastPhase: Phase | undefined
  #lastShown = ''
  #isSupervised: () => boolean = () => false
  #isPausedInPart: () => boolean = () => false
  #onPhase: () => void = () => {}

  constructor(options: PublicationOptions) {
    this.#options = options
    this.#startedAt = { monotonicMs: options.clock.monotonicMs(), epochMs: options.clock.epochMs() }
    this.#since = this.#startedAt.epochMs
  }

  /** `isSo`: whether a supervisor starts this process again when it ends. */
  supervisedIf(isSo: () => boolean): void {
    this.#isSupervised = isSo
  }

  /** `isSo`: whether it works again after a pause, but for what it pauses itself. */
  pausedInPartIf(isSo: () => boolean): void {
    this.#isPausedInPart = isSo
  }

  /** What is done in the tick in which another phase is shown. It must not throw. */
  onPhase(action: () => void): void {
    this.#onPhase = action
  }

  publish(judgement: Judgement, changed?: Changed): void {
    const { guard, clock } = this.#options
    this.#tell(judgement, changed)
    // Redis sends out what a turn of its loop published at the end of that turn: an alert would wait for the status behind it.
    if (judgement.transitions.length > 0) clock.after(0, () => guard.safely(() => this.#tellStatus()))
    else this.#tellStatus()
  }

  /** What is over with the process, in the same tick; its last status says the rest. */
  publishEnd(): void {
    this.#tell(this.#options.evaluation.judgeEnd(), new Set())
  }

  #tell(judgement: Judgement, changed: Changed): void {
    const { exporter, evaluation, evidence, guard } = this.#options
    const before = evaluation.last.alerts
    for (const transition of judgement.transitions) exporter.transition(transition)
    const told = new Set(judgement.transitions.map(({ alert }) => alertKey(alert.rule, alert.labels)))
    for (const [key, alert] of judgement.alerts) {
      if (!told.has(key) && isWorthSaving(before.get(key), alert)) exporter.save(alert)
    }
    evidence.say(judgement, evaluation.now())
    evaluation.accept(judgement, changed)
    guard.count(judgement.errors.length)
  }

  /** A snapshot of now, of what was judged last. */
  snapshot(standing: Standing = this.standing(), samples = this.#options.evaluation.collect()): Snapshot {
    const { service, instance, profile, dependsOn, clock, evaluation, intervalSeconds, work, inHand, allowed } = this.#options
    return snapshotOf({
      service,
      instance,
      profile,
      dependsOn,
      standing,
      samples,
      readings: evaluation.readings(),
      counted: evaluation.counted(),
      now: clock.monotonicMs(),
      at: clock.epochMs(),
      since: this.#since,
      startedAt: this.#startedAt,
      tickSeconds: intervalSeconds,
      work,
      inHand,
      allowed,
      drainLimitSeconds: this.#options.drainLimitSeconds,
      isSupervised: this.#isSupervised(),
      isPausedInPart: this.#isPausedInPart(),
      interrupted: this.#options.interruptions.jobs,
    })
  }

  /** The last one: with the status as it was before the stop. */
  farewell(status: Status): Snapshot {
    this.#since = this.#options.clock.epochMs()
    return { ...this.snapshot(), status }
  }

  /** As metrics, which are exported: of alerts those of this instance, for every instance exports its own. */
  record(standing: Standing): void {
    const { healthMetrics, neighbours, clock, evaluation } = this.#options
    const alerts = [...evaluation.last.alerts.values()].filter((alert) => alert.state === 'pending' || isOpen(alert))
    healthMetrics.set({ ...standing, alerts }, neighbours, clock.epochMs())
  }

  standing({ verdicts, alerts }: Judgement = this.#options.evaluation.last): Standing {
    const { instance, phases, neighbours, checks, profile } = this.#options
    const { heldBecause } = phases
    const standing = standingOf({
      instance,
      phase: phases.shown,
      verdicts,
      alerts: [...alerts.values()].filter(({ id }) => !neighbours.isResolvedByHand(id)),
      withThoseOfOthers: (own) => neighbours.withThoseOfOthers(own),
      checks: checks.results(),
      failing: checks.failing(),
      required: profile.required,
      others: neighbours.others,
    })
    return heldBecause === undefined ? standing : { ...standing, reasons: [heldBecause, ...standing.reasons] }
  }

  /** Publishes the status if it says something else than the last one did. */
  #tellStatus(): void {
    const { exporter, clock } = this.#options
    const standing = this.standing()
    this.record(standing)
    const { work, phases } = this.#options
    const shown = `${changesWorthTelling(standing)} ${work.isWatched} ${phases.heldBecause} ${this.#isPausedInPart()}`
    if (shown === this.#lastShown) return
    this.#lastShown = shown
    if (standing.status !== this.#lastStatus || standing.phase !== this.#lastPhase) this.#since = clock.epochMs()
    const isNewPhase = standing.phase !== this.#lastPhase
    this.#lastStatus = standing.status
    this.#lastPhase = standing.phase
    exporter.status(this.snapshot(standing))
    if (isNewPhase) this.#onPhase()
  }
}
