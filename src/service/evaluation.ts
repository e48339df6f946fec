/** collect -> compute -> judge: what is known of a service at one instant, and what follows from it. */
import { diag } from '../diag.ts'
import { Windows } from '../compute/windows.ts'
import type { Instant } from '../judge/alert.ts'
import { rulesByMetric, rulesOn, withNewer } from '../judge/judge-changed.ts'
import type { Judgement } from '../judge/judge.ts'
import { alertKey, judge } from '../judge/judge.ts'
import { rulesIn } from '../judge/phase-rules.ts'
import type { CellStore } from '../record/cells.ts'
import { wantedOf } from '../rules/service-kind.ts'
import type { Alert, Attributes, Clock, Profile, Readings, Rule, Sample } from '../types.ts'
import { alertId } from '../wire/alert-id.ts'
import type { MetricSource } from './metric-source.ts'
import type { Phases } from './phase.ts'

export interface EvaluationOptions {
  readonly profile: Profile
  readonly service: string
  readonly store: CellStore
  /** What others record. */
  readonly source: MetricSource
  readonly clock: Clock
  readonly phases: Phases
  /** Seconds. */
  readonly intervalSeconds: number
}

/** Names of metrics that changed, whose rules are judged at once and alone; `undefined`: a tick, all of them. */
export type Changed = ReadonlySet<string> | undefined

export class Evaluation {
  readonly #options: EvaluationOptions
  readonly #windows: Windows
  readonly #rulesByMetric: ReadonlyMap<string, readonly Rule[]>
  /** By rule, of those that are not split: looked up on the way of every alert. */
  readonly alertIds: ReadonlyMap<string, string>
  #last: Judgement = { verdicts: [], alerts: new Map(), transitions: [], errors: [] }
  readonly #saidOverflow = new Set<string>()

  constructor(options: EvaluationOptions) {
    const { profile, service, clock, intervalSeconds } = options
    this.#options = options
    this.#windows = new Windows(wantedOf(profile), clock.monotonicMs(), intervalSeconds)
    this.#rulesByMetric = rulesByMetric(profile)
    options.source.keep(metricsOf(profile))
    this.alertIds = new Map(profile.rules.map(({ name }) => [name, alertId(name, service)]))
  }

  /** What the last judgement came to. */
  get last(): Judgement {
    return this.#last
  }

  collect(changed?: Changed): readonly Sample[] {
    const { store, source } = this.#options
    if (!changed) store.refresh()
    const own = store.samples(changed)
    if (!changed) for (const sample of source.samples()) own.push(sample)
    return own
  }

  compute(samples: readonly Sample[], changed?: Changed): Readings {
    const now = this.#options.clock.monotonicMs()
    if (changed) this.#windows.observeStates(samples, now)
    else this.#windows.ingest(samples, now, this.#options.phases.said === 'running')
    this.#sayOverflow()
    return this.#windows.readings(now)
  }

  /** Of the rules that read what `changed`, or of all. */
  judge(readings: Readings, changed?: Changed): Judgement {
    const { profile, service, phases } = this.#options
    return judge({
      rules: rulesIn(phases.said, changed ? rulesOn(changed, this.#rulesByMetric, profile) : profile.rules),
      alerts: this.#last.alerts,
      partly: changed !== undefined,
      readings,
      service,
      alertId: (rule, labels) => this.alertId(rule, labels),
      now: this.now(),
    })
  }

  /** This is what has been published, and so what the next judgement goes on from. */
  accept(judgement: Judgement, changed: Changed): void {
    this.#last = changed ? withNewer(this.#last, judgement) : judgement
  }

  /** Alerts that an earlier process left; those that were raised here meanwhile know better. */
  restore(alerts: readonly Alert[]): void {
    const stored = alerts.map((alert) => [alertKey(alert.rule, alert.labels), alert] as const)
    this.#last = { ...this.#last, alerts: new Map([...stored, ...this.#last.alerts]) }
  }

  /** The readings of now, without another collection. */
  readings(): Readings {
    return this.#windows.readings(this.#options.clock.monotonicMs())
  }

  now(): Instant {
    const { clock } = this.#options
    return { monotonicMs: clock.monotonicMs(), epochMs: clock.epochMs() }
  }

  /** The id of the alert of a rule, for one of the values that it is split by. */
  alertId(rule: string, labels: Attributes | undefined): string {
    const known = labels === undefined ? this.alertIds.get(rule) : undefined
    return known ?? alertId(rule, this.#options.service, labels)
  }

  #sayOverflow(): void {
    for (const attribute of this.#windows.overflowing) {
      if (this.#saidOverflow.has(attribute)) continue
      this.#saidOverflow.add(attribute)
      diag.warn(`otel-health: ${attribute} has more values than are told apart; further ones are judged together as _OTHER`)
    }
  }
}

/** The metrics that anybody reads. */
function metricsOf(profile: Profile): ReadonlySet<string> {
  return new Set(wantedOf(profile).flatMap(({ selector }) => ('metric' in selector ? [selector.metric] : [])))
}
