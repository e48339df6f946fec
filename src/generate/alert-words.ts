/** The words of which the alerts of one rule are made in PromQL: series as the rule selects them, counts that are recorded, limits, instances. */
import type { MetricDefinition } from '../catalogue.ts'
import { HEALTH_HEARTBEAT_TIME } from '../catalogue.ts'
import { prometheusLabel } from '../export/prometheus-name.ts'
import { aggregated, promqlTime, series, SERVICE_LABELS } from '../panels/promql.ts'
import type { MetricRef, RuleData, TimeText } from '../rules/rule-data.ts'
import { DEFAULTS } from '../rules/rule-data.ts'
import { secondsOf } from '../rules/time-text.ts'
import type { Limit } from '../rules/unit.ts'
import { inUnitOf, limitOf } from '../rules/unit.ts'
import type { RuleScope, Severity, Where } from '../types.ts'
import type { Span } from './growth.ts'
import { grew, spanOf } from './growth.ts'

export interface AlertSource {
  readonly data: RuleData
  readonly scope: RuleScope
  /** What recorded counts are named after, before the rule. */
  readonly kind: string
  /** Of a metric that the rule names; it was checked to be there. */
  readonly metricOf: (ref: MetricRef) => MetricDefinition
  /** Seconds, as OTEL_METRIC_EXPORT_INTERVAL. */
  readonly exportInterval: number
}

export interface Recorded {
  readonly record: string
  readonly expr: string
}

export interface AlertConditions {
  readonly kind: 'said'
  readonly records: readonly Recorded[]
  readonly warning: string | undefined
  readonly critical: string | undefined
  /** Where PromQL cannot say it, or says it in another way. */
  readonly notes: readonly string[]
  /** The unit of what the condition yields; `undefined` where it is no figure to be shown. */
  readonly shows: string | undefined
  /** The window of a plain form, in seconds. */
  readonly plainOver: number | undefined
}

export type AlertPromql = AlertConditions | { readonly kind: 'unsaid'; readonly because: string }

type Side = '>' | '<'

/** What is compared with limits. */
export interface Compared {
  /** PromQL, in the unit of the reading; `limit`: whoever shows it in that of the limit. */
  value(limit: Limit): string
  /** `value` is in the unit of the limit. */
  readonly shown?: boolean
  /** `and …`: what must hold besides, for the figure to be known. */
  readonly guards?: readonly string[]
  /** A condition in place of the comparison with this limit. */
  also?(limit: Limit): string | undefined
  /** An alert that is open holds this long, whether it is kept firing or not; in the unit of the limit. */
  heldTo?(limit: Limit): number
  /** Another figure of the same unit: too much is what both are, too little what one of them is. */
  readonly second?: string
}

/** Share of a window that must have been watched for all of it to be known, as otel-health has it. */
export const WATCHED = 0.9

export class AlertWords {
  readonly metricOf: AlertSource['metricOf']
  readonly exportInterval: number
  readonly #source: AlertSource
  readonly #records: Recorded[] = []
  readonly #notes: string[] = []
  #plainOver: number | undefined
  readonly #serviceLabels: readonly string[]
  readonly #instanceLabels: readonly string[]

  constructor(source: AlertSource) {
    this.metricOf = source.metricOf
    this.exportInterval = source.exportInterval
    this.#source = source
    const { by } = source.data
    const split = by === undefined ? [] : [prometheusLabel(by)]
    this.#serviceLabels = [...SERVICE_LABELS, ...split]
    this.#instanceLabels = [...SERVICE_LABELS, 'instance', ...split]
  }

  /** Those of the alert. */
  get labels(): readonly string[] {
    return this.#source.scope === 'any' ? this.#instanceLabels : this.#serviceLabels
  }

  /** Chance is not asked: from so many events on a figure speaks for itself. */
  notePlain(window: number, from: string): void {
    this.#plainOver = window
    this.note(
      `Plain form over ${promqlTime(window)}${from}: whether chance explains the figure, and how old its evidence is, otel-health asks and PromQL cannot.`,
    )
  }

  note(sentence: string): void {
    if (!this.#notes.includes(sentence)) this.#notes.push(sentence)
  }

  secondsOf(over: TimeText = DEFAULTS.over): number {
    return secondsOf(over, `The window of the rule ${this.#source.data.name}`)
  }

  spanOf(seconds: number): Span {
    const span = spanOf(seconds, this.exportInterval)
    if (span.window !== seconds)
      this.note(
        `Over ${promqlTime(span.window)}, as exports are too far apart for ${promqlTime(seconds)}: what happens in between is not seen.`,
      )
    return span
  }

  series(ref: MetricRef, suffix: string = '', more: Where = {}): string {
    return series(this.metricOf(ref), { ...ref.where, ...this.#source.data.where, ...more }, suffix, [])
  }

  countSuffix(ref: MetricRef): '' | '_count' {
    return this.metricOf(ref).instrument === 'histogram' ? '_count' : ''
  }

  /** Of each instance. */
  fold(operator: 'sum' | 'max' | 'min', expression: string, more: readonly string[] = []): string {
    return aggregated(operator, expression, [...more, ...this.#instanceLabels])
  }

  /** Of the service, where the rule is about that. */
  acrossInstances(operator: 'max' | 'min', expression: string): string {
    return this.#source.scope === 'any' ? expression : aggregated(operator, expression, this.#serviceLabels)
  }

  /** Of each instance, all series of the rule added up. */
  grewTogether(ref: MetricRef, span: Span, suffix: string = this.countSuffix(ref), more: readonly string[] = []): string {
    return this.fold('sum', grew(this.series(ref, suffix), span), more)
  }

  /** A count by a name of its own: `worker:low_hit_rate:of`. */
  record(part: string, expr: string): string {
    const record = `${this.#source.kind.replaceAll(/\W/g, '_')}:${this.#source.data.name}:${part}`
    this.#records.push({ record, expr })
    return record
  }

  /** What an instance that lives never counted is 0; of a value that a rule is split by nobody knows that it could be counted. */
  orZero(expression: string): string {
    if (this.#source.data.by === undefined) return `${expression} or 0 * ${this.fold('max', HEARTBEAT)}`
    this.note(`What was never counted of a ${this.#source.data.by} has no series, and no alert.`)
    return expression
  }

  /** Events of a counter or values of a histogram, and the seconds of the window in which Prometheus had news of the instance. */
  counted(ref: MetricRef, over: TimeText | undefined): Span & { readonly seconds: number; readonly of: string; readonly watched: string } {
    const seconds = this.secondsOf(over)
    const span = this.spanOf(seconds)
    const of = this.record('of', this.orZero(this.grewTogether(ref, span)))
    return { ...span, seconds, of, watched: this.record('watched', this.watched(span)) }
  }

  /** Some events in others. */
  pair(
    of: MetricRef,
    all: MetricRef,
    seconds: number,
    parts: readonly [of: string, all: string] = ['of', 'in'],
  ): readonly [string, string] {
    const span = this.spanOf(seconds)
    return [this.record(parts[0], this.grewTogether(of, span)), this.record(parts[1], this.grewTogether(all, span))]
  }

  /** Seconds of the window in which an instance beat. */
  watched({ window, step }: Span): string {
    const beats = aggregated('max', HEARTBEAT, [...SERVICE_LABELS, 'instance'])
    return `${step} * count_over_time(${beats}[${promqlTime(window)}:${promqlTime(step)}])`
  }

  /** A count for each second that was watched. */
  perWatched(count: string, watched: string): string {
    return this.#source.data.by === undefined ? `${count} / ${watched}` : `${count} / ${ON_INSTANCE} group_left () ${watched}`
  }

  withWatch(condition: string): string {
    return this.#source.data.by === undefined ? `and ${condition}` : `and ${ON_INSTANCE} ${condition}`
  }

  /** Enough of the window was watched to know what did not happen in it. */
  wholeWatch(watched: string, window: number): string {
    return this.withWatch(`${watched} >= ${decimal(WATCHED * window)}`)
  }

  /** The same of an alert that is about the service: some instance knows. */
  wholeWatchAcross(watched: string, window: number): string {
    if (this.#source.scope === 'any') return this.wholeWatch(watched, window)
    return `and on (${SERVICE_LABELS.join(', ')}) ${aggregated('max', watched, SERVICE_LABELS)} >= ${decimal(WATCHED * window)}`
  }

  /** Why it cannot be said how long ago it was; `undefined` if it can. */
  unsaidAge(ref: MetricRef): AlertPromql | undefined {
    const { name, instrument } = this.metricOf(ref)
    if (instrument === 'counter' || instrument === 'histogram') return undefined
    return { kind: 'unsaid', because: `Prometheus has ${name} anew with every export, so that nobody can see there when it was last set.` }
  }

  /** The limit and, if there is one, that of CRITICAL. */
  limits(unit: string): readonly Limit[] {
    const { name, above, below, critical } = this.#source.data
    const first = (above ?? below)!
    return [first, ...(critical === undefined ? [] : [inUnitOf(first, critical)])].map((given) =>
      limitOf(given, unit, `The limit of the rule ${name}`),
    )
  }

  /** The conditions of a rule with limits, which are in the unit of the reading or in one of its kind. */
  compared(unit: string, compared: Compared): AlertPromql {
    const { data } = this.#source
    const side = data.below === undefined ? '>' : '<'
    const [warning, critical] = this.limits(unit)
    const clear = data.clear === undefined ? undefined : limitOf(inUnitOf(data.above ?? data.below, data.clear), unit, data.name)
    if (clear && secondsOf(data.keepFiring ?? DEFAULTS.keepFiring, data.name) > 0)
      this.note(
        'Held by the clear limit as long as the alert fires here, which is longer than in otel-health: there not while it is kept firing.',
      )
    const shownIn = (limit: Limit) => (compared.shown === true ? limit.shown : limit.value)
    const broken = (limit: Limit): string => {
      const comparison = this.#comparison(compared, side, limit, shownIn(limit))
      if (compared.heldTo) {
        const held = `${this.#comparison(compared, side, limit, compared.heldTo(limit))} and ${this.#firing(limit === warning ? 'warning' : 'critical')}`
        return this.#guarded(`${comparison} or ${held}`, compared, true)
      }
      if (!clear || limit !== warning) return this.#guarded(comparison, compared, compared.second !== undefined && side === '<')
      const held = `${this.#comparison(compared, side, clear, shownIn(clear))} and ${this.#firing('warning')}`
      return this.#guarded(`${comparison} or ${held}`, compared, true)
    }
    const shows = compared.shown === true ? warning!.unit.name : unit
    return this.#said(broken(warning!), critical && broken(critical), shows === '%' ? 'percent' : shows)
  }

  /** One condition with a limit that the reading has of itself. */
  comparedTo({ value, guards, side, limit }: { value: string; guards: readonly string[]; side: Side; limit: number }): string {
    const compared = { value: () => value, guards }
    return this.#guarded(`${this.#figure(compared, side, value)} ${side} ${limit}`, compared)
  }

  /** A condition without limits. */
  found(severity: Severity, condition: string, { shows }: { readonly shows?: string } = {}): AlertPromql {
    return severity === 'CRITICAL' ? this.#said(undefined, condition, shows) : this.#said(condition, undefined, shows)
  }

  foundBoth(warning: string | undefined, critical: string | undefined): AlertPromql {
    return this.#said(warning, critical, undefined)
  }

  #said(warning: string | undefined, critical: string | undefined, shows: string | undefined): AlertPromql {
    return { kind: 'said', records: this.#records, warning, critical, notes: this.#notes, shows, plainOver: this.#plainOver }
  }

  #comparison(compared: Compared, side: Side, limit: Limit, shown: number): string {
    const { scope } = this.#source
    const otherwise = scope === 'all' ? undefined : compared.also?.(limit)
    if (otherwise !== undefined) return scope === 'any' ? otherwise : this.#figure(compared, side, otherwise)
    const compare = (value: string) => `${this.#figure(compared, side, value)} ${side} ${decimal(shown)}`
    const first = compare(compared.value(limit))
    if (compared.second === undefined) return first
    return `${first} ${side === '>' ? 'and' : 'or'} ${compare(scope === 'any' ? `(${compared.second})` : compared.second)}`
  }

  /** Where all instances must be as bad the best of them counts, of those of which it is known. */
  #figure({ guards = [] }: Pick<Compared, 'guards'>, side: Side, value: string): string {
    if (this.#source.scope === 'any') return value
    const operator = this.#source.scope === 'all' && side === '>' ? 'min' : 'max'
    return aggregated(operator, [value, ...guards].join(' '), this.#serviceLabels)
  }

  #guarded(condition: string, { guards = [] }: Pick<Compared, 'guards'>, isAlternative: boolean = false): string {
    if (this.#source.scope !== 'any' || guards.length === 0) return condition
    return [isAlternative ? `(${condition})` : condition, ...guards].join(' ')
  }

  /** The alert itself, as it was after the evaluation before. */
  #firing(severity: 'warning' | 'critical'): string {
    const { kind, data } = this.#source
    const alerts = `ALERTS{alertname=${JSON.stringify(data.name)},alertstate="firing",kind=${JSON.stringify(kind)},severity=${JSON.stringify(severity)}}`
    return `on (${this.labels.join(', ')}) ${alerts}`
  }
}

const HEARTBEAT = series(HEALTH_HEARTBEAT_TIME, {}, '', [])
const ON_INSTANCE = `on (${[...SERVICE_LABELS, 'instance'].join(', ')})`

/** 0.1 times 3 is no 0.30000000000000004 to anybody. */
export function decimal(value: number): number {
  return Number(value.toPrecision(12))
}
