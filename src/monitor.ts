/**
 * ServiceHealthMonitor: the pipeline of one service, put together. `#evaluate` is the whole product in one expression;
 * everything else here starts, stops and paces it.
 */
import { randomUUID } from 'node:crypto'

import { diag, metrics } from '@opentelemetry/api'
import { alertId } from './alert-id.ts'
import { EVALUATION_ERRORS, EXPORT_FAILURES, PUBLISH_MESSAGES, PUBLISH_OUTCOME, SCOPE, SERVICE_SILENT } from './catalogue.ts'
import type { Check } from './checks/check.ts'
import { CheckRunner } from './checks/check-runner.ts'
import type { Pingable } from './checks/redis-check.ts'
import { redisCheck } from './checks/redis-check.ts'
import type { Queryable } from './checks/sql-check.ts'
import { sqlCheck } from './checks/sql-check.ts'
import { systemClock } from './clock.ts'
import type { HealthMetricReader } from './collect/health-metric-reader.ts'
import { Windows } from './compute/windows.ts'
import type { HealthConfig } from './config/health-config.ts'
import type { Environment, HealthOptions } from './config/options.ts'
import { parseResourceAttributes, resolveOptions } from './config/options.ts'
import type { Settings } from './config/settings.ts'
import { isOpen, isWorthSaving } from './judge/alert.ts'
import type { Judgement } from './judge/judge.ts'
import { judge } from './judge/judge.ts'
import { judgeSilence } from './judge/service-silent.ts'
import { instanceStatus, serviceStatus } from './judge/status.ts'
import type { OwnedProvider } from './otlp.ts'
import { createOwnedProvider } from './otlp.ts'
import { healthLevels } from './publish/health-levels.ts'
import { RedisExporter } from './publish/redis-exporter.ts'
import { CellStore } from './record/cells.ts'
import { MeterRecording } from './record/meter-recording.ts'
import { recordProcess } from './record/process-metrics.ts'
import type { Recording } from './record/recording.ts'
import type { ServiceKind } from './services/profile.ts'
import { anyService } from './services/service.ts'
import type { TrackerFetcherLimits } from './services/tracker-fetcher.ts'
import type {
  Alert,
  Cancel,
  CheckResult,
  Clock,
  HealthExporter,
  InstancePresence,
  Phase,
  Presence,
  Profile,
  Rule,
  Sample,
  Snapshot,
  Status,
} from './types.ts'
import { VERSION } from './version.ts'

export interface ServiceHealthMonitorOptions extends Partial<Settings> {
  readonly serviceName?: string
  /** Identity of this process among the instances of the service; default: service.instance.id, else a random UUID. */
  readonly instance?: string
  /** The service's own Redis client; it is pinged, nothing else. */
  readonly redis?: Pingable
  /** The service's own SQL client or pool; it is asked `SELECT 1`, nothing else. */
  readonly database?: Queryable
  readonly checks?: readonly Check[]
  /**
   * The reader that was added to another SDK's readers (NodeSDK's `metricReaders`). With it, figures are recorded on the
   * global meter and leave through that SDK; without it, the monitor exports them itself as OTEL_* says.
   */
  readonly reader?: HealthMetricReader
  /** Where snapshots and alerts go; default: the health Redis. */
  readonly exporter?: HealthExporter
  readonly clock?: Clock
  /** Default: `process.env`. */
  readonly env?: Environment
  /** A checked health.config. */
  readonly config?: HealthConfig
  readonly packageName?: string
}

/** What `collectHealthData` gives: a snapshot nobody was told of. */
export type HealthData = Snapshot

/** Milliseconds to wait for the alerts that an earlier process of this service left in Redis. */
const LOAD_TIMEOUT_MS = 1000
/** Milliseconds between two collections from another SDK, which run all of its observable callbacks. */
const FOREIGN_INTERVAL_MS = 10_000
const STOP_TIMEOUT_MS = 2000

/** What a snapshot says besides figures. */
interface Standing {
  readonly status: Status
  readonly instanceStatus: Status
  readonly phase: Phase
  readonly reasons: readonly string[]
  readonly checks: Readonly<Record<string, CheckResult>>
  /** Pending and open. */
  readonly alerts: readonly Alert[]
}

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
  readonly #checks: CheckRunner
  readonly #windows: Windows
  /** Cells of the owned recording; absent beside another SDK. */
  readonly #store: CellStore | undefined
  /** Our reader among another SDK's; absent with the owned recording. */
  readonly #reader: HealthMetricReader | undefined
  readonly #env: Environment
  readonly #startedAt: number
  readonly #startedAtEpoch: number
  #provider: OwnedProvider | undefined
  #judgement: Judgement = { verdicts: [], alerts: new Map(), transitions: [], errors: [] }
  #phase: Phase = 'starting'
  #since: number
  #lastStatus: Status | undefined
  #lastPhase: Phase | undefined
  #lastShown = ''
  #evaluates = false
  /** Metrics that changed since an evaluation was asked for. */
  #changed: Set<string> | undefined
  /** Whether Redis has told of the alerts of earlier processes. */
  #loaded = false
  /** Alerts of service_silent, by the service that is silent. */
  #silences: ReadonlyMap<string, Alert> = new Map()
  #others: readonly InstancePresence[] = []
  #collecting = false
  #collectAgain = false
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
    this.#env = env
    this.#startedAt = clock.monotonicMs()
    this.#startedAtEpoch = clock.epochMs()
    this.#since = this.#startedAtEpoch

    this.#reader = options.reader
    this.#store = options.reader ? undefined : new CellStore(clock)
    this.recording = this.#store ?? new MeterRecording(metrics.getMeter(SCOPE, VERSION))
    this.#kind = kind
    this.#profile = kind.profile(limitsOf(this.options.settings), this.options.rules)
    this.#alertIds = new Map(this.#profile.rules.map(({ name }) => [name, alertId(name, this.options.serviceName)]))
    this.#windows = new Windows(this.#profile.selectors, this.#startedAt, this.options.settings.evaluationInterval)
    this.#checks = new CheckRunner({ checks: checksOf(options), clock, onChange: () => this.evaluateSoon() })
    this.#exporter = options.exporter ?? this.#createRedisExporter()

    const { originalServiceName, serviceName } = this.options
    if (originalServiceName !== undefined) {
      diag.warn(`otel-health: the service is called "${serviceName}" in Redis, where names are made of a-z, 0-9, ".", "_" and "-"`)
    }
  }

  /** Resolves when every check has run once and the first status that says so is published. Never rejects; later calls wait for the first. */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  /** Publishes `stopped` in the same tick, then flushes for at most `timeoutMs`. Never rejects; later calls wait for the first. */
  stop(timeoutMs: number = STOP_TIMEOUT_MS): Promise<void> {
    this.#stopping ??= this.#stop(timeoutMs)
    return this.#stopping
  }

  /** Exports over OTLP what was recorded until now. Never rejects. */
  async flush(timeoutMs: number = STOP_TIMEOUT_MS): Promise<void> {
    await within(timeoutMs, this.clock, this.#provider?.flush(timeoutMs))
  }

  /** Runs the checks and judges what is known by now; publishes nothing and moves no alert. Never rejects. */
  async collectHealthData(): Promise<HealthData> {
    await Promise.all([this.#checks.runAll(), this.#reader?.collect()])
    this.#store?.refresh()
    const samples = this.#collect()
    this.#compute(samples)
    const judgement = this.#judge()
    return this.#snapshot(this.#standing(judgement), samples)
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
      if (this.#reader) void this.#collectForeign()
      else this.#evaluate(changed)
    })
  }

  /** The rules that read a selector of one of the metrics. */
  #rulesOn(changed: ReadonlySet<string>): readonly Rule[] {
    const { rules, selectors } = this.#profile
    return rules.filter(({ needs }) =>
      needs.some((name) => {
        const selector = selectors[name]
        return selector && selector.kind !== 'time_above' && changed.has(selector.metric)
      }),
    )
  }

  async #start(): Promise<void> {
    const { evaluationInterval, publishingInterval, metricsInterval } = this.options.settings
    if (this.#store) this.#provider = this.#createProvider(this.#store)
    this.#cancels = [
      recordProcess(this.recording, this.clock),
      this.clock.every(evaluationInterval * 1000, () => this.#evaluate()),
      this.clock.every(publishingInterval * 1000, () => this.#publishAgain((snapshot) => this.#exporter.status(snapshot))),
      this.clock.every(metricsInterval * 1000, () => this.#publishAgain((snapshot) => this.#exporter.metrics(snapshot))),
      this.clock.every((publishingInterval * 1000) / 3, () => void this.#watchOthers()),
      () => this.#checks.stop(),
    ]
    if (this.#reader) this.#cancels.push(this.clock.every(FOREIGN_INTERVAL_MS, () => void this.#collectForeign()))

    const checked = this.#checks.start()
    // Without the alerts of the process before this one, the first evaluation could fire one of them a second time.
    await this.#loadAlerts()
    this.#evaluates = true
    this.#evaluate()
    await checked
    if (this.#stopping) return
    this.#phase = 'running'
    this.#evaluate()
    this.#publishAgain((snapshot) => this.#exporter.metrics(snapshot))
  }

  /** Alerts that were raised here meanwhile know better than those that Redis held. */
  async #loadAlerts(): Promise<void> {
    const stored = await this.#exporter.load(LOAD_TIMEOUT_MS)
    if (!stored) return
    this.#loaded = true
    const [silences, own] = [new Map<string, Alert>(), new Map<string, Alert>()]
    for (const { alert } of stored) {
      if (alert.rule === SERVICE_SILENT) silences.set(alert.service, alert)
      else own.set(alert.rule, alert)
    }
    this.#silences = new Map([...silences, ...this.#silences])
    this.#judgement = { ...this.#judgement, alerts: new Map([...own, ...this.#judgement.alerts]) }
  }

  /** The other instances of this service, and every service's silence. */
  async #watchOthers(): Promise<void> {
    if (!this.#loaded) await this.#loadAlerts()
    const presence = await this.#exporter.presence()
    this.#safely(() => {
      this.#others = presence?.others ?? []
      this.#judgeSilences(presence)
      this.evaluateSoon()
    })
  }

  /** All are silent when Redis has been away for long, and then nobody was. */
  #judgeSilences(presence: Presence | undefined): void {
    if (!presence || presence.watchedMs < 3000 * this.options.settings.publishingInterval) return
    const { alerts, transitions } = judgeSilence({
      services: presence.services,
      alerts: this.#silences,
      alertId: (service) => alertId(SERVICE_SILENT, service),
      now: { monotonicMs: this.clock.monotonicMs(), epochMs: this.clock.epochMs() },
    })
    this.#silences = alerts
    for (const transition of transitions) this.#exporter.transition(transition)
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.#evaluates = false
    this.#phase = 'stopped'
    for (const cancel of this.#cancels) cancel()
    this.#since = this.clock.epochMs()
    const last = { ...this.#snapshot(this.#standing(this.#judgement), this.#collect()), status: this.#lastStatus ?? 'degraded' }
    await Promise.all([this.#exporter.stop(last, timeoutMs), this.flush(timeoutMs)])
  }

  /** The whole product, once a tick; of state metrics that `changed`, at once and without what has nothing to do with them. */
  #evaluate(changed?: ReadonlySet<string>): void {
    this.#safely(() => {
      const samples = this.#collect(changed)
      this.#compute(samples, changed)
      const judgement = this.#judge(changed)
      this.#publish(judgement)
    })
  }

  /** Whatever happens in here, the service does not notice. Does nothing before the start and after the stop. */
  #safely(action: () => void): void {
    if (!this.#evaluates) return
    try {
      action()
    } catch (error) {
      this.recording.counter(EVALUATION_ERRORS, {}).add(1)
      if (!this.#saidError) diag.error('otel-health: an evaluation failed; the next one is tried all the same:', error)
      this.#saidError = true
    }
  }

  #collect(changed?: ReadonlySet<string>): readonly Sample[] {
    if (!changed) this.#store?.refresh()
    return this.#store?.samples(changed) ?? this.#reader?.latest ?? []
  }

  #compute(samples: readonly Sample[], changed?: ReadonlySet<string>): void {
    if (changed) this.#windows.observeStates(samples)
    else this.#windows.ingest(samples, this.clock.monotonicMs(), this.#phase !== 'paused')
  }

  #judge(changed?: ReadonlySet<string>): Judgement {
    const rules = changed ? this.#rulesOn(changed) : this.#profile.rules
    const { serviceName: service } = this.options
    const { alerts, verdicts } = this.#judgement
    const now = { monotonicMs: this.clock.monotonicMs(), epochMs: this.clock.epochMs() }
    const judged = judge({
      rules,
      readings: this.#windows.readings(now.monotonicMs),
      alerts: changed ? new Map([...alerts].filter(([name]) => rules.some((rule) => rule.name === name))) : alerts,
      service,
      alertId: (rule) => this.#alertIds.get(rule) ?? alertId(rule, service),
      now,
    })
    if (!changed) return judged
    const newer = new Map(judged.verdicts.map((verdict) => [verdict.rule, verdict]))
    return {
      ...judged,
      alerts: new Map([...alerts, ...judged.alerts]),
      verdicts: verdicts.map((verdict) => newer.get(verdict.rule) ?? verdict),
    }
  }

  #publish(judgement: Judgement): void {
    for (const transition of judgement.transitions) this.#exporter.transition(transition)
    const told = new Set(judgement.transitions.map(({ alert }) => alert.rule))
    for (const [rule, alert] of judgement.alerts) {
      if (!told.has(rule) && isWorthSaving(this.#judgement.alerts.get(rule), alert)) this.#exporter.save(alert)
    }
    this.#judgement = judgement
    if (judgement.errors.length > 0) this.recording.counter(EVALUATION_ERRORS, {}).add(judgement.errors.length)
    // Redis sends out what a turn of its loop published at the end of that turn: an alert would wait for the status behind it.
    if (judgement.transitions.length > 0) this.clock.after(0, () => this.#safely(() => this.#tellStatus()))
    else this.#tellStatus()
  }

  /** Publishes the status if it says something else than the last one did. */
  #tellStatus(): void {
    const standing = this.#standing(this.#judgement)
    const rules = this.#profile.rules.map(({ name }) => name)
    for (const { metric, attributes, value } of healthLevels(standing.status, standing.alerts, rules, this.clock.epochMs())) {
      this.recording.level(metric, attributes).set(value)
    }
    const shown = changesWorthTelling(standing)
    if (shown === this.#lastShown) return
    this.#lastShown = shown
    if (standing.status !== this.#lastStatus || standing.phase !== this.#lastPhase) this.#since = this.clock.epochMs()
    this.#lastStatus = standing.status
    this.#lastPhase = standing.phase
    this.#exporter.status(this.#snapshot(standing, this.#collect()))
  }

  #publishAgain(publish: (snapshot: Snapshot) => void): void {
    this.#safely(() => publish(this.#snapshot(this.#standing(this.#judgement), this.#collect())))
  }

  #standing({ verdicts, alerts: byRule }: Judgement): Standing {
    const silence = this.#silences.get(this.options.serviceName)
    const alerts = [...byRule.values(), ...(silence ? [silence] : [])].filter((alert) => alert.state === 'pending' || isOpen(alert))
    const checks = this.#checks.results()
    const required = Object.fromEntries(this.#checks.failing().map((name) => [name, checks[name]!]))
    const own = instanceStatus({
      phase: this.#phase,
      alerts,
      verdicts,
      checks: required,
      ...(this.#profile.required && { required: this.#profile.required }),
    })
    const others = this.#others.map(({ instance, phase = 'running', instanceStatus: status = 'degraded', live }) => ({
      instance,
      phase,
      status,
      missing: !live,
      reasons: [`instance ${instance} is ${status}`],
    }))
    const instances = [{ instance: this.instance, phase: this.#phase, missing: false, ...own }, ...others]
    const service = serviceStatus({ alerts, instances })
    return { status: service.status, instanceStatus: own.status, phase: this.#phase, reasons: service.reasons, checks, alerts }
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
      verdicts: this.#judgement.verdicts,
      ...this.#kind.figures({ readings: this.#windows.readings(now), samples, tickSeconds: evaluationInterval }),
      totals: this.#kind.totals(samples, new Date(this.#startedAtEpoch).toISOString()),
    }
  }

  /** A collection under way may have read a level before it changed: then another one follows. */
  async #collectForeign(): Promise<void> {
    this.#collectAgain = this.#collecting
    if (this.#collecting) return
    this.#collecting = true
    await this.#reader?.collect()
    this.#collecting = false
    this.#evaluate()
    if (this.#collectAgain) await this.#collectForeign()
  }

  #createProvider(store: CellStore): OwnedProvider {
    const { serviceName, originalServiceName } = this.options
    return createOwnedProvider({
      store,
      clock: this.clock,
      env: this.#env,
      resource: {
        ...parseResourceAttributes(this.#env['OTEL_RESOURCE_ATTRIBUTES']),
        'service.name': this.#env['OTEL_SERVICE_NAME'] || (originalServiceName ?? serviceName),
        'service.instance.id': this.instance,
      },
      onExportFailure: () => this.recording.counter(EXPORT_FAILURES, {}).add(1),
    })
  }

  #createRedisExporter(): RedisExporter {
    const { serviceName: service, settings } = this.options
    const { redisHost: host, redisPort: port, redisUsername: username, redisPassword: password, redisCa: caFile } = settings
    const exporter = new RedisExporter({
      target: {
        host,
        port,
        clusterMode: settings.redisClusterMode,
        tls: settings.redisTls,
        ...(username !== undefined && { username }),
        ...(password !== undefined && { password }),
        ...(caFile !== undefined && { caFile }),
      },
      clock: this.clock,
      service,
      instance: this.instance,
      publishingIntervalMs: settings.publishingInterval * 1000,
      retentionMs: settings.retentionHours * 3_600_000,
      alertIds: [...this.#alertIds.values(), alertId(SERVICE_SILENT, service)],
    })
    const counted = { published: 0, failed: 0, dropped: 0 }
    this.recording.onCollect(() => {
      for (const outcome of ['published', 'failed', 'dropped'] as const) {
        const more = exporter.stats[outcome] - counted[outcome]
        if (more > 0) this.recording.counter(PUBLISH_MESSAGES, { [PUBLISH_OUTCOME]: outcome }).add(more)
        counted[outcome] += more
      }
    })
    return exporter
  }
}

/** A message's figures change all the time; what is told at once is what somebody would act on. */
function changesWorthTelling({ phase, checks, alerts, ...standing }: Standing): string {
  return JSON.stringify([
    standing.status,
    standing.instanceStatus,
    phase,
    Object.entries(checks).map(([name, check]) => [name, check.status]),
    alerts.map(({ id, state, severity }) => [id, state, severity]),
  ])
}

function checksOf({ redis, database, checks = [] }: ServiceHealthMonitorOptions): readonly Check[] {
  return [...(redis ? [redisCheck(redis)] : []), ...(database ? [sqlCheck(database)] : []), ...checks]
}

function limitsOf(settings: Settings): TrackerFetcherLimits {
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
