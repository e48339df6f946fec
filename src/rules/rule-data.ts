/** Rules as data: what the builders make, what health.config.json holds, and what generators read. */
import type { MetricDefinition } from '../catalogue.ts'
import type { RuleScope, Severity, Where } from '../types.ts'

/** A metric, or those of its series that `where` selects. Without `definition` it is one that the kind or `metrics` of health.config declares. */
export interface MetricRef {
  readonly metric: string
  readonly where?: Where
  readonly definition?: MetricDefinition
}

/** A number of the reading's own unit, or with its unit: `60 %`, `500 ms`. */
export type LimitText = number | string

/** Seconds, or a text such as `30s`, `5m`, `2h`. */
export type TimeText = number | string

/** Seconds, where a rule does not say. */
export const DEFAULTS = { for: 60, keepFiring: 120, over: 300 } as const

export interface CountReading {
  readonly reading: 'rate' | 'increase'
  readonly of: MetricRef
  readonly over?: TimeText
}
export interface MeanReading {
  readonly reading: 'mean'
  readonly of: MetricRef
  readonly over?: TimeText
}
export interface QuantileReading {
  readonly reading: 'quantile'
  /** 0 < q < 1. */
  readonly q: number
  readonly of: MetricRef
  readonly over?: TimeText
}
export interface RatioReading {
  readonly reading: 'ratio'
  readonly of: MetricRef
  readonly in: MetricRef
  readonly over?: TimeText
}
export interface LevelReading {
  readonly reading: 'level'
  readonly of: MetricRef
  /** No reading once it is older. */
  readonly staleAfter?: TimeText
  /** How several series become one value; default: the sum of counts, else the highest. */
  readonly fold?: 'sum' | 'max' | 'min'
  /** What is counted, in messages. */
  readonly called?: string
}
export interface AgeReading {
  readonly reading: 'age'
  readonly of: MetricRef
}
export interface AbsentReading {
  readonly reading: 'absent'
  readonly of: MetricRef
  readonly over?: TimeText
}
export interface StateReading {
  readonly reading: 'state'
  readonly of: MetricRef
  readonly attribute: string
  /** What people are told, by state. */
  readonly messages?: Readonly<Record<string, string>>
  /** Of states that are another severity than the rule says. */
  readonly severities?: Readonly<Record<string, Severity>>
}
export interface BurnRateReading {
  readonly reading: 'burn_rate'
  readonly of: MetricRef
  readonly in: MetricRef
  /** Percent that should be good: 99.9 leaves 0.1 % to burn. */
  readonly objective: number
  readonly over?: TimeText
  /** The short window, which must burn as fast: what is over does not page. */
  readonly and?: TimeText
}
export interface SuccessRateReading {
  readonly reading: 'success_rate'
  readonly attempts: MetricRef
  readonly failed: MetricRef
  /** Independent pieces of evidence behind the attempts. */
  readonly units: MetricRef
  readonly failedUnits: MetricRef
  readonly wording: SuccessRateWording
}
export interface SuccessRateWording {
  /** What the percentage is of: "Delivery success rate". */
  readonly rate: string
  /** What a unit is: "calls". */
  readonly units: string
  /** The same where it stands for itself: "calls to the provider". */
  readonly unitsInFull: string
}
export interface ThroughputReading {
  readonly reading: 'throughput'
  readonly of: MetricRef
  /** Work is owed while this level is above 0. */
  readonly owed: MetricRef
  /** The events are what is seen of the work: where no source of work is watched, that there are none says nothing. */
  readonly watched?: true
  /** All that is in the queues, whatever its state: where that falls and there are no events, the work is done where nobody sees it. */
  readonly left?: MetricRef
  readonly staleAfter?: TimeText
  readonly wording: ThroughputWording
}
export interface ThroughputWording {
  /** What was done: "fetched {current}". */
  readonly done: string
  /** The same where it is one, if that reads otherwise. */
  readonly one?: string
  /** What is counted: "items". */
  readonly unit: string
}
export interface SlowCallsReading {
  readonly reading: 'slow_calls'
  readonly of: MetricRef
  readonly in: MetricRef
  /** What is called, in messages. */
  readonly called: string
}

export type ReadingData =
  | CountReading
  | MeanReading
  | QuantileReading
  | RatioReading
  | LevelReading
  | AgeReading
  | AbsentReading
  | StateReading
  | BurnRateReading
  | SuccessRateReading
  | ThroughputReading
  | SlowCallsReading

export interface RuleData {
  readonly name: string
  readonly when: ReadingData
  /** A breach above it; one of `above` and `below`, but for `absent` and `state`. */
  readonly above?: LimitText
  readonly below?: LimitText
  /** CRITICAL beyond this; without it every breach is a WARNING. */
  readonly critical?: LimitText
  /** Once firing, clear only beyond this, on the good side of the limit. */
  readonly clear?: LimitText
  /** Of a `state` reading: the one state that is fine. */
  readonly isNot?: string
  /** Of `absent` and `state`, which have no limits. */
  readonly severity?: Severity
  /** Of `ratio`, `success_rate`, `slow_calls` and `throughput`: compared with the limit as it is, in one window, however small the numbers are. */
  readonly plain?: boolean
  /** The breach must hold this long. Default 1m. */
  readonly for?: TimeText
  /** It must be fine this long. Default 2m. */
  readonly keepFiring?: TimeText
  /** What people are told, with {current}, {limit}, {n}, {count}, {failures}, {window}, {of}. */
  readonly says?: string
  /** One alert for each value of this attribute. */
  readonly by?: string
  /** Only these series of every metric it reads. */
  readonly where?: Where
  readonly scope?: RuleScope
  readonly runbook?: string
  /** Rules whose alerts explain this one: while one of them is open people are not told of it. */
  readonly inhibitedBy?: readonly string[]
  /** What mends it: while its alert fires, `otel-health run` may start the process again. */
  readonly recover?: 'restart'
  /** What it is about, for the reference. */
  readonly summary?: string
}
