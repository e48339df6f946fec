/** Panels that all kinds of service that work have alike. */
import type { RuleLimits } from '../types.ts'
import type { LineColour } from './line-colours.ts'
import type { PanelSpec, Query } from './panel-spec.ts'

/** Percent, from success rates in PromQL: `now` over 5 minutes, `overTime` over whatever suits the chart. */
export interface SuccessRate {
  readonly description: string
  readonly limits: RuleLimits | undefined
  /** Columns of the figure of now. */
  readonly width: number
  readonly now: string
  readonly overTime: Query
}

export function successRateNow({ description, limits, width, now }: SuccessRate): PanelSpec {
  return {
    kind: 'stat',
    title: 'Success rate, 5 min',
    description: `${description} Judged by the rule low_success_rate.`,
    unit: 'percent',
    width,
    limits,
    queries: [{ expr: now, legend: 'success rate' }],
  }
}

export function successRate({ limits, overTime }: SuccessRate): PanelSpec {
  return {
    kind: 'timeseries',
    title: 'Success rate',
    description: 'Percent of attempts that succeeded; no line where nothing was tried. Limits of the rule low_success_rate.',
    unit: 'percent',
    width: 12,
    limits,
    queries: [overTime],
  }
}

/** Stacked counts an hour; the queries are rates a second. */
export function anHour(
  title: string,
  description: string,
  width: number,
  queries: readonly Query[],
  { limits, ...more }: { readonly limits?: RuleLimits | undefined; readonly colours?: readonly LineColour[]; readonly empty?: string } = {},
): PanelSpec {
  return {
    kind: 'timeseries',
    title,
    description,
    unit: 'short',
    width,
    stacked: true,
    limits,
    ...more,
    queries: queries.map(({ expr, legend }) => ({ expr: `3600 * ${expr}`, legend })),
  }
}

/** Limits of a rule about milliseconds, for a metric in seconds. */
export function inSeconds(limits: RuleLimits | undefined): RuleLimits | undefined {
  return limits && { ...limits, warning: limits.warning / 1000 }
}
