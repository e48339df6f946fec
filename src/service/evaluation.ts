/** collect -> compute -> judge: what is known of a service at one instant, and what follows from it. */
import { DRAIN_STUCK } from '../catalogue.ts'
import { diag } from '../diag.ts'
import type { CountedBlock } from '../compute/keeper.ts'
import { Windows } from '../compute/windows.ts'
import { isOpen, type Instant } from '../judge/alert.ts'
import { rulesByMetric, rulesOn, withNewer } from '../judge/judge-changed.ts'
import type { Judgement } from '../judge/judge.ts'
import { alertKey, judge } from '../judge/judge.ts'
import { rulesIn } from '../judge/phase-rules.ts'
import { ok } from '../judge/verdicts.ts'
import type { CellStore } from '../record/cells.ts'
import { wantedOf } from '../rules/service-kind.ts'
import type { Alert, Attributes, Clock, Counted, CountedBefore, CountsSelector, Profile, Readings, Rule, Sample } from '../types.ts'
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
  #evaluatedAt: number | undefined
  readonly #saidOverflow = new Set<string>()
  readonly #counting: readonly (readonly [Rule, CountsSelector])[]

  constructor(options: EvaluationOptions) {
    const { profile, service, clock, intervalSeconds } = options
    this.#options = options
    this.#windows = new Windows(wantedOf(profile), clock.monotonicMs(), intervalSeconds)
    this.#rulesByMetric = rulesByMetric(profile)
    this.#counting = profile.rules.flatMap((rule) =>
      rule.needs.flatMap((selector) => (selector.kind === 'counts' ? [[rule, selector] as const] : [])),
    )
    options.source.keep(metricsOf(profile))
    this.alertIds = new Map(profile.rules.map(({ name }) => [name, alertId(name, service)]))
  }

  /** What the last judgement came to. */
  get last(): Judgement {
    return this.#last
  }

  /** When all rules were judged last, in milliseconds on the monotonic clock; `undefined`: never yet. */
  get evaluatedAt(): number | undefined {
    return this.#evaluatedAt
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
    else {
      const isRunning = this.#options.phases.said === 'running'
      this.#windows.ingest(samples, now, isRunning || this.#options.phases.isDraining, isRunning)
    }
    this.#sayOverflow()
    return this.#windows.readings(now)
  }

  /** Of the rules that read what `changed`, or of all. */
  judge(readings: Readings, changed?: Changed): Judgement {
    const { profile, service, phases, intervalSeconds } = this.#options
    return judge({
      rules: rulesIn(phases.said, changed ? rulesOn(changed, this.#rulesByMetric, profile) : profile.rules),
      alerts: this.#last.alerts,
      partly: changed !== undefined,
      readings,
      service,
      alertId: (rule, labels) => this.alertId(rule, labels),
      now: this.now(),
      intervalSeconds,
    })
  }

  /** What is over with the process: an end that took long has come. */
  judgeEnd(): Judgement {
    const { profile, service, intervalSeconds } = this.#options
    const value = { current: 0, threshold: null, unit: 's' } as const
    const ended = profile.rules
      .filter(({ name }) => name === DRAIN_STUCK)
      .map((rule) => ({ ...rule, keepFiringSeconds: 0, judge: () => ok(rule.name, { message: 'It has ended', value }) }))
    return judge({
      rules: ended,
      alerts: this.#last.alerts,
      partly: true,
      readings: this.readings(),
      service,
      alertId: (rule, labels) => this.alertId(rule, labels),
      now: this.now(),
      intervalSeconds,
    })
  }

  /** This is what has been published, and so what the next judgement goes on from. */
  accept(judgement: Judgement, changed: Changed): void {
    if (!changed) this.#evaluatedAt = this.#options.clock.monotonicMs()
    this.#last = changed ? withNewer(this.#last, judgement) : judgement
  }

  /** Alerts that an earlier process left. What is open there goes on, unless it was found open here as well; of others what was found here is newer. */
  restore(stored: readonly Alert[]): void {
    const alerts = new Map(this.#last.alerts)
    for (const alert of stored) {
      const key = alertKey(alert.rule, alert.labels)
      const own = alerts.get(key)
      const goesOn = isOpen(alert) && (own?.state === 'pending' || own?.state === 'inactive')
      if (!own || goesOn) alerts.set(key, alert)
    }
    this.#last = { ...this.#last, alerts }
  }

  /** What earlier processes of the service counted is evidence as what this one counts. */
  recall(before: readonly CountedBefore[]): void {
    const now = this.#options.clock.monotonicMs()
    for (const [rule, selector] of this.#counting) {
      const blocks = new Map<string, CountedBlock[]>()
      for (const { agoMs, counted } of before) {
        for (const [key, amounts] of Object.entries(counted)) {
          const [name, value] = countedAs(key)
          if (name !== rule.name) continue
          const ofValue = blocks.get(value)
          if (ofValue) ofValue.push({ agoMs, amounts })
          else blocks.set(value, [{ agoMs, amounts }])
        }
      }
      for (const [value, of] of blocks) this.#windows.recall(selector, of, now, rule.by === undefined ? undefined : { by: rule.by, value })
    }
  }

  /** What this process has counted for rules that judge by what a service is used to. */
  counted(): Counted {
    const counted: [string, readonly number[]][] = []
    const readings = this.readings()
    for (const [{ name, by, needs }, selector] of this.#counting) {
      if (by === undefined) counted.push([name, this.#windows.counted(selector)])
      else
        for (const value of readings.groups(by, needs))
          counted.push([countedKey(name, value), this.#windows.counted(selector, { by, value })])
    }
    return Object.fromEntries(counted)
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

/** How a split rule's counts are called: the name of a rule has no colon. */
function countedKey(rule: string, value: string): string {
  return `${rule}:${value}`
}

function countedAs(key: string): readonly [rule: string, value: string] {
  const end = key.indexOf(':')
  return end < 0 ? [key, ''] : [key.slice(0, end), key.slice(end + 1)]
}

/** The metrics that anybody reads. */
function metricsOf(profile: Profile): ReadonlySet<string> {
  return new Set(wantedOf(profile).flatMap(({ selector }) => ('metric' in selector ? [selector.metric] : [])))
}
