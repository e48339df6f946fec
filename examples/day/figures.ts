/** Counts of several books side by side. */
import type { SeriesSum } from './otlp-sums.ts'

export type Counts = Readonly<Record<string, number>>

/** One figure, in all books that have it. */
export interface Figure {
  readonly what: string
  /** By the simulators, or where they can't know by the service itself. */
  readonly truth: number
  readonly otlp: number
  readonly totals?: number
  /** By the service, where the simulators know it too. */
  readonly service?: number
}

/** Whether all books that have it agree. */
export function agrees({ truth, otlp, totals = truth, service = truth }: Figure): boolean {
  return truth === otlp && truth === totals && truth === service
}

/** One figure per key that any of the books has. */
export function figures(
  what: string,
  books: { readonly truth: Counts; readonly otlp: Counts; readonly totals?: Counts; readonly service?: Counts },
): readonly Figure[] {
  const { truth, otlp, totals, service } = books
  return [...new Set([truth, otlp, totals ?? {}, service ?? {}].flatMap((book) => Object.keys(book)))].map((key) => ({
    what: `${what} ${key}`,
    truth: truth[key] ?? 0,
    otlp: otlp[key] ?? 0,
    ...(totals && { totals: totals[key] ?? 0 }),
    ...(service && { service: service[key] ?? 0 }),
  }))
}

export function countBy(
  series: readonly SeriesSum[],
  key: (series: SeriesSum) => string,
  amount: (series: SeriesSum) => number = ({ value }) => value,
): Counts {
  const counts: Record<string, number> = {}
  for (const each of series) counts[key(each)] = (counts[key(each)] ?? 0) + amount(each)
  return counts
}

export function added(a: Counts, b: Counts): Counts {
  return Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map((key) => [key, (a[key] ?? 0) + (b[key] ?? 0)]))
}

export function prefixed(prefix: string, counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).map(([key, value]) => [prefix + key, value]))
}

export function total(counts: Counts): number {
  return Object.values(counts).reduce((all, n) => all + n, 0)
}

export function sum(series: readonly SeriesSum[]): number {
  return series.reduce((all, { value }) => all + value, 0)
}

export function sumCounts(series: readonly SeriesSum[]): number {
  return series.reduce((all, { count }) => all + count, 0)
}
