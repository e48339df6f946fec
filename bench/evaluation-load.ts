/** A service with many series and many rules, evaluated as a monitor does it, beside one collection of as many counters of the OTel SDK. */
import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'

import { systemClock } from '../src/clock.ts'
import { Windows } from '../src/compute/windows.ts'
import { judge, type JudgeInput } from '../src/judge/judge.ts'
import { CellStore } from '../src/record/cells.ts'
import { wantedOf } from '../src/rules/service-kind.ts'
import type { Rule } from '../src/types.ts'
import { ATTRIBUTES, compiledRules, type Mix, pastOf, recordedMetric, SERIES_PER_METRIC } from './evaluation-mixes.ts'

export interface Load {
  readonly series: number
  readonly rules: number
  readonly mix: Mix
  /** Some parts of the service are broken; otherwise all are well, with a failure now and then. */
  readonly hasBroken: boolean
  /** A day was counted before by earlier processes. */
  readonly hasPast: boolean
}

export interface Costs {
  /** Milliseconds, medians. */
  readonly evaluation: number
  readonly sdkCollect: number
  /** Milliseconds, of the mean evaluation: some begin a stretch of time, and cost more. */
  readonly mean: number
  /** Alerts that were open after the last evaluation, so that nobody measures rules that do nothing. */
  readonly open: number
  /** Verdicts of the last evaluation that were conclusive, and all of them. */
  readonly conclusive: number
  readonly verdicts: number
}

const TICK_MS = 1000
/** Five minutes, the window of most rules. */
const WARM_UP_ROUNDS = 31
const WARM_UP_STEP_MS = 10_000

export async function measureEvaluation({ series, rules: count, mix, ...load }: Load, rounds: number): Promise<Costs> {
  // A service's minutes would be waited for otherwise: what was not watched is not judged, and costs less.
  let now = 0
  const store = new CellStore({ ...systemClock, monotonicMs: () => now })
  const metrics = Array.from({ length: series / SERIES_PER_METRIC }, (_, index) => recordedMetric(store, mix, load, index))
  const rules = compiledRules(metrics, mix, load, count)
  const windows = new Windows(wantedOf({ rules, selectors: [] }), now)
  if (load.hasPast) recallPast(windows, rules, now)
  let alerts: JudgeInput['alerts'] = new Map()
  let found: readonly [conclusive: number, all: number] = [0, 0]
  const evaluate = (): void => {
    store.refresh()
    windows.ingest(store.samples(), now, true)
    const instant = { monotonicMs: now, epochMs: now }
    const judged = judge({ rules, readings: windows.readings(now), alerts, service: 's', alertId: (name) => name, now: instant })
    if (judged.errors.length > 0) throw new Error('A rule of the bench failed.', { cause: judged.errors[0]!.error })
    alerts = judged.alerts
    found = [judged.verdicts.filter(({ kind }) => kind !== 'inconclusive').length, judged.verdicts.length]
  }

  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(1),
    exportIntervalMillis: 3_600_000,
    exportTimeoutMillis: 1000,
  })
  const provider = new MeterProvider({ readers: [reader] })
  const counters = metrics.map((_, index) => provider.getMeter('bench').createCounter(`bench.${index}`))

  const evaluations: number[] = []
  const collections: number[] = []
  // They take turns, so that a machine that changes speed changes it for both.
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    now += round < 0 ? WARM_UP_STEP_MS : TICK_MS
    for (const { record } of metrics) record(now / TICK_MS)
    const evaluation = await timed(evaluate)
    for (const each of counters) for (const labels of ATTRIBUTES) each.add(1, labels)
    const collection = await timed(() => reader.collect())
    if (round < 0) continue
    evaluations.push(evaluation)
    collections.push(collection)
  }
  await provider.shutdown()
  const open = [...alerts.values()].filter(({ state }) => state === 'firing').length
  const mean = evaluations.reduce((sum, each) => sum + each, 0) / evaluations.length
  return { evaluation: median(evaluations), sdkCollect: median(collections), mean, open, conclusive: found[0], verdicts: found[1] }
}

function recallPast(windows: Windows, rules: readonly Rule[], now: number): void {
  const pasts = [pastOf(false, false), pastOf(false, true), pastOf(true, false)] as const
  for (const [index, { needs, by }] of rules.entries()) {
    for (const selector of needs) {
      if (selector.kind !== 'counts') continue
      const past = selector.of[1]?.kind === 'time_above' ? pasts[2] : pasts[index % 3 === 0 ? 1 : 0]
      if (by === undefined) windows.recall(selector, past, now)
      else for (const { part: value } of ATTRIBUTES.slice(0, 10)) windows.recall(selector, past, now, { by, value })
    }
  }
}

/** Milliseconds of this thread, whoever else wants the processor. */
async function timed(run: () => unknown): Promise<number> {
  const begun = threadMs()
  await run()
  return threadMs() - begun
}

function threadMs(): number {
  // Linux brings the time of a thread up to date every few milliseconds only, and when that of the process is asked for.
  process.cpuUsage()
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
