/** A reading as a compiled rule has it: which selectors it needs, and what it makes of them. */
import type { MetricDefinition } from '../catalogue.ts'
import type {
  DistributionSelector,
  EventsSelector,
  LastSeenSelector,
  LevelSelector,
  OpenAlert,
  Readings,
  RuleFigure,
  RuleScope,
  Selector,
  StateSelector,
  Verdict,
} from '../types.ts'
import type { MetricRef, TimeText } from './rule-data.ts'
import type { Sentence } from './sentence.ts'
import type { Limit, ShownUnit } from './unit.ts'

export interface JudgedReading {
  readonly needs: readonly Selector[]
  /** What its value, and so its limits, are in. */
  readonly unit: string
  /** How instances combine unless the rule says. */
  readonly scope: RuleScope
  /** Begins the sentence of a rule that has none: "The ratio of cache.lookups". */
  readonly title: string
  /** Throws one sentence if these limits can never be passed, or always are. */
  check?(limits: Lines): void
  judge(rule: JudgedRule, readings: Readings, open: OpenAlert | undefined): Verdict
  /** In `unit`, that of the rule's limit, where it has one. */
  figure(readings: Readings, unit?: ShownUnit): RuleFigure
}

/** The lines that a rule draws. */
export interface Lines {
  readonly breach: 'above' | 'below'
  readonly warning: Limit
  readonly critical?: Limit | undefined
  /** Once firing, fine only beyond it. */
  readonly clear?: Limit | undefined
}

export interface JudgedRule {
  readonly name: string
  /** `undefined`: the reading has none. */
  readonly limits: Lines | undefined
  readonly sentence: Sentence
}

/** How a reading comes by its metrics. */
export interface Context {
  /** Seconds between two evaluations. */
  readonly tickSeconds: number
  /** Whose reading it is, as sentences name it: "rule slow_calls". */
  readonly whose: string
  /** Throws one sentence if nobody declares the metric, or the selection is none. */
  metric(ref: MetricRef): MetricDefinition
  /** Of a counter, or of the values of a histogram. */
  events(ref: MetricRef): EventsSelector
  distribution(ref: MetricRef): DistributionSelector
  level(ref: MetricRef, options: Pick<LevelSelector, 'fold'> & { readonly staleAfter?: TimeText | undefined }): LevelSelector
  state(ref: MetricRef, attribute: string): StateSelector
  lastSeen(ref: MetricRef): LastSeenSelector
  /** Seconds of a window. */
  window(over: string | number | undefined): number
}
