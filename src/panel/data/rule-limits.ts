/** Limits that rules hold figures against, found by how rules and figures are called. Pure. */
import type { Chart, RuleRow, ServiceDetail } from '../protocol.ts'
import { figureNames } from './chart-figures.ts'

/** A rule, and the key figure that it is about in the same unit. Rules about rates count work in minutes: their limits are none of an hour. */
const ABOUT = [
  ['large_queue', 'due'],
  ['low_success_rate', 'success'],
] as const

/** What a figure of percent that is used up ends at. */
const USED_UP = /_used_percent(?:\.|$)/

/** `figures`: those that are drawn. Rules about parts of the work have limits of their own, which are none of the whole. */
export function limitOf(
  figure: string,
  figures: readonly string[],
  { rules = [], alerts }: Pick<ServiceDetail, 'rules' | 'alerts'>,
): Chart['limits'] {
  const found = ABOUT.flatMap(([rule, about]) =>
    figureNames(about, figures)[0] === figure ? rules.filter((row) => row.rule === rule) : [],
  )
  const limits = found.flatMap((row) =>
    typeof row.threshold === 'number' ? [{ severity: severityOf(row, alerts), value: row.threshold }] : [],
  )
  return limits.filter(({ value, severity }, i) => limits.findIndex((each) => each.value === value && each.severity === severity) === i)
}

/** What the figure must not reach as it grows; `undefined`: nothing is known that it ends at. */
export function ceilingOf(figure: string, figures: readonly string[], detail: Pick<ServiceDetail, 'rules' | 'alerts'>): number | undefined {
  if (USED_UP.test(figure)) return 100
  if (figureNames('due', figures)[0] !== figure) return undefined
  const values = limitOf(figure, figures, detail).map(({ value }) => value)
  return values.length === 0 ? undefined : Math.min(...values)
}

function severityOf({ rule }: RuleRow, alerts: ServiceDetail['alerts']): 'WARNING' | 'CRITICAL' {
  return alerts.some((alert) => alert.rule === rule && alert.severity === 'CRITICAL') ? 'CRITICAL' : 'WARNING'
}
