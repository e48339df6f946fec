/** What the simulators have counted, and what Prometheus says of the same. The meaning of each figure is ledger-comparison.ts's. */
import type { LedgerSummary } from '../../examples/simulators/ledger.ts'
import { ERROR_TYPE } from '../../src/catalogue.ts'
import {
  FETCH_ATTEMPTS,
  FETCH_REPORTS,
  FETCH_RETRIES,
  OUTCOME,
  UPSTREAM,
  UPSTREAM_DURATION,
} from '../../src/kinds/tracker-fetcher/metrics.ts'
import { prometheusLabel, prometheusName } from '../../src/export/prometheus-name.ts'
import type { RealStack, Sample } from './real-stack.ts'
import { SERVICE } from './watched-fetcher.ts'

export interface Figure {
  readonly what: string
  readonly ledger: number
  readonly prometheus: number
}

const [outcome, errorType, upstream] = [OUTCOME, ERROR_TYPE, UPSTREAM].map(prometheusLabel) as [string, string, string]

/** Every figure that must be equal once the fetcher has ended and all of its exports have arrived. */
export async function compareWithLedger(ledger: LedgerSummary, stack: RealStack): Promise<readonly Figure[]> {
  const sumBy = async (labels: readonly string[], series: string): Promise<readonly Sample[]> =>
    await stack.query(`sum by (${labels.join(', ')}) (${series}{job="${SERVICE}"})`)
  const [attempts, retries, calls, reports] = await Promise.all([
    sumBy([outcome, errorType], prometheusName(FETCH_ATTEMPTS)),
    sumBy([errorType], prometheusName(FETCH_RETRIES)),
    sumBy([upstream, errorType], `${prometheusName(UPSTREAM_DURATION)}_count`),
    sumBy([], `${prometheusName(FETCH_REPORTS)}_sum`),
  ])
  const callsTo = (name: string): Readonly<Record<string, number>> => {
    // A connection that is refused reaches no simulator.
    const { ECONNREFUSED: _, ...accepted } = named(
      calls.filter(({ labels }) => labels[upstream] === name),
      ({ labels }) => labels[errorType] ?? 'ok',
    )
    return accepted
  }
  return [
    ...figures(
      'attempts',
      { reports: ledger.attempts.reports, empty: ledger.attempts.empty, ...failed(ledger.attempts.failed) },
      named(attempts, ({ labels }) => (labels[outcome] === 'failed' ? `failed ${labels[errorType]}` : labels[outcome]!)),
    ),
    ...figures(
      'retries after',
      ledger.retries,
      named(retries, ({ labels }) => labels[errorType]!),
    ),
    ...figures('calls to Apple', ledger.api_calls.apple, callsTo('apple')),
    ...figures('calls to anisette', ledger.api_calls.anisette, callsTo('anisette')),
    ...figures('reports', { all: ledger.reports.new + ledger.reports.duplicate }, { all: reports[0]?.value ?? 0 }),
  ]
}

type Counts = Readonly<Record<string, number>>

function figures(what: string, ledger: Counts, prometheus: Counts): readonly Figure[] {
  return [...new Set([...Object.keys(ledger), ...Object.keys(prometheus)])].map((key) => ({
    what: `${what} ${key}`,
    ledger: ledger[key] ?? 0,
    prometheus: prometheus[key] ?? 0,
  }))
}

function named(samples: readonly Sample[], name: (sample: Sample) => string): Counts {
  return Object.fromEntries(samples.map((sample) => [name(sample), sample.value]))
}

function failed(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).map(([type, n]) => [`failed ${type}`, n]))
}
