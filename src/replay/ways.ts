/** By what of the history each rule can be judged again, and why one cannot. */
import { countedPair, type CountedPair } from '../rules/counted-pair.ts'
import type { SaidRule } from '../rules/said-rules.ts'
import { unitOf } from '../rules/unit.ts'
import type { CountedMinute, HistoryMinute } from './history.ts'

export type Way =
  /** What was counted for it, which is what it judged by. */
  | { readonly by: 'counts'; readonly said: SaidRule; readonly pair: CountedPair }
  /** Its level, once a minute. */
  | { readonly by: 'level'; readonly said: SaidRule; readonly gauge: string }
  /** Its figure, once a minute. `factor`: what one of it is in the unit of the limit. */
  | { readonly by: 'figure'; readonly said: SaidRule; readonly gauge: string; readonly factor: number }

export interface NotReplayed {
  readonly rule: string
  readonly why: string
}

/** What is due, by whatever kind of service. */
export const DUE_GAUGE = 'total_queue_size'

/** Figures that kinds of services show of what their rules read, by rule; `unit`: what they are in. */
const FIGURES: Readonly<Record<string, { readonly gauge: string; readonly unit?: string }>> = {
  apple_account_unauthenticated: { gauge: 'apple_account_authenticated' },
  anisette_unreachable: { gauge: 'anisette_server_reachable' },
  quota_nearly_used: { gauge: 'quota_used_percent' },
  aggregation_lag: { gauge: 'lag_seconds', unit: 's' },
  slow_aggregation: { gauge: 'aggregation_p95_ms', unit: 'ms' },
  slow_delivery: { gauge: 'delivery_p95_ms', unit: 'ms' },
  dead_letters_growing: { gauge: 'dead_letters_last_hour' },
  slow_detection: { gauge: 'detection_p95_ms', unit: 'ms' },
  no_events: { gauge: 'quiet_percent' },
}

export function wayOf(said: SaidRule, minutes: readonly HistoryMinute[], counted: readonly CountedMinute[]): Way | NotReplayed {
  const { data, rule } = said
  const pair = countedPair(rule, data.when.reading)
  if (pair && counted.some((minute) => Object.keys(minute.counted).some((key) => ruleOfKey(key) === rule.name))) {
    return { by: 'counts', said, pair }
  }
  if (rule.name === 'large_queue') return inHistory({ by: 'level', said, gauge: DUE_GAUGE }, minutes)
  const shown = FIGURES[rule.name]
  if (shown) return inHistory({ by: 'figure', said, gauge: shown.gauge, factor: factorOf(shown.unit, rule.limits?.unit) }, minutes)
  // A rule of one's own is a figure by its name, in the unit of its limit.
  if (rule.figure) return inHistory({ by: 'figure', said, gauge: rule.name, factor: 1 }, minutes)
  return { rule: rule.name, why: pair ? NOT_COUNTED : NOT_KEPT }
}

const NOT_COUNTED = 'nothing was counted for it: it had nothing to judge, is new, or had another name'
const NOT_KEPT = 'the history does not hold what it reads'

function inHistory(way: Exclude<Way, { by: 'counts' }>, minutes: readonly HistoryMinute[]): Way | NotReplayed {
  const isThere = minutes.some(({ gauges }) => valuesIn(gauges, way.gauge).some(([, text]) => text !== ''))
  return isThere
    ? way
    : { rule: way.said.rule.name, why: `the history has no ${way.gauge}: it is new, had another name, or was never known` }
}

/** The gauge, or each of those that are one by some attribute: `[value, text]`. */
export function valuesIn(gauges: ReadonlyMap<string, string>, gauge: string): readonly (readonly [value: string, text: string])[] {
  const own = gauges.get(gauge)
  const several = Array.from(gauges).flatMap(([name, text]) =>
    name.startsWith(`${gauge}.`) ? [[name.slice(gauge.length + 1), text] as const] : [],
  )
  return several.length > 0 ? several : own === undefined ? [] : [['', own]]
}

/** What is counted is called by its rule, and by the value that the rule is split by. */
export function ruleOfKey(key: string): string {
  return key.split(':', 1)[0]!
}

function factorOf(unit: string | undefined, limit: string | undefined): number {
  const [from, to] = [unit, limit].map((each) => (each === undefined ? undefined : unitOf(each, 's')))
  return from && to ? from.factor / to.factor : 1
}
