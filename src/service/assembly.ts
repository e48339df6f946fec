/** The parts of a monitor, each given the others that it needs. */
import { EVERY_SERVICE, SERVICE_SILENT } from '../catalogue.ts'
import { CheckRunner } from '../checks/check-runner.ts'
import { allowedBy } from '../config/control-config.ts'
import { profileOfService } from '../config/profile.ts'
import { madeHealthReader } from '../export/health-reader.ts'
import { createMetricsExport, type MetricsExport } from '../export/metrics-export.ts'
import { DependencyMetrics } from '../record/dependency-metrics.ts'
import { createDrop, type Drop } from '../record/drop.ts'
import { HealthMetrics } from '../record/health-metrics.ts'
import type { ServiceKind } from '../rules/service-kind.ts'
import { causesOfRules } from '../overlays/causes.ts'
import { FanOut } from '../publish/fan-out.ts'
import { RedisExporter } from '../publish/redis-exporter.ts'
import { Interruptions } from '../record/interruptions.ts'
import { WorkInHand } from '../record/work-in-hand.ts'
import { Controlled } from './controlled.ts'
import { Evaluation } from './evaluation.ts'
import { Evidence } from './evidence.ts'
import { Guard } from './guard.ts'
import { createRedisExporter } from './health-redis.ts'
import { Lifecycle, type Rounds } from './lifecycle.ts'
import { type MetricSource, sourceOf } from './metric-source.ts'
import { checksOf, type ServiceHealthMonitorOptions } from './monitor-options.ts'
import { Neighbours } from './neighbours.ts'
import { Phases } from './phase.ts'
import { Probing } from './probing.ts'
import { Publication } from './publication.ts'
import { Records } from './records.ts'
import { type SetUp, setUp } from './set-up.ts'
import { Work } from './work.ts'

export interface Assembly extends SetUp {
  readonly drop: Drop
  readonly records: Records
  readonly checks: CheckRunner
  readonly phases: Phases
  readonly guard: Guard
  readonly evaluation: Evaluation
  readonly publication: Publication
  readonly lifecycle: Lifecycle
  readonly metricsExport: MetricsExport
  readonly work: Work
  readonly controlled: Controlled
}

/** Throws one sentence if an option, a rule or an environment variable cannot be used. */
export function assemble(options: ServiceHealthMonitorOptions, kind: ServiceKind, rounds: Rounds): Assembly {
  const base = setUp(options)
  const { resolved, clock, instance, env, store, recording } = base
  const { serviceName: service, settings, dependsOn } = resolved
  const intervalSeconds = settings.evaluationInterval
  const profile = profileOfService(options.kind ?? kind, resolved)

  const reader = options.reader && { reader: options.reader }
  const exports = options.exportsMetrics ?? true
  const metricsExport = createMetricsExport({ options: resolved, instance, clock, store, recording, env, exports, ...reader })
  const drop = createDrop(recording)
  const records = new Records({ ...profile, recording, drop })
  const own = new Set([...EVERY_SERVICE, ...kind.metrics, ...records.metrics].map(({ name }) => name))
  const taken = options.takeApi?.({ decision: recording, metricsExport, clock, own, ...reader })
  const source: MetricSource = taken ?? sourceOf(() => options.reader ?? madeHealthReader())

  const guard = new Guard(recording)
  const phases = new Phases(clock)
  const evaluation = new Evaluation({ profile, service, store, source, clock, phases, intervalSeconds })
  const dependencies = new DependencyMetrics(recording, (metric) => rounds.evaluateSoon(metric))
  const onChange = (): void => {
    dependencies.set(checks.dependencies())
    rounds.evaluateSoon()
  }
  const checks: CheckRunner = new CheckRunner({ checks: checksOf(options), clock, onChange })
  const neighbours = new Neighbours()
  const alertIds = [...evaluation.alertIds.values()]
  const isWatched = profile.mayBeSilent !== true
  const causes = causesOfRules(profile.rules, { service, dependsOn, checks: checksOf(options).map(({ name }) => name) })
  const redis = options.exporter ?? createRedisExporter({ options: resolved, instance, clock, recording, alertIds, isWatched, causes })
  const exporter = options.channels?.length ? new FanOut(redis, options.channels, clock) : redis
  const evidence = new Evidence({
    rules: profile.rules,
    service,
    alertId: (rule, labels) => evaluation.alertId(rule, labels),
    save: (alert, cause) => exporter.save(alert, cause),
  })
  const healthMetrics = new HealthMetrics(recording, [...profile.rules.map(({ name }) => name), SERVICE_SILENT])
  const work = new Work(recording, () => rounds.evaluateSoon())
  const inHand = new WorkInHand(clock)
  const interruptions = new Interruptions(recording)
  const shown = { allowed: allowedBy(options.config?.control), drainLimitSeconds: settings.drainLimit }
  const parts = { clock, guard, phases, evaluation, evidence, checks, neighbours, exporter, recording, work, inHand, interruptions }
  const publication = new Publication({ ...parts, service, instance, profile, dependsOn, healthMetrics, intervalSeconds, ...shown })
  const probing = new Probing({ service, instance, settings, clock, phases, evaluation, publication })
  const lifecycle = new Lifecycle({ ...parts, ...rounds, settings, publication, metricsExport, probing, source })
  const controlled = new Controlled({
    ...{ ...parts, resolved, instance, profile, publication, lifecycle },
    evaluateSoon: () => rounds.evaluateSoon(),
    redis: redis instanceof RedisExporter ? redis : undefined,
  })
  return { ...base, ...parts, drop, records, publication, lifecycle, metricsExport, controlled }
}
