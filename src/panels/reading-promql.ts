/**
 * What a rule reads, in PromQL: the same figure of each instance as otel-health judges, out of what was exported. Evidence and watched time
 * are not in it, so that it can pass a limit of which otel-health knows better.
 */
import type { MetricDefinition } from '../catalogue.ts'
import { prometheusLabel } from '../export/prometheus-name.ts'
import { DEFAULTS } from '../rules/rule-data.ts'
import { LONG_SECONDS, shortSeconds } from '../rules/readings/burn-rate.ts'
import type { BurnRateReading, MetricRef, RuleData, StateReading, TimeText } from '../rules/rule-data.ts'
import { secondsOf } from '../rules/time-text.ts'
import type { HeartbeatTiming } from './heartbeat.ts'
import { LOOK_BACK } from './heartbeat.ts'
import { aggregated, percent, promqlTime, series, SERVICE_LABELS, stateNumber } from './promql.ts'

/** One rule with what is needed to say it in PromQL. */
export interface RuleSource {
  readonly data: RuleData
  /** Of a metric that the rule names; it was checked to be there. */
  readonly metricOf: (ref: MetricRef) => MetricDefinition
  readonly timing: Pick<HeartbeatTiming, 'exportInterval'>
  /** Matchers of every series; default: what the variables of a dashboard select. */
  readonly selected?: readonly string[]
}

export type ReadingPromql =
  /** `unit`: as the reading has it. `note`: what people must know to read it. */
  | { readonly kind: 'figure'; readonly expr: string; readonly unit: string; readonly note?: string }
  /** `expr`: 1 for the state that is, by the label of its attribute. `asNumber`: the place in `states`, which are known. */
  | { readonly kind: 'state'; readonly expr: string; readonly states: readonly string[]; readonly asNumber: string | undefined }
  | { readonly kind: 'unsaid'; readonly because: string }

/** Of the labels of a figure; the value of the attribute that the rule is split by is one. */
export function figureLabels({ scope, by }: RuleData): readonly string[] {
  return [...SERVICE_LABELS, ...(scope === 'shared' ? [] : ['instance']), ...(by === undefined ? [] : [prometheusLabel(by)])]
}

export function readingPromql(source: RuleSource): ReadingPromql {
  const { when } = source.data
  const words = new Words(source)
  switch (when.reading) {
    case 'rate':
      return { kind: 'figure', expr: words.events('rate', when.of, when.over), unit: '/s', ...words.note(when.over) }
    case 'increase': {
      const { instrument, unit } = source.metricOf(when.of)
      return {
        kind: 'figure',
        expr: words.increase(when.of, when.over),
        unit: instrument === 'counter' ? unit : '{value}',
        ...words.note(when.over),
      }
    }
    case 'ratio':
      return { kind: 'figure', expr: words.share(when.of, when.in, when.over), unit: '%', ...words.note(when.over) }
    case 'mean':
      return {
        kind: 'figure',
        expr: `${words.values('_sum', when.of, when.over)} / (${words.values('_count', when.of, when.over)} > 0)`,
        unit: source.metricOf(when.of).unit,
        ...words.note(when.over),
      }
    case 'quantile':
      return {
        kind: 'figure',
        expr: `histogram_quantile(${when.q}, ${words.values('_bucket', when.of, when.over, ['le'])})`,
        unit: source.metricOf(when.of).unit,
        ...words.note(when.over),
      }
    case 'level': {
      const { instrument, unit } = source.metricOf(when.of)
      const fold = when.fold ?? (instrument === 'observable_gauge' ? 'max' : 'sum')
      return { kind: 'figure', expr: words.level(fold, when.of), unit: when.called === undefined ? unit : `{${when.called}}` }
    }
    case 'age':
    case 'absent':
      return lastRecorded(words, when.of)
    case 'state':
      return stateOf(words, when, source.data.isNot)
    case 'burn_rate':
      return burnRate(words, when)
    case 'success_rate':
      return {
        kind: 'figure',
        expr: `100 - ${words.share(when.failed, when.attempts, undefined)}`,
        unit: '%',
        note: 'Of the attempts; judged by the independent pieces of evidence behind them.',
      }
    case 'throughput':
      return {
        kind: 'figure',
        expr: words.increase(when.of, 3600),
        unit: '/h',
        note: `Judged while ${words.metricOf(when.owed).name} is above 0.`,
      }
    case 'slow_calls':
      return {
        kind: 'figure',
        expr: words.share(when.of, when.in, undefined),
        unit: '%',
        note: 'Percent of calls that took longer than the limit: above 5 % the 95th percentile is over it.',
      }
  }
}

/** Where something grew between two looks a minute apart it was recorded. */
function lastRecorded(words: Words, of: MetricRef): ReadingPromql {
  const { name, instrument } = words.metricOf(of)
  if (instrument !== 'counter' && instrument !== 'histogram') {
    return {
      kind: 'unsaid',
      because: `Prometheus has ${name} anew with every export, so that nobody can see there when it was last set.`,
    }
  }
  const counted = words.series(of, instrument === 'histogram' ? '_count' : '')
  const grew = `${counted} > (${counted} offset 1m or 0 * ${counted})`
  return {
    kind: 'figure',
    expr: `time() - ${words.fold('max', `max_over_time(timestamp(${grew})[${LOOK_BACK}:1m])`)}`,
    unit: 's',
    note: `Seconds since the last of it, to the minute and up to ${LOOK_BACK}; no line where there was none.`,
  }
}

function stateOf(words: Words, { of, attribute }: StateReading, fine: string | undefined): ReadingPromql {
  const metric = words.metricOf(of)
  // The one that is fine first, as the best.
  const states = (metric.attributes[attribute] ?? []).toSorted((a, b) => Number(b === fine) - Number(a === fine))
  const number = () => stateNumber(metric, attribute, states, words.where(of), words.selected)
  return {
    kind: 'state',
    expr: `${words.fold('max', words.series(of), [attribute])} == 1`,
    states,
    asNumber: states.length === 0 ? undefined : words.fold('max', number()),
  }
}

/** As fast as the slower of the two windows; of a short one in which nothing was, nothing burns. */
function burnRate(words: Words, { of, in: whole, objective, over = LONG_SECONDS, and }: BurnRateReading): ReadingPromql {
  const budget = 100 - objective
  const rate = (window: TimeText) => `${words.share(of, whole, window)} / ${decimal(budget)}`
  const long = rate(over)
  const short = `${rate(and ?? shortSeconds(words.seconds(over)))} or 0 * ${long}`
  const named = (expression: string, window: string) => `label_replace(${expression}, "burn_window", "${window}", "", "")`
  return {
    kind: 'figure',
    expr: words.fold('min', `${named(long, 'long')} or ${named(short, 'short')}`),
    unit: 'x',
    note: `How many times faster than ${objective} % allows; of a long and a short window the slower.`,
  }
}

/** 100 - 99.9 is no 0.09999999999999432 to anybody. */
function decimal(value: number): number {
  return Number(value.toPrecision(12))
}

/** A rate over less than this many exports has too few points. */
const EXPORTS_OF_A_RATE = 2.5

class Words {
  readonly metricOf: RuleSource['metricOf']
  readonly selected: readonly string[] | undefined
  readonly #data: RuleData
  readonly #least: number

  constructor({ data, metricOf, timing, selected }: RuleSource) {
    this.metricOf = metricOf
    this.selected = selected
    this.#data = data
    this.#least = Math.ceil(EXPORTS_OF_A_RATE * timing.exportInterval)
  }

  seconds(over: TimeText = DEFAULTS.over): number {
    return secondsOf(over, `The window of the rule ${this.#data.name}`)
  }

  /** Says so where exports are too far apart for the window. */
  note(over: TimeText | undefined): { readonly note?: string } {
    const seconds = this.seconds(over)
    return seconds >= this.#least
      ? {}
      : { note: `Over ${promqlTime(this.#least)}, as exports are too far apart for ${promqlTime(seconds)}.` }
  }

  where({ where }: MetricRef): NonNullable<RuleData['where']> {
    return { ...where, ...this.#data.where }
  }

  series(ref: MetricRef, suffix: string = ''): string {
    return series(this.metricOf(ref), this.where(ref), suffix, this.selected)
  }

  fold(operator: 'sum' | 'max' | 'min', expression: string, more: readonly string[] = []): string {
    return aggregated(operator, expression, [...more, ...figureLabels(this.#data)])
  }

  level(operator: 'sum' | 'max' | 'min', of: MetricRef): string {
    return this.#ofAnyInstance((more) => this.fold(operator, this.series(of), more))
  }

  /** Of a counter, or of how many values a histogram has. */
  events(what: 'rate' | 'increase', of: MetricRef, over: TimeText | undefined): string {
    const suffix = this.metricOf(of).instrument === 'histogram' ? '_count' : ''
    return this.#ofAnyInstance((more) => this.fold('sum', `${what}(${this.series(of, suffix)}[${this.#window(over)}])`, more))
  }

  /** In the window that the rule has, also where it is looked at over a longer one. */
  increase(of: MetricRef, over: TimeText | undefined): string {
    const seconds = this.seconds(over)
    return seconds >= this.#least ? this.events('increase', of, over) : `${seconds} * ${this.events('rate', of, over)}`
  }

  values(suffix: '_sum' | '_count' | '_bucket', of: MetricRef, over: TimeText | undefined, more: readonly string[] = []): string {
    return this.fold('sum', `increase(${this.series(of, suffix)}[${this.#window(over)}])`, more)
  }

  /** Percent. */
  share(of: MetricRef, whole: MetricRef, over: TimeText | undefined): string {
    return percent(this.events('increase', of, over), this.events('increase', whole, over))
  }

  /** What all instances see is added up in each, and is not more for being seen by several. */
  #ofAnyInstance(expressionOf: (more: readonly string[]) => string): string {
    return this.#data.scope === 'shared' ? this.fold('max', expressionOf(['instance'])) : expressionOf([])
  }

  #window(over: TimeText | undefined): string {
    return promqlTime(Math.max(this.seconds(over), this.#least))
  }
}
