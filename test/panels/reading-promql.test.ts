/** What a rule reads, in PromQL that Prometheus' own grammar accepts. */
import { describe, expect, test } from 'vitest'

import { ownRules } from '../../src/generate/own-rules.ts'
import { figureLabels, readingPromql } from '../../src/panels/reading-promql.ts'
import type { RuleData } from '../../src/rules/rule-data.ts'
import type { MetricsConfig } from '../../src/rules/rules-config.ts'
import { generateOptions } from '../generate/generate-options.ts'
import { parsePromql } from '../generate/promql.ts'

const METRICS: MetricsConfig = {
  lookups: { instrument: 'counter', unit: '{lookup}', attributes: { result: ['hit', 'miss', 'error'], 'cache.name': [] } },
  size: { instrument: 'histogram', unit: 'KiBy', bounds: [1, 10, 100] },
  free: { instrument: 'gauge', unit: '{connection}' },
  waiting: { instrument: 'up_down_counter', unit: '{job}' },
  mode: { instrument: 'up_down_counter', attributes: { state: ['bad', 'ok', 'unknown'] } },
  phase: { instrument: 'gauge', attributes: { state: [] } },
}
const LOOKUPS = { metric: 'lookups' }
const MISSES = { metric: 'lookups', where: { result: 'miss' } }

type Given = Omit<RuleData, 'name'>

function promqlOf(given: Given, exportInterval = 60) {
  const [own] = ownRules(generateOptions({ rules: { mine: given }, metrics: METRICS }))
  return readingPromql({ data: own!.data, metricOf: own!.metricOf, timing: { exportInterval }, selected: [] })
}

const BY = 'deployment_environment_name, job, instance'

const CASES: readonly {
  readonly why: string
  readonly rule: Given
  readonly expr: string
  readonly unit?: string
  readonly note?: RegExp
}[] = [
  {
    why: 'a rate is one of each instance, over the window that rules have unless they say',
    rule: { when: { reading: 'rate', of: LOOKUPS }, above: 1 },
    expr: `sum by (${BY}) (rate(lookups_total[5m]))`,
    unit: '/s',
  },
  {
    why: 'an increase has the window that the rule says',
    rule: { when: { reading: 'increase', of: LOOKUPS, over: '2h' }, above: 1 },
    expr: `sum by (${BY}) (increase(lookups_total[2h]))`,
    unit: '{lookup}',
  },
  {
    why: 'a window shorter than exports allow is widened, and what is said is still of the window',
    rule: { when: { reading: 'increase', of: LOOKUPS, over: '30s' }, above: 1 },
    expr: `30 * sum by (${BY}) (rate(lookups_total[150s]))`,
    unit: '{lookup}',
    note: /^Over 150s, as exports are too far apart for 30s\.$/,
  },
  {
    why: 'values of a histogram are counted',
    rule: { when: { reading: 'increase', of: { metric: 'size' } }, above: 1 },
    expr: `sum by (${BY}) (increase(size_kibibytes_count[5m]))`,
    unit: '{value}',
  },
  {
    why: 'a ratio of nothing is no data, and of a counter that never counted 0 %',
    rule: { when: { reading: 'ratio', of: MISSES, in: LOOKUPS }, above: '5 %' },
    expr:
      `100 * (sum by (${BY}) (increase(lookups_total{result="miss"}[5m])) or 0 * sum by (${BY}) (increase(lookups_total[5m]))) / ` +
      `(sum by (${BY}) (increase(lookups_total[5m])) > 0)`,
    unit: '%',
  },
  {
    why: 'where of the rule is that of each metric; lists are alternatives as they are written, and not is none of them',
    rule: {
      when: { reading: 'rate', of: { metric: 'lookups', where: { result: ['hit', 'miss'] } } },
      above: 1,
      where: { 'cache.name': { not: ['a.b', 'c|d'] } },
    },
    expr: String.raw`sum by (${BY}) (rate(lookups_total{result=~"hit|miss",cache_name!~"a\\.b|c\\|d"}[5m]))`,
    unit: '/s',
  },
  {
    why: 'not of one value',
    rule: { when: { reading: 'rate', of: { metric: 'lookups', where: { result: { not: 'hit' } } } }, above: 1 },
    expr: `sum by (${BY}) (rate(lookups_total{result!="hit"}[5m]))`,
    unit: '/s',
  },
  {
    why: 'a rule that is split is told apart by the attribute',
    rule: { when: { reading: 'rate', of: LOOKUPS }, above: 1, by: 'cache.name' },
    expr: `sum by (${BY}, cache_name) (rate(lookups_total[5m]))`,
    unit: '/s',
  },
  {
    why: 'a mean is of the values that there were',
    rule: { when: { reading: 'mean', of: { metric: 'size' } }, above: 1 },
    expr: `sum by (${BY}) (increase(size_kibibytes_sum[5m])) / (sum by (${BY}) (increase(size_kibibytes_count[5m])) > 0)`,
    unit: 'KiBy',
  },
  {
    why: 'a quantile is that of the buckets',
    rule: { when: { reading: 'quantile', q: 0.95, of: { metric: 'size' } }, above: 50 },
    expr: `histogram_quantile(0.95, sum by (le, ${BY}) (increase(size_kibibytes_bucket[5m])))`,
    unit: 'KiBy',
  },
  {
    why: 'of gauges the worst counts, unless the rule folds them otherwise',
    rule: { when: { reading: 'level', of: { metric: 'free' } }, below: 1 },
    expr: `max by (${BY}) (free)`,
    unit: '{connection}',
  },
  {
    why: 'what is counted is added up',
    rule: { when: { reading: 'level', of: { metric: 'waiting' }, called: 'jobs' }, above: 1 },
    expr: `sum by (${BY}) (waiting)`,
    unit: '{jobs}',
  },
  {
    why: 'what all instances see is not more for being seen by several',
    rule: { when: { reading: 'level', of: { metric: 'waiting' } }, above: 1, scope: 'shared' },
    expr: 'max by (deployment_environment_name, job) (sum by (instance, deployment_environment_name, job) (waiting))',
    unit: '{job}',
  },
  {
    why: 'the age of a counter is the time since it grew',
    rule: { when: { reading: 'age', of: LOOKUPS }, above: '10 min' },
    expr: `time() - max by (${BY}) (max_over_time(timestamp(lookups_total > (lookups_total offset 1m or 0 * lookups_total))[12h:1m]))`,
    unit: 's',
    note: /to the minute/,
  },
  {
    why: 'an absence is an age as well',
    rule: { when: { reading: 'absent', of: { metric: 'size' } } },
    expr: `time() - max by (${BY}) (max_over_time(timestamp(size_kibibytes_count > (size_kibibytes_count offset 1m or 0 * size_kibibytes_count))[12h:1m]))`,
    unit: 's',
    note: /to the minute/,
  },
  {
    why: 'a burn rate is that of the slower of two windows; where nothing was in the short one nothing burns',
    rule: { when: { reading: 'burn_rate', of: MISSES, in: LOOKUPS, objective: 99.9, over: '2h' }, above: 14.4 },
    expr: burn('2h', '10m'),
    unit: 'x',
    note: /99.9 %/,
  },
  {
    why: 'a success rate is that of attempts',
    rule: {
      when: {
        reading: 'success_rate',
        attempts: LOOKUPS,
        failed: MISSES,
        units: LOOKUPS,
        failedUnits: MISSES,
        wording: { rate: 'Rate', units: 'calls', unitsInFull: 'calls' },
      },
      below: 90,
    },
    expr: `100 - ${share('5m')}`,
    unit: '%',
    note: /evidence/,
  },
  {
    why: 'throughput is a count of an hour',
    rule: {
      when: { reading: 'throughput', of: LOOKUPS, owed: { metric: 'waiting' }, wording: { done: '{current} done', unit: 'lookups' } },
      below: 10,
    },
    expr: `sum by (${BY}) (increase(lookups_total[1h]))`,
    unit: '/h',
    note: /while waiting is above 0/,
  },
  {
    why: 'slow calls are a share of the calls',
    rule: { when: { reading: 'slow_calls', of: MISSES, in: LOOKUPS, called: 'it' }, above: 500 },
    expr: share('5m'),
    unit: '%',
    note: /above 5 %/,
  },
]

function share(window: string): string {
  const all = `sum by (${BY}) (increase(lookups_total[${window}]))`
  return `100 * (sum by (${BY}) (increase(lookups_total{result="miss"}[${window}])) or 0 * ${all}) / (${all} > 0)`
}

function burn(long: string, short: string): string {
  const rate = (window: string) => `${share(window)} / 0.1`
  return (
    `min by (${BY}) (label_replace(${rate(long)}, "burn_window", "long", "", "") or ` +
    `label_replace(${rate(short)} or 0 * ${rate(long)}, "burn_window", "short", "", ""))`
  )
}

describe.for(CASES)('$why', ({ rule, expr, unit, note }) => {
  test('is said', () => {
    const said = promqlOf(rule)
    expect(said).toMatchObject({ kind: 'figure', expr, unit })
    if (note) expect(said).toHaveProperty('note', expect.stringMatching(note))
    else expect(said).not.toHaveProperty('note')
  })

  test('is PromQL', () => {
    expect(parsePromql(expr).errors).toEqual([])
  })
})

test('a state that is known is a number, the fine one first; it is 1 for the state that is in any case', () => {
  const said = promqlOf({ when: { reading: 'state', of: { metric: 'mode' }, attribute: 'state' }, isNot: 'ok' })
  expect(said).toMatchObject({ kind: 'state', states: ['ok', 'bad', 'unknown'], expr: `max by (state, ${BY}) (mode) == 1` })
  const { asNumber } = said as { asNumber: string }
  expect(parsePromql(asNumber)).toMatchObject({
    errors: [],
    selectors: ['ok', 'bad', 'unknown'].map((state) => ({ metric: 'mode', matchers: [`state="${state}"`] })),
  })
})

test('a state of which nobody knows the names has no number', () => {
  const said = promqlOf({ when: { reading: 'state', of: { metric: 'phase' }, attribute: 'state' }, isNot: 'ok' })
  expect(said).toMatchObject({ kind: 'state', states: [], expr: `max by (state, ${BY}) (phase_ratio) == 1`, asNumber: undefined })
})

test.for([
  { reading: 'age', rule: { when: { reading: 'age', of: { metric: 'free' } }, above: 60 } },
  { reading: 'absent', rule: { when: { reading: 'absent', of: { metric: 'free' } } } },
] as const)('$reading of a level cannot be said, and it is said why', ({ rule }) => {
  expect(promqlOf(rule)).toEqual({
    kind: 'unsaid',
    because: expect.stringMatching(/^Prometheus has free anew with every export/) as string,
  })
})

test('exports every few seconds leave short windows as they are', () => {
  expect(promqlOf({ when: { reading: 'increase', of: LOOKUPS, over: '30s' }, above: 1 }, 10)).toMatchObject({
    expr: `sum by (${BY}) (increase(lookups_total[30s]))`,
  })
})

test('the labels of a figure are those of who is judged', () => {
  const data: RuleData = { name: 'mine', when: { reading: 'rate', of: LOOKUPS } }
  expect(figureLabels(data)).toEqual(['deployment_environment_name', 'job', 'instance'])
  expect(figureLabels({ ...data, by: 'cache.name', scope: 'shared' })).toEqual(['deployment_environment_name', 'job', 'cache_name'])
})
