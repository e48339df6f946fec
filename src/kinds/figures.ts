/**
 * How readings become the figures of a payload, and the evidence behind them. A figure is `null` while it is not known:
 * not enough of its window was watched, or nothing happened in it.
 */
import { isCovered } from '../judge/covered.ts'
import type { Metric } from '../rules/metric-ref.ts'
import type { DistributionSelector, EventsReading, EventsSelector, LevelSelector, Quantile, Readings, Sample } from '../types.ts'

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
  readonly evidence: { readonly perHour: object; readonly successPercent: object }
}

/** The attempts of a kind of service, and the evidence behind them. */
export interface AttemptMetrics {
  readonly attempts: Metric
  readonly failed: Metric
  readonly units: Metric
  readonly failedUnits: Metric
}

export interface AttemptSelectors {
  readonly attempts: EventsSelector
  readonly failed: EventsSelector
  readonly units: EventsSelector
  readonly failedUnits: EventsSelector
}

export function attemptSelectors({ attempts, failed, units, failedUnits }: AttemptMetrics): AttemptSelectors {
  return { attempts: attempts.events, failed: failed.events, units: units.events, failedUnits: failedUnits.events }
}

export function attemptFigures(readings: Readings, of: AttemptSelectors, tickSeconds: number): AttemptFigures {
  const hour = readings.events(of.attempts, ONE_HOUR)
  const attempts = readings.events(of.attempts, FIVE_MINUTES)
  const failures = readings.events(of.failed, FIVE_MINUTES).count
  return {
    perHour: perHour(hour, tickSeconds),
    successPercent: mean(100 * (attempts.count - failures), attempts.count, attempts, tickSeconds),
    hour,
    succeeded: hour.count - readings.events(of.failed, ONE_HOUR).count,
    evidence: {
      perHour: { attempts: hour.count, ...windowOf(hour) },
      successPercent: {
        attempts: attempts.count,
        failures,
        units: readings.events(of.units, FIVE_MINUTES).count,
        failed_units: readings.events(of.failedUnits, FIVE_MINUTES).count,
        ...windowOf(attempts),
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
  const isShown = isKnown(readings.distribution(selector, FIVE_MINUTES), tickSeconds)
  const quantiles = Object.entries(PERCENTILES).map(([name, q]) => [name, readings.quantile(selector, q, FIVE_MINUTES)] as const)
  return {
    figures: Object.fromEntries(quantiles.map(([name, quantile]) => [name, isShown ? inMilliseconds(quantile) : null])),
    evidence: Object.fromEntries(quantiles.map(([name, quantile]) => [name, errorBound(quantile)])),
  }
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

function isKnown(reading: EventsReading, tickSeconds: number): boolean {
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
