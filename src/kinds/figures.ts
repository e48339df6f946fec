/**
 * How readings become the figures of a payload, and the evidence behind them. A figure is `null` while it is not known:
 * not enough of its window was watched, or nothing happened in it.
 */
import { isCovered } from '../judge/covered.ts'
import type { Metric } from '../rules/metric-ref.ts'
import type {
  DistributionSelector,
  EventsReading,
  EventsSelector,
  KeyMetrics,
  LevelSelector,
  Quantile,
  Readings,
  Sample,
} from '../types.ts'

export const FIVE_MINUTES = 300
export const ONE_HOUR = 3600
const PERCENTILES = { p50: 0.5, p95: 0.95, p99: 0.99 }

/** Events per hour of covered time. */
function perHour(events: EventsReading, tickSeconds: number): number | null {
  return isCovered(events, tickSeconds) ? round((events.count * ONE_HOUR) / events.coveredSeconds) : null
}

export interface AttemptFigures {
  readonly perHour: number | null
  readonly successPercent: number | null
  /** The last hour, and how many of its attempts succeeded. */
  readonly hour: EventsReading
  readonly succeeded: number
  /** Whether enough of the last hour was watched to know them. */
  readonly isKnown: boolean
  /** Why a figure of attempts is `null` if it is: half a sentence; `other`: any but the two rates. */
  readonly why: { readonly perHour: string; readonly successPercent: string; readonly other: string }
  readonly evidence: { readonly perHour: object; readonly successPercent: object }
}

/** The attempts of a kind of service, and the evidence behind them. */
export interface AttemptMetrics {
  readonly attempts: Metric
  /** Those of which it is known how they ended. */
  readonly told: Metric
  readonly failed: Metric
  readonly units: Metric
  readonly failedUnits: Metric
}

export interface AttemptSelectors {
  readonly attempts: EventsSelector
  readonly told: EventsSelector
  readonly failed: EventsSelector
  readonly units: EventsSelector
  readonly failedUnits: EventsSelector
}

export function attemptSelectors({ attempts, told, failed, units, failedUnits }: AttemptMetrics): AttemptSelectors {
  return { attempts: attempts.events, told: told.events, failed: failed.events, units: units.events, failedUnits: failedUnits.events }
}

export interface AttemptWords {
  /** What people call attempts. */
  readonly attempts: string
  /** Why no attempt is seen: then none of them says that there was none. */
  readonly unseen?: string | undefined
}

export function attemptFigures(
  readings: Readings,
  of: AttemptSelectors,
  tickSeconds: number,
  { attempts, unseen }: AttemptWords,
): AttemptFigures {
  const hour = readings.events(of.attempts, ONE_HOUR)
  const told = readings.events(of.told, FIVE_MINUTES)
  const unknown = readings.events(of.attempts, FIVE_MINUTES).count - told.count
  const failures = readings.events(of.failed, FIVE_MINUTES).count
  const isKnown = isCovered(hour, tickSeconds)
  const whyNone = unseen ?? (isKnown ? noneOf(attempts) : JUST_BEGUN)
  return {
    perHour: unseen !== undefined && hour.count === 0 ? null : perHour(hour, tickSeconds),
    successPercent: mean(100 * (told.count - failures), told.count, told, tickSeconds),
    hour,
    isKnown,
    why: {
      perHour: unseen ?? JUST_BEGUN,
      successPercent: isKnown && unknown > 0 ? `nobody can tell how ${unknown} ${attempts} ended` : whyNone,
      other: whyNone,
    },
    succeeded: readings.events(of.told, ONE_HOUR).count - readings.events(of.failed, ONE_HOUR).count,
    evidence: {
      perHour: { attempts: hour.count, ...windowOf(hour) },
      successPercent: {
        attempts: told.count,
        failures,
        ...(unknown > 0 && { unknown }),
        units: readings.events(of.units, FIVE_MINUTES).count,
        failed_units: readings.events(of.failedUnits, FIVE_MINUTES).count,
        ...windowOf(told),
      },
    },
  }
}

/** `sum` over `n` of what was counted in the window of `reading`. */
export function mean(sum: number, n: number, reading: EventsReading, tickSeconds: number): number | null {
  return n > 0 && isCovered(reading, tickSeconds) ? round(sum / n) : null
}

/** Mean of durations that were recorded in seconds. */
export function meanMs(durations: EventsReading & { readonly sum: number }, tickSeconds: number): number | null {
  return mean(1000 * durations.sum, durations.count, durations, tickSeconds)
}

export interface Percentiles {
  /** Milliseconds; `null` also where only "more than the last bound" is known: the bound itself would be a false figure. */
  readonly figures: Readonly<Record<string, number | null>>
  /** Between which milliseconds each of them lies. */
  readonly evidence: Readonly<Record<string, object | null>>
}

/** Of a distribution of seconds over 5 minutes. */
export function percentilesMs(readings: Readings, selector: DistributionSelector, tickSeconds: number): Percentiles {
  const isShown = isMeasured(readings.distribution(selector, FIVE_MINUTES), tickSeconds)
  const quantiles = Object.entries(PERCENTILES).map(([name, q]) => [name, readings.quantile(selector, q, FIVE_MINUTES)] as const)
  return {
    figures: Object.fromEntries(quantiles.map(([name, quantile]) => [name, isShown ? inMilliseconds(quantile) : null])),
    evidence: Object.fromEntries(quantiles.map(([name, quantile]) => [name, errorBound(quantile)])),
  }
}

/** Milliseconds that one of a hundred takes longer than, of a distribution of seconds over 5 minutes; `null` where only "more than the last bound" is known. */
export function p99Ms(readings: Readings, selector: DistributionSelector, tickSeconds: number): number | null {
  const isShown = isMeasured(readings.distribution(selector, FIVE_MINUTES), tickSeconds)
  return isShown ? inMilliseconds(readings.quantile(selector, PERCENTILES.p99, FIVE_MINUTES)) : null
}

/** Half a sentence, of figures of the last 5 minutes in which there were none of these. */
export function noneOf(things: string): string {
  return `no ${things} in the last 5 min`
}

/** Half a sentence, of a rate of which too little of its window was watched. */
export const JUST_BEGUN = 'watched for less than 30 s'

/** Why figures are `null`, of those that are; an object is if all of it is. */
export function whyUnknown(metrics: KeyMetrics, reasons: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const isUnknown = (value: KeyMetrics[string] | undefined) =>
    value === null || (typeof value === 'object' && Object.values(value).every((part) => part === null))
  return Object.fromEntries(Object.entries(reasons).filter(([name]) => isUnknown(metrics[name])))
}

/** Of a level selector; `null` if it is stale. */
export function levelOf(readings: Readings, selector: LevelSelector): number | null {
  const level = readings.level(selector)
  return level && !level.stale ? level.value : null
}

export function windowOf({ windowSeconds, coveredSeconds }: EventsReading): { window_seconds: number; covered_seconds: number } {
  return { window_seconds: windowSeconds, covered_seconds: round(coveredSeconds) }
}

/** Sum over all series of a counter, or of all values of a histogram, since this process started. */
export function sumOf(samples: readonly Sample[], metric: string): number {
  let sum = 0
  for (const sample of samples) {
    if (sample.series.metric === metric) sum += sample.kind === 'histogram' ? sample.value.sum : sample.value
  }
  return sum
}

/** Counts `n` more under `key`. */
export function countUnder(counts: Map<string, number>, key: string, n: number): void {
  counts.set(key, (counts.get(key) ?? 0) + n)
}

/** One decimal, as all figures have. */
export function round(value: number): number {
  return Math.round(value * 10) / 10
}

function isMeasured(reading: EventsReading, tickSeconds: number): boolean {
  return reading.count > 0 && isCovered(reading, tickSeconds)
}

function inMilliseconds(quantile: Quantile | undefined): number | null {
  return quantile && 'value' in quantile ? round(1000 * quantile.value) : null
}

function errorBound(quantile: Quantile | undefined): object | null {
  if (!quantile) return null
  if ('moreThan' in quantile) return { more_than: round(1000 * quantile.moreThan) }
  return { at_least: round(1000 * quantile.atLeast), at_most: round(1000 * quantile.atMost) }
}
