/**
 * ServiceHealthMonitor: the pipeline of one service, put together. `#evaluate` is the whole product in one expression;
 * everything else here starts, stops and paces it.
 */
import { randomUUID } from 'node:crypto'

import { diag } from '../diag.ts'
import { alertId } from '../wire/alert-id.ts'
import { EVALUATION_ERRORS, SCOPE, SERVICE_SILENT } from '../catalogue.ts'
import type { Check } from '../checks/check.ts'
import { CheckRunner } from '../checks/check-runner.ts'
import type { DependencyEvidence } from '../checks/dependency-evidence.ts'
import { redisCheck } from '../checks/redis-check.ts'
import { sqlCheck } from '../checks/sql-check.ts'
import { systemClock } from '../clock.ts'
import { Windows } from '../compute/windows.ts'
import type { Environment, HealthOptions } from '../config/options.ts'
import { resolveOptions } from '../config/options.ts'
import type { Settings } from '../config/settings.ts'
import type { Instant } from '../judge/alert.ts'
import { isWorthSaving } from '../judge/alert.ts'
import { rulesByMetric, rulesOn, withNewer } from '../judge/judge-changed.ts'
import type { Judgement } from '../judge/judge.ts'
import { judge } from '../judge/judge.ts'
import { rulesIn } from '../judge/phase-rules.ts'
import type { ServiceHealthMonitorOptions } from './monitor-options.ts'
import { globalMeterProvider } from '../export/global-provider.ts'
import { Neighbours } from './neighbours.ts'
import type { MetricsExport } from '../export/metrics-export.ts'
import { createMetricsExport, createRedisExporter } from '../export/metrics-export.ts'
import { CellStore } from '../record/cells.ts'
import type { Drop } from '../record/drop.ts'
import { createDrop } from '../record/drop.ts'
import { HealthMetrics } from '../record/health-metrics.ts'
import type { EndedRequest } from '../record/http-requests.ts'
import { HttpRequests } from '../record/http-requests.ts'
import { recordProcess } from '../record/process-metrics.ts'
import type { Recording } from '../record/recording.ts'
import { TeeRecording } from '../record/tee-recording.ts'
import type { Limits } from '../kinds/limits.ts'
import type { ServiceKind } from '../kinds/kind.ts'
import { anyService } from './any-service.ts'
import type { Standing } from './standing.ts'
import { changesWorthTelling, standingOf } from './standing.ts'
import type { Alert, Cancel, Clock, HealthExporter, Phase, Profile, Rule, Sample, Snapshot, Status } from '../types.ts'
import { VERSION } from '../version.ts'

/** What `collectHealthData` gives: a snapshot nobody was told of. */
export type HealthData = Snapshot

/** Milliseconds to wait for the alerts that an earlier process of this service left in Redis. */
const LOAD_TIMEOUT_MS = 1000
const STOP_TIMEOUT_MS = 2000

/** What a service may say of itself; `stopped` is what `stop` makes of it. */
export type ServicePhase = Exclude<Phase, 'stopped'>
const PHASES: readonly Phase[] = ['starting', 'running', 'paused', 'draining']

export class ServiceHealthMonitor {
  /** Identity of this process among the instances of its service. */
  readonly instance: string
  protected readonly options: HealthOptions
  protected readonly clock: Clock
  protected readonly recording: Recording

  readonly #kind: ServiceKind
  readonly #profile: Profile
  /** By rule. */
  readonly #alertIds: ReadonlyMap<string, string>
  readonly #exporter: HealthExporter
  readonly #rulesByMetric: ReadonlyMap<string, readonly Rule[]>
  readonly #checks: CheckRunner
  readonly #windows: Windows
  readonly #neighbours: Neighbours
  /** What is judged, whichever way it leaves. */
  readonly #store: CellStore
  readonly #metricsExport: MetricsExport
  readonly #healthMetrics: HealthMetrics
  readonly #http: HttpRequests
  readonly #drop: Drop
  readonly #startedAt: number
  readonly #startedAtEpoch: number
  #judgement: Judgement = { verdicts: [], alerts: new Map(), transitions: [], errors: [] }
  #phase: Phase = 'starting'
  /** What the service says of itself; shown once the start is over. */
  #said: ServicePhase = 'running'
  #since: number
  #lastStatus: Status | undefined
  #lastPhase: Phase | undefined
  #lastShown = ''
  #evaluates = false
  /** The first checks have run. */
  #started = false
  /** Metrics that changed since an evaluation was asked for. */
  #changed: Set<string> | undefined
  /** Whether Redis has told of the alerts of earlier processes. */
  #loaded = false
  #saidError = false
  #cancels: Cancel[] = []
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  /** Throws one sentence if an option or an environment variable cannot be used. */
  constructor(options: ServiceHealthMonitorOptions = {}, kind: ServiceKind = anyService) {
    const { env = process.env, clock = systemClock, config, packageName } = options
    this.options = resolveOptions({ env, code: options, ...(config && { config }), ...(packageName !== undefined && { packageName }) })
    this.instance = this.options.instance ?? randomUUID()
    this.clock = clock
    this.#startedAt = clock.monotonicMs()
    this.#startedAtEpoch = clock.epochMs()
    this.#since = this.#startedAtEpoch

    this.#store = new CellStore(clock)
    const recording = new TeeRecording(this.#store, () => globalMeterProvider()?.getMeter(SCOPE, VERSION))
    this.recording = recording
    const exporting = { options: this.options, instance: this.instance, clock, store: this.#store, recording, env }
    this.#metricsExport = createMetricsExport({ ...exporting, ...(options.reader && { reader: options.reader }) })
    this.#http = new HttpRequests(recording, knownMethods(env))
    this.#drop = createDrop(recording)
    this.#kind = kind
    this.#profile = kind.profile(limitsOf(this.options.settings), this.options.rules)
    this.#rulesByMetric = rulesByMetric(this.#profile)
    this.#alertIds = new Map(this.#profile.rules.map(({ name }) => [name, alertId(name, this.options.serviceName)]))
    this.#healthMetrics = new HealthMetrics(recording, [...this.#profile.rules.map(({ name }) => name), SERVICE_SILENT])
    this.#windows = new Windows(this.#profile.selectors, this.#startedAt, this.options.settings.evaluationInterval)
    this.#checks = new CheckRunner({ checks: checksOf(options), clock, onChange: () => this.evaluateSoon() })
    this.#neighbours = new Neighbours(3000 * this.options.settings.publishingInterval)
    this.#exporter =
      options.exporter ??
      createRedisExporter({
        options: this.options,
        instance: this.instance,
        clock,
        recording: this.recording,
        alertIds: [...this.#alertIds.values()],
      })

    const { originalServiceName, serviceName } = this.options
    if (originalServiceName !== undefined) {
      diag.warn(`otel-health: the service is called "${serviceName}" in Redis, where names are made of a-z, 0-9, ".", "_" and "-"`)
    }
  }

  /** Resolves when every check has run once and the first status that says so is published. Never rejects; later calls wait for the first, and a monitor that was stopped stays so. */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  /** Publishes `stopped` in the same tick, then flushes for at most `timeoutMs`. Never rejects; later calls wait for the first. */
  stop(timeoutMs: number = STOP_TIMEOUT_MS): Promise<void> {
    this.#stopping ??= this.#stop(timeoutMs)
    return this.#stopping
  }

  /**
   * What the service says of itself: `starting` before it begins its work, `paused` while it does none on purpose,
   * `draining` while it ends. In these no alert fires or resolves, and their time does not count as watched. What is said
   * before `start` has resolved holds from then on; after `stop` nothing does. What is no phase is dropped.
   */
  setPhase(phase: ServicePhase): void {
    if (!PHASES.includes(phase)) return this.recordDropped('a phase that is none')
    this.#said = phase
    if (!this.#started || this.stopped) return
    this.#phase = phase
    this.evaluateSoon()
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

  protected get stopped(): boolean {
    return this.#phase === 'stopped'
  }

  /** Exports over OTLP what was recorded until now. Never rejects. */
  async flush(timeoutMs: number = STOP_TIMEOUT_MS): Promise<void> {
    await within(timeoutMs, this.clock, this.#metricsExport.flush(timeoutMs))
  }

  /** Runs the checks and judges what is known by now; publishes nothing and moves no alert. Never rejects. */
  async collectHealthData(): Promise<HealthData> {
    await this.#checks.runAll()
    const samples = this.#collect()
    this.#compute(samples)
    const judgement = this.#judge()
    return this.#snapshot(this.#standing(judgement), samples)
  }

  /** The whole product, once a tick; of state metrics that `changed`, at once and without what has nothing to do with them. */
  #evaluate(changed?: ReadonlySet<string>): void {
    this.#safely(() => {
      const samples = this.#collect(changed)
      this.#compute(samples, changed)
      const judgement = this.#judge(changed)
      this.#publish(judgement, changed)
    })
  }

  #collect(changed?: ReadonlySet<string>): readonly Sample[] {
    if (!changed) this.#store.refresh()
    return this.#store.samples(changed)
  }

  #compute(samples: readonly Sample[], changed?: ReadonlySet<string>): void {
    if (changed) this.#windows.observeStates(samples)
    else this.#windows.ingest(samples, this.clock.monotonicMs(), this.#said === 'running')
  }

  /** Of the rules that read what `changed`, or of all. */
  #judge(changed?: ReadonlySet<string>): Judgement {
    const { serviceName: service } = this.options
    const now = this.#now()
    return judge({
      rules: rulesIn(this.#said, changed ? rulesOn(changed, this.#rulesByMetric, this.#profile) : this.#profile.rules),
      alerts: this.#judgement.alerts,
      partly: changed !== undefined,
      readings: this.#windows.readings(now.monotonicMs),
      service,
      alertId: (rule: string) => this.#alertIds.get(rule) ?? alertId(rule, service),
      now,
    })
  }

  #publish(judgement: Judgement, changed?: ReadonlySet<string>): void {
    for (const transition of judgement.transitions) this.#exporter.transition(transition)
    const told = new Set(judgement.transitions.map(({ alert }) => alert.rule))
    for (const [rule, alert] of judgement.alerts) {
      if (!told.has(rule) && isWorthSaving(this.#judgement.alerts.get(rule), alert)) this.#exporter.save(alert)
    }
    this.#judgement = changed ? withNewer(this.#judgement, judgement) : judgement
    if (judgement.errors.length > 0) this.recording.counter(EVALUATION_ERRORS, {}).add(judgement.errors.length)
    // Redis sends out what a turn of its loop published at the end of that turn: an alert would wait for the status behind it.
    if (judgement.transitions.length > 0) this.clock.after(0, () => this.#safely(() => this.#tellStatus()))
    else this.#tellStatus()
  }

  /** Publishes the status if it says something else than the last one did. */
  #tellStatus(): void {
    const standing = this.#standing(this.#judgement)
    this.#healthMetrics.set(standing, this.#neighbours.silent, this.clock.epochMs())
    const shown = changesWorthTelling(standing)
    if (shown === this.#lastShown) return
    this.#lastShown = shown
    if (standing.status !== this.#lastStatus || standing.phase !== this.#lastPhase) this.#since = this.clock.epochMs()
    this.#lastStatus = standing.status
    this.#lastPhase = standing.phase
    this.#exporter.status(this.#snapshot(standing, this.#collect()))
  }

  /**
   * Evaluates what depends on `metric`, or without one only the status, before the event loop goes on, once for all
   * changes until then.
   */
  protected evaluateSoon(metric?: string): void {
    if (!this.#evaluates) return
    const asked = this.#changed !== undefined
    this.#changed ??= new Set()
    if (metric !== undefined) this.#changed.add(metric)
    if (asked) return
    queueMicrotask(() => {
      const changed = this.#changed ?? new Set()
      this.#changed = undefined
      this.#evaluate(changed)
    })
  }

  async #start(): Promise<void> {
    if (this.stopped) return diag.warn('otel-health: a monitor that was stopped does not start again: make a new one')
    const { options, clock } = this
    const { evaluationInterval, publishingInterval, metricsInterval } = options.settings
    this.#cancels = [
      recordProcess(this.recording, clock),
      this.#metricsExport.start(),
      clock.every(evaluationInterval * 1000, () => this.#evaluate()),
      clock.every(publishingInterval * 1000, () => this.#publishAgain((snapshot) => this.#exporter.status(snapshot))),
      clock.every(metricsInterval * 1000, () => this.#publishAgain((snapshot) => this.#exporter.metrics(snapshot))),
      clock.every((publishingInterval * 1000) / 3, () => void this.#watchOthers()),
      () => this.#checks.stop(),
    ]

    const checked = this.#checks.start()
    // Without the alerts of the process before this one, the first evaluation could fire one of them a second time.
    await this.#loadAlerts()
    if (this.stopped) return
    this.#evaluates = true
    this.#evaluate()
    await checked
    if (this.stopped) return
    this.#started = true
    this.#phase = this.#said
    this.#evaluate()
    this.#publishAgain((snapshot) => this.#exporter.metrics(snapshot))
  }

  /** Alerts that were raised here meanwhile know better than those that Redis held. */
  async #loadAlerts(): Promise<void> {
    const stored = await this.#answer(() => this.#exporter.load(LOAD_TIMEOUT_MS))
    if (!stored) return
    this.#loaded = true
    const [silences, own] = [[] as Alert[], new Map<string, Alert>()]
    for (const { alert } of stored) {
      if (alert.rule === SERVICE_SILENT) silences.push(alert)
      else own.set(alert.rule, alert)
    }
    this.#neighbours.restore(silences)
    this.#judgement = { ...this.#judgement, alerts: new Map([...own, ...this.#judgement.alerts]) }
  }

  /** The other instances of this service, and every service's silence. */
  async #watchOthers(): Promise<void> {
    if (!this.#loaded) await this.#loadAlerts()
    const presence = await this.#answer(() => this.#exporter.presence())
    this.#safely(() => {
      this.#neighbours.observe(presence, this.#now(), (transition) => this.#exporter.transition(transition))
      this.evaluateSoon()
    })
  }

  async #stop(timeoutMs: number): Promise<void> {
    const { status } = this.#standing(this.#judgement)
    const wasJudged = this.#evaluates
    this.#evaluates = false
    this.#phase = 'stopped'
    for (const cancel of this.#cancels) cancel()
    this.#since = this.clock.epochMs()
    const last = { ...this.#snapshot(this.#standing(this.#judgement), this.#collect()), status }
    if (wasJudged) this.#healthMetrics.set(last, this.#neighbours.silent, this.clock.epochMs())
    await Promise.all([this.#answer(() => this.#exporter.stop(last, timeoutMs)), this.flush(timeoutMs)])
  }

  /** Whatever happens in here, the service does not notice. Does nothing before the start and after the stop. */
  #safely(action: () => void): void {
    if (!this.#evaluates) return
    try {
      action()
    } catch (error) {
      this.#failed(error)
    }
  }

  /** An exporter may be anybody's: where it fails, there was no answer. */
  async #answer<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask()
    } catch (error) {
      this.#failed(error)
      return undefined
    }
  }

  #failed(error: unknown): void {
    this.recording.counter(EVALUATION_ERRORS, {}).add(1)
    if (!this.#saidError) diag.error('otel-health: an evaluation failed; the next one is tried all the same:', error)
    this.#saidError = true
  }

  #publishAgain(publish: (snapshot: Snapshot) => void): void {
    this.#safely(() => publish(this.#snapshot(this.#standing(this.#judgement), this.#collect())))
  }

  #standing({ verdicts, alerts }: Judgement): Standing {
    const silence = this.#neighbours.silenceOf(this.options.serviceName)
    return standingOf({
      instance: this.instance,
      phase: this.#phase,
      verdicts,
      alerts: [...alerts.values(), ...(silence ? [silence] : [])],
      checks: this.#checks.results(),
      failing: this.#checks.failing(),
      required: this.#profile.required,
      others: this.#neighbours.others,
    })
  }

  #snapshot(standing: Standing, samples: readonly Sample[]): Snapshot {
    const now = this.clock.monotonicMs()
    const { evaluationInterval } = this.options.settings
    return {
      service: this.options.serviceName,
      instance: this.instance,
      at: this.clock.epochMs(),
      since: this.#since,
      uptimeSeconds: (now - this.#startedAt) / 1000,
      ...standing,
      ...this.#kind.figures({ readings: this.#windows.readings(now), samples, now, tickSeconds: evaluationInterval }),
      totals: this.#kind.totals(samples, new Date(this.#startedAtEpoch).toISOString()),
    }
  }

  #now(): Instant {
    return { monotonicMs: this.clock.monotonicMs(), epochMs: this.clock.epochMs() }
  }
}

function checksOf({ redis, database, checks = [] }: ServiceHealthMonitorOptions): readonly Check[] {
  return [...(redis ? [redisCheck(redis)] : []), ...(database ? [sqlCheck(database)] : []), ...checks]
}

/** The conventions demand that the methods told apart can be named. */
function knownMethods(env: Environment): readonly string[] | undefined {
  const names = env['OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS']?.split(',').map((name) => name.trim())
  return names?.some(Boolean) ? names : undefined
}

function limitsOf(settings: Settings): Limits {
  return { ...settings, maxApiResponseTimeMs: settings.maxApiResponseTime, tickSeconds: settings.evaluationInterval }
}

/** Never rejects, and never waits longer than `ms`. */
async function within(ms: number, clock: Clock, work: Promise<unknown> | undefined): Promise<void> {
  if (!work) return
  let cancel: Cancel = () => {}
  const late = new Promise<void>((resolve) => (cancel = clock.after(ms, resolve)))
  await Promise.race([work.catch(() => {}), late])
  cancel()
}
