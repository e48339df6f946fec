/** What otel-health itself makes of a case: its own windows, rules and state machine, tick by tick. */
import { Windows } from '../../../src/compute/windows.ts'
import { judge, type JudgeInput } from '../../../src/judge/judge.ts'
import { compileRule } from '../../../src/rules/compile-rule.ts'
import { wantedOf } from '../../../src/rules/service-kind.ts'
import type { Alert, Rule, Sample, Verdict } from '../../../src/types.ts'
import { BOUNDS, type RandomSeries } from './random-series.ts'
import type { OracleCase } from './random-case.ts'

export interface ExpectedAlert {
  readonly severity: 'warning' | 'critical'
  readonly state: 'pending' | 'firing'
  readonly shard: string
}

/** By tick: the alerts that Prometheus must have. `undefined` from where the two differ on purpose. */
export type Expected = readonly (readonly ExpectedAlert[] | undefined)[]

const CRITICAL = '__critical'

export function judgedCase(each: OracleCase): Expected {
  const rule = compiled(each)
  const rules = [rule, criticalAlone(rule)]
  const windows = new Windows(wantedOf({ rules, selectors: [] }), 0, each.interval)
  const level = levelsOf(each)
  let alerts: JudgeInput['alerts'] = new Map()
  let isLost = false
  return Array.from({ length: each.ticks }, (_, tick) => {
    const now = 1000 * each.interval * (tick + 1)
    windows.ingest(samplesAt(each.series, level, tick, now), now, true)
    const readings = windows.readings(now)
    const judged = judge({ rules, readings, alerts, service: 's', alertId: (name) => name, now: { monotonicMs: now, epochMs: now } })
    if (judged.errors.length > 0) throw new Error(`Case ${each.seed} could not be judged.`, { cause: judged.errors[0]!.error })
    // What is not known stops the timers of otel-health; to Prometheus it is well.
    isLost ||= judged.verdicts.some((verdict) => verdict.kind === 'inconclusive' && isActive(alertOf(alerts, verdict)))
    alerts = judged.alerts
    return isLost ? undefined : [...alerts.values()].flatMap((alert) => expectedOf(alert, each))
  })
}

/** What the rule reads at every tick, where it is known. */
export function figuresOf(each: OracleCase): readonly number[] {
  const rule = compiled(each)
  const windows = new Windows(wantedOf({ rules: [rule], selectors: [] }), 0, each.interval)
  const level = levelsOf(each)
  const { by } = rule
  return Array.from({ length: each.ticks }, (_, tick) => tick).flatMap((tick) => {
    const now = 1000 * each.interval * (tick + 1)
    windows.ingest(samplesAt(each.series, level, tick, now), now, true)
    const readings = windows.readings(now)
    const all = by === undefined ? [readings] : readings.groups(by, rule.needs).map((value) => readings.within(by, value))
    return all.map((one) => rule.figure!(one).value).filter((value) => typeof value === 'number')
  })
}

function compiled({ rule, metrics, interval }: OracleCase): Rule {
  return compileRule(rule, { metrics: new Map(metrics.map((metric) => [metric.name, metric])), tickSeconds: interval, showsFigure: true })
}

/** In Prometheus CRITICAL is an alert of its own. */
function criticalAlone(rule: Rule): Rule {
  return {
    ...rule,
    name: rule.name + CRITICAL,
    judge(readings, open, of): Verdict {
      const verdict = rule.judge(readings, open, of)
      if (verdict.kind !== 'breach' || verdict.severity === 'CRITICAL') return verdict
      return { rule: verdict.rule, kind: 'ok', message: verdict.message, value: verdict.value }
    },
  }
}

function alertOf(alerts: JudgeInput['alerts'], { rule, labels }: Verdict): Alert | undefined {
  return [...alerts.values()].find((alert) => alert.rule === rule && alert.labels?.['shard'] === labels?.['shard'])
}

function isActive(alert: Alert | undefined): boolean {
  return alert !== undefined && alert.state !== 'inactive' && alert.state !== 'resolved'
}

function expectedOf(alert: Alert, { rule }: OracleCase): readonly ExpectedAlert[] {
  if (!isActive(alert)) return []
  const isCritical = alert.rule.endsWith(CRITICAL)
  // A rule without limits has one alert, of its severity, unless some of its states have another.
  const hasBoth =
    rule.above !== undefined || rule.below !== undefined || (rule.when.reading === 'state' && rule.when.severities !== undefined)
  if (!hasBoth && isCritical !== (rule.severity === 'CRITICAL')) return []
  const state = alert.state === 'pending' ? 'pending' : 'firing'
  return [{ severity: isCritical ? 'critical' : 'warning', state, shard: alert.labels?.['shard'] ?? '' }]
}

function levelsOf({ metrics }: OracleCase): ReadonlySet<string> {
  return new Set(metrics.filter(({ instrument }) => instrument.startsWith('observable')).map(({ name }) => name))
}

function samplesAt(all: readonly RandomSeries[], levels: ReadonlySet<string>, tick: number, now: number): Sample[] {
  return all.flatMap((series): Sample[] => {
    const value = series.recorded[tick]
    if (value === undefined) return []
    if (levels.has(series.metric)) return [{ series, kind: 'level', value: value[0]!, setAt: now }]
    if (value.length === 1) return [{ series, kind: 'sum', value: value[0]! }]
    const counts = value.slice(0, -1)
    return [
      { series, kind: 'histogram', value: { bounds: BOUNDS, counts, count: counts.reduce((sum, n) => sum + n, 0), sum: value.at(-1)! } },
    ]
  })
}
