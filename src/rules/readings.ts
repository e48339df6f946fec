/** What a rule may read. Each makes data; the windows they are over can be chosen with `over`. */
import type { AnyMetric } from './metric-ref.ts'
import { refOf } from './metric-ref.ts'
import type {
  CountReading,
  LevelReading,
  ReadingData,
  SlowCallsReading,
  StateReading,
  SuccessRateReading,
  ThroughputReading,
  TimeText,
} from './rule-data.ts'

/** A reading that is being said. */
export class Reading {
  readonly data: ReadingData

  constructor(data: ReadingData) {
    this.data = data
  }

  /** The window, at most 6 h; default 5m. Of a burn rate the second one is the short window. */
  over(window: TimeText, and?: TimeText): Reading {
    return new Reading({ ...this.data, over: window, ...(and !== undefined && { and }) } as ReadingData)
  }
}

function counted(reading: CountReading['reading'], of: AnyMetric): Reading {
  return new Reading({ reading, of: refOf(of) })
}

/** Events of a counter, or values of a histogram, for each second, minute or hour of time that was watched. */
export function rate(of: AnyMetric): Reading {
  return counted('rate', of)
}

/** Events of a counter, or values of a histogram, in the window. */
export function increase(of: AnyMetric): Reading {
  return counted('increase', of)
}

/**
 * Percent of `of` in `in`, honest about small numbers and about bursts: a breach is what would hardly be bad luck. Its window is the
 * shortest that is looked at; where events are few, longer ones are, up to a day.
 */
export function ratio(parts: { readonly of: AnyMetric; readonly in: AnyMetric }): Reading {
  return new Reading({ reading: 'ratio', of: refOf(parts.of), in: refOf(parts.in) })
}

/** The `q` quantile (0 < q < 1) of a histogram's values. */
export function quantile(q: number, of: AnyMetric): Reading {
  return new Reading({ reading: 'quantile', q, of: refOf(of) })
}

/** Mean of a histogram's values. */
export function mean(of: AnyMetric): Reading {
  return new Reading({ reading: 'mean', of: refOf(of) })
}

/** The last value of a gauge or an up-down counter. */
export function level(of: AnyMetric, options: Pick<LevelReading, 'staleAfter' | 'fold' | 'called'> = {}): Reading {
  return new Reading({ reading: 'level', of: refOf(of), ...options })
}

/** Seconds since anything was last recorded. */
export function age(of: AnyMetric): Reading {
  return new Reading({ reading: 'age', of: refOf(of) })
}

/** Nothing was recorded in the window, all of which was watched. */
export function absent(of: AnyMetric): Reading {
  return new Reading({ reading: 'absent', of: refOf(of) })
}

/** Which value of `attribute` carries the 1 of a metric that has a series for each state. */
export function state(of: AnyMetric, attribute: string, messages?: StateReading['messages']): Reading {
  return new Reading({ reading: 'state', of: refOf(of), attribute, ...(messages && { messages }) })
}

/**
 * How many times faster than `objective` (percent, such as 99.9) allows the share of `of`, what is bad, in `in` uses up what may be bad;
 * in a long and a short window both. Source: Google, The Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".
 */
export function burnRate(parts: { readonly of: AnyMetric; readonly in: AnyMetric; readonly objective: number }): Reading {
  return new Reading({ reading: 'burn_rate', of: refOf(parts.of), in: refOf(parts.in), objective: parts.objective })
}

type Said<R> = {
  readonly [K in keyof Omit<R, 'reading'>]: K extends 'wording' | 'called' | 'staleAfter' | 'watched' ? R[K & keyof R] : AnyMetric
}

/** Percent of attempts that succeed, judged by independent pieces of evidence: see rules/readings/success-rate.ts. */
export function successRate(parts: Said<SuccessRateReading>): Reading {
  const { attempts, failed, units, failedUnits, wording } = parts
  return new Reading({
    reading: 'success_rate',
    attempts: refOf(attempts),
    failed: refOf(failed),
    units: refOf(units),
    failedUnits: refOf(failedUnits),
    wording,
  })
}

/** Events an hour while work is owed. */
export function throughput({ of, owed, left, ...rest }: Said<ThroughputReading>): Reading {
  return new Reading({ reading: 'throughput', of: refOf(of), owed: refOf(owed), ...(left && { left: refOf(left) }), ...rest })
}

/** The 95th percentile of the duration of calls, by counting those that were over a limit. */
export function slowCalls({ of, in: all, called }: Said<SlowCallsReading>): Reading {
  return new Reading({ reading: 'slow_calls', of: refOf(of), in: refOf(all), called })
}
