/** The rules of services as alerting rules of Prometheus: how each is said, and what is said of what cannot be. */
import { readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

import { grew } from '../../src/generate/growth.ts'
import type { GenerateOptions } from '../../src/generate/options.ts'
import type { ServiceAlert, ServiceRuleGroup } from '../../src/generate/service-rules.ts'
import { serviceRuleFile, serviceRules } from '../../src/generate/service-rules.ts'
import { kindNamed } from '../../src/kinds/define-kind.ts'
import { CATALOGUE } from '../../src/kinds/index.ts'
import { prometheusName } from '../../src/export/prometheus-name.ts'
import type { RulesConfig } from '../../src/rules/rules-config.ts'
import { generateOptions } from './generate-options.ts'
import { parsePromql } from './promql.ts'

const FILE = new URL('../../prometheus/rules/services/otel-health-services.yml', import.meta.url)

const METRICS = {
  lookups: { instrument: 'counter', unit: '{lookup}', attributes: { result: [], 'cache.name': [] } },
  size: { instrument: 'histogram', unit: 'KiBy', bounds: [1, 10, 100] },
  free: { instrument: 'gauge', unit: '{connection}' },
  lag: { instrument: 'gauge', unit: 's' },
  waiting: { instrument: 'up_down_counter', unit: '{job}' },
  mode: { instrument: 'gauge', attributes: { state: ['ok', 'bad', 'unknown'] } },
} as const

const LOOKUPS = { metric: 'lookups' }
const MISSES = { metric: 'lookups', where: { result: 'miss' } }
const I = 'deployment_environment_name, job, instance'
const S = 'deployment_environment_name, job'
const BEATS = `max by (${I}) (health_heartbeat_time_seconds)`

/** The group of a service that has no rules of its own but these. */
function groupOf(rules: RulesConfig): ServiceRuleGroup {
  const kind = { ...kindNamed('worker'), name: 'mine', rules: () => [] }
  return serviceRules({ ...generateOptions({ rules, metrics: METRICS }), kind, isOfOneService: true })[0]!
}

function alertsOf(rules: RulesConfig): readonly ServiceAlert[] {
  return groupOf(rules).rules.filter((each) => 'alert' in each)
}

const lookups = (where: string, window: number, step = 60) => `sum by (${I}) (${grew(`lookups_total${where}`, { window, step })})`

const CASES: readonly {
  readonly why: string
  readonly rule: object
  readonly records?: Readonly<Record<string, string>>
  readonly warning?: string
  readonly critical?: string
  readonly notes?: readonly RegExp[]
}[] = [
  {
    why: 'a rate is of the time that was watched, in the unit of its limit',
    rule: { when: { reading: 'rate', of: LOOKUPS }, above: '30 /min', critical: '3600 /h' },
    records: {
      'mine:r:of': `${lookups('', 300)} or 0 * ${BEATS}`,
      'mine:r:watched': `60 * count_over_time(${BEATS}[5m:1m])`,
    },
    warning: '60 * mine:r:of / mine:r:watched > 30 and mine:r:watched >= 180',
    critical: '3600 * mine:r:of / mine:r:watched > 3600 and mine:r:watched >= 180',
  },
  {
    why: 'too few are too few only once the window was watched',
    rule: { when: { reading: 'increase', of: MISSES, over: '1h' }, below: 5 },
    warning: 'mine:r:of < 5 and mine:r:watched >= 3240',
  },
  {
    why: 'a window shorter than exports allow is widened, and what is compared is still of the window',
    rule: { when: { reading: 'increase', of: LOOKUPS, over: '30s' }, above: 5 },
    warning: '30 * mine:r:of / 60 > 5',
    notes: [/^Over 1m, as exports are too far apart for 30s/],
  },
  {
    why: 'a mean is of the values in the window',
    rule: { when: { reading: 'mean', of: { metric: 'size' } }, above: '2 KiBy' },
    warning: 'mine:r:sum / (mine:r:count > 0) > 2',
  },
  {
    why: 'a quantile needs as many values as otel-health wants',
    rule: { when: { reading: 'quantile', q: 0.95, of: { metric: 'size' } }, above: 10 },
    warning: 'histogram_quantile(0.95, mine:r:bucket) > 10 and mine:r:count >= 20',
  },
  {
    why: 'a quantile beyond the last bound is above it',
    rule: { when: { reading: 'quantile', q: 0.5, of: { metric: 'size' } }, above: 100 },
    warning:
      `histogram_quantile(0.5, mine:r:bucket) >= 100 and 0.5 * max by (${I}) (mine:r:bucket{le="+Inf"}) > ` +
      `max by (${I}) (mine:r:bucket{le!="+Inf"}) and mine:r:count >= 2`,
  },
  {
    why: 'a limit inside a wide bucket is said to be guessed',
    rule: { when: { reading: 'quantile', q: 0.5, of: { metric: 'size' } }, above: 50 },
    warning: 'histogram_quantile(0.5, mine:r:bucket) > 50 and mine:r:count >= 2',
    notes: [/guesses where/],
  },
  {
    why: 'limits of a level are in the unit that is exported',
    rule: { when: { reading: 'level', of: { metric: 'lag' }, staleAfter: '2m' }, above: '45 min', critical: 60 },
    warning: `max by (${I}) (lag_seconds) > 2700`,
    critical: `max by (${I}) (lag_seconds) > 3600`,
    notes: [/cannot see when it was set/],
  },
  {
    why: 'what all instances see is one figure',
    rule: { when: { reading: 'level', of: { metric: 'waiting' } }, above: 5, scope: 'shared' },
    warning: `max by (${S}) (sum by (${I}) (waiting)) > 5`,
  },
  {
    why: 'where all instances must be as bad the best of them counts',
    rule: { when: { reading: 'level', of: { metric: 'free' } }, above: 5, scope: 'all' },
    warning: `min by (${S}) (max by (${I}) (free)) > 5`,
  },
  {
    why: 'an alert that fires is held by its clear limit',
    rule: { when: { reading: 'level', of: { metric: 'free' } }, below: 5, clear: 8 },
    warning:
      `max by (${I}) (free) < 5 or max by (${I}) (free) < 8 and on (${I}) ` +
      'ALERTS{alertname="r",alertstate="firing",kind="mine",severity="warning"}',
    notes: [/Held by the clear limit/],
  },
  {
    why: 'an age is passed where nothing was counted for longer, and something within a day',
    rule: { when: { reading: 'age', of: LOOKUPS }, above: '10 min' },
    records: { 'mine:r:warning': lookups('', 660) },
    warning: `max by (${S}) (mine:r:warning) == 0 and max by (${S}) (max by (${I}) (max_over_time(lookups_total[1d]))) > 0`,
  },
  {
    why: 'an absence is known when the window was watched',
    rule: { when: { reading: 'absent', of: MISSES, over: '10m' }, severity: 'CRITICAL' },
    records: {
      'mine:r:of': `${lookups('{result="miss"}', 660)} or 0 * ${BEATS}`,
      'mine:r:watched': `60 * count_over_time(${BEATS}[10m:1m])`,
    },
    critical: `max by (${S}) (mine:r:of) == 0 and on (${S}) max by (${S}) (mine:r:watched) >= 540`,
  },
  {
    why: 'a state is broken in every known state but one, and its alert goes on from one to the other',
    rule: { when: { reading: 'state', of: { metric: 'mode' }, attribute: 'state' }, isNot: 'ok' },
    critical: `max by (${I}) (mode_ratio{state!~"ok|unknown"}) == 1`,
  },
  {
    why: 'a rule that is split has a label, and no zero of what was never counted',
    rule: { when: { reading: 'rate', of: LOOKUPS }, above: 1, by: 'cache.name', where: { result: ['hit', 'miss'] } },
    records: {
      'mine:r:of': `sum by (${I}, cache_name) (${grew('lookups_total{result=~"hit|miss"}', { window: 300, step: 60 })})`,
      'mine:r:watched': `60 * count_over_time(${BEATS}[5m:1m])`,
    },
    warning: `mine:r:of / on (${I}) group_left () mine:r:watched > 1 and on (${I}) mine:r:watched >= 180`,
    notes: [/never counted of a cache\.name/],
  },
  {
    why: 'a ratio that is judged by chance as well has its plain form, of enough events',
    rule: { when: { reading: 'ratio', of: MISSES, in: LOOKUPS }, above: '5 %' },
    records: { 'mine:r:of': lookups('{result="miss"}', 300), 'mine:r:in': lookups('', 300) },
    warning: '100 * (mine:r:of or 0 * mine:r:in) / (mine:r:in > 0) > 5 and mine:r:in >= 20',
    notes: [/^Plain form over 5m, from 20 events on: .* PromQL cannot\.$/],
  },
  {
    why: 'a ratio that is to be plain is compared as it is',
    rule: { when: { reading: 'ratio', of: MISSES, in: LOOKUPS }, above: '5 %', plain: true },
    warning: '100 * (mine:r:of or 0 * mine:r:in) / (mine:r:in > 0) > 5',
  },
  {
    why: 'a budget burns in both windows',
    rule: { when: { reading: 'burn_rate', of: MISSES, in: LOOKUPS, objective: 99.9, over: '2h' }, above: 14.4 },
    warning:
      '1000 * (mine:r:of_long or 0 * mine:r:in_long) / (mine:r:in_long > 0) > 14.4 and ' +
      '(1000 * (mine:r:of_short or 0 * mine:r:in_short) / (mine:r:in_short > 0) or 0 * (mine:r:in_long > 0)) > 14.4',
  },
  {
    why: 'a budget that all instances must burn',
    rule: { when: { reading: 'burn_rate', of: MISSES, in: LOOKUPS, objective: 90 }, above: 2, scope: 'all' },
    warning:
      `min by (${S}) (100 * (mine:r:of_long or 0 * mine:r:in_long) / (10 * mine:r:in_long > 0)) > 2 and ` +
      `min by (${S}) (100 * (mine:r:of_short or 0 * mine:r:in_short) / (10 * mine:r:in_short > 0) or 0 * (mine:r:in_long > 0)) > 2`,
  },
  {
    why: 'a success rate is clear two points above its limit',
    rule: {
      when: {
        reading: 'success_rate',
        attempts: LOOKUPS,
        failed: MISSES,
        units: LOOKUPS,
        failedUnits: MISSES,
        wording: { rate: 'Rate', units: 'calls', unitsInFull: 'calls' },
      },
      below: 80,
      plain: true,
    },
    records: { 'mine:r:failed': lookups('{result="miss"}', 300), 'mine:r:units': lookups('', 300) },
    warning:
      '100 * (mine:r:units - (mine:r:failed or 0 * mine:r:units)) / (mine:r:units > 0) < 80 or ' +
      '100 * (mine:r:units - (mine:r:failed or 0 * mine:r:units)) / (mine:r:units > 0) < 82 and ' +
      `on (${I}) ALERTS{alertname="r",alertstate="firing",kind="mine",severity="warning"}`,
  },
  {
    why: 'slow calls are too many from 5 % on, whatever their limit is',
    rule: { when: { reading: 'slow_calls', of: MISSES, in: LOOKUPS, called: 'it' }, above: 500, plain: true },
    warning: '100 * (mine:r:slow or 0 * mine:r:calls) / (mine:r:calls > 0) > 5',
  },
  {
    why: 'throughput is of the hours in which work was owed',
    rule: {
      when: { reading: 'throughput', of: LOOKUPS, owed: { metric: 'waiting' }, wording: { done: '{current} done', unit: 'lookups' } },
      below: 10,
    },
    warning:
      `max by (${S}) (3600 * mine:r:of / (mine:r:owed > 0) and mine:r:owed >= 3240 and mine:r:watched >= 3240 and ` +
      `sum by (${I}) (waiting)) < 10`,
    notes: [/^Plain form over 1h, of which work was owed/],
  },
  {
    why: 'a throughput that is to be plain needs nine tenths of an hour in which it is known what was owed',
    rule: {
      when: { reading: 'throughput', of: LOOKUPS, owed: { metric: 'waiting' }, wording: { done: '{current} done', unit: 'lookups' } },
      below: 10,
      plain: true,
    },
    warning:
      `max by (${S}) (3600 * mine:r:of / (mine:r:owed > 0) and ` +
      `60 * count_over_time(sum by (${I}) (waiting offset 1m)[1h:1m]) >= 3240 and sum by (${I}) (waiting)) < 10`,
  },
]

describe.for(CASES)('$why', ({ rule, records, warning, critical, notes = [] }) => {
  const group = groupOf({ r: rule })

  test('is said', () => {
    const alerts = group.rules.filter((each) => 'alert' in each)
    const exprOf = (severity: string) => alerts.find(({ labels }) => labels.severity === severity)?.expr
    expect({ warning: exprOf('warning'), critical: exprOf('critical') }).toEqual({ warning, critical })
    if (records)
      expect(Object.fromEntries(group.rules.flatMap((each) => ('record' in each ? [[each.record, each.expr]] : [])))).toEqual(records)
  })

  test('is PromQL', () => {
    for (const { expr } of group.rules) expect(parsePromql(expr).errors).toEqual([])
  })

  test('says what PromQL cannot', () => {
    const said = [...group.comments.values()].flatMap((comment) => comment.split('\n').slice(1))
    expect(said).toEqual(notes.map((note) => expect.stringMatching(note) as string))
  })
})

test('times, severity, runbook and sentence are those of the rule', () => {
  const [warning, critical] = alertsOf({
    low_pool: {
      when: { reading: 'level', of: { metric: 'free' } },
      below: 5,
      critical: 1,
      for: '90s',
      keepFiring: 0,
      runbook: 'https://example.org/low-pool',
      summary: 'Few {{free}} connections.',
    },
  })
  expect(warning).toMatchObject({
    alert: 'low_pool',
    for: '90s',
    keep_firing_for: '0s',
    labels: { severity: 'warning', kind: 'mine', origin: 'otel-health' },
    annotations: {
      summary: 'low_pool of {{ $labels.job }} ({{ $labels.instance }})',
      description: 'Few {{ "{{" }}free}} connections. Now {{ $value | humanize }}.',
      runbook_url: 'https://example.org/low-pool',
    },
  })
  expect(critical).toMatchObject({ alert: 'low_pool', labels: { severity: 'critical' } })
})

test('what PromQL cannot say at all stands in a comment, with the reason', () => {
  const rules = { old_pool: { when: { reading: 'age', of: { metric: 'free' } }, above: 60 } } as const
  expect(groupOf(rules)).toMatchObject({ rules: [], missing: [expect.stringMatching(/^Not here: old_pool\. .*when it was last set\.$/)] })
  expect(serviceRuleFile({ ...generateOptions({ rules, metrics: METRICS }), isOfOneService: true })).toMatch(/^ *# Not here: old_pool\./m)
})

test('without a health.config it is the rules of every kind, each where it is said first', () => {
  const groups = serviceRules(generateOptions())
  expect(groups.map(({ name }) => name)).toContain('otel-health judges worker')
  expect(groups.map(({ name }) => name)).toContain('otel-health judges tracker_fetcher')
  const low = groups.flatMap(({ rules }) => rules).filter((each) => 'alert' in each && each.alert === 'large_queue')
  expect(new Set(low.map(({ expr }) => expr)).size).toBe(low.length)
})

test('with one it is the rules of that kind, with its limits', () => {
  const options = generateOptions({ profile: 'worker', rules: { large_queue: { limit: 7 }, slow_upstream: false } })
  const groups = serviceRules({ ...options, isOfOneService: true })
  expect(groups.map(({ name }) => name)).toEqual(['otel-health judges worker', 'otel-health judges every service'])
  const alerts = groups[0]!.rules.filter((each) => 'alert' in each)
  expect(alerts.find(({ alert }) => alert === 'large_queue')!.expr).toMatch(/> 7$/)
  expect(alerts.map(({ alert }) => alert)).not.toContain('slow_upstream')
})

describe('the rules of every service', () => {
  const exprsOf = (options: GenerateOptions) => {
    const { rules } = serviceRules(options).find(({ name }) => name === 'otel-health judges every service')!
    return rules.flatMap((each) =>
      'alert' in each ? [[`${each.alert} ${each.labels.severity} ${each.labels.kind}`, each.expr] as const] : [],
    )
  }

  test('stand once, whatever kinds there are', () => {
    expect(Object.fromEntries(exprsOf(generateOptions()))).toEqual({
      'restart_loop warning service': `max by (${S}) (max by (${I}) (health_restarts)) > 2`,
      'restart_loop critical service': `max by (${S}) (max by (${I}) (health_restarts)) > 4`,
      'drain_stuck warning service': `max by (${I}) (health_draining_time_seconds) > 600`,
      'dependency_down warning service': `max by (${I}, check) (health_dependency_status{health_state!~"healthy|unknown"}) == 1`,
      'dependency_down critical service': `max by (${I}, check) (health_dependency_status{health_state="unhealthy"}) == 1`,
    })
    const all = serviceRules(generateOptions()).flatMap(({ rules }) => rules)
    expect(all.filter((each) => 'alert' in each && ['restart_loop', 'dependency_down'].includes(each.alert))).toHaveLength(4)
  })

  test('are as the health.config has them', () => {
    const options = generateOptions({ profile: 'worker', rules: { restart_loop: { limit: 7, critical: 9 }, dependency_down: false } })
    expect(exprsOf({ ...options, isOfOneService: true })).toEqual([
      ['restart_loop warning worker', `max by (${S}) (max by (${I}) (health_restarts)) > 7`],
      ['restart_loop critical worker', `max by (${S}) (max by (${I}) (health_restarts)) > 9`],
      ['drain_stuck warning worker', `max by (${I}) (health_draining_time_seconds) > 600`],
    ])
  })

  test('are as the kind has them', () => {
    const kind = {
      ...kindNamed('worker'),
      changes: { restart_loop: false, drain_stuck: false, dependency_down: { keepFiring: 300 } },
    } as const
    const { rules } = serviceRules({ ...generateOptions(), kind, isOfOneService: true }).at(-1)!
    expect(rules).toMatchObject([
      { alert: 'dependency_down', keep_firing_for: '5m' },
      { alert: 'dependency_down', keep_firing_for: '5m' },
    ])
  })
})

test('the statistical rules of kinds have their plain form', () => {
  const comments = serviceRules(generateOptions()).flatMap((group) =>
    [...group.comments.entries()].map(([at, comment]) => ({ group, at, comment })),
  )
  for (const rule of ['low_success_rate', 'low_work_rate', 'low_fetch_rate', 'slow_apple_api', 'slow_upstream']) {
    const its = comments.filter(({ group, at }) => JSON.stringify(group.rules[at]).includes(rule))
    expect({ rule, n: its.length }).not.toEqual({ rule, n: 0 })
    for (const { comment } of its) expect(comment).toMatch(/^Plain form over 1h/m)
  }
})

test('the rules of kinds read metrics that exist', () => {
  const records = serviceRules(generateOptions()).flatMap(({ rules }) => rules.flatMap((each) => ('record' in each ? [each.record] : [])))
  const made = new Set(['ALERTS', ...records])
  const names = CATALOGUE.map(prometheusName)
  for (const { expr } of serviceRules(generateOptions()).flatMap(({ rules }) => rules)) {
    const { errors, selectors } = parsePromql(expr)
    expect(errors).toEqual([])
    for (const { metric } of selectors) if (!made.has(metric)) expect(names).toContain(metric.replace(/_(?:bucket|sum|count)$/, ''))
  }
})

test('prometheus/rules/services/otel-health-services.yml is what the code says: npm run generate', () => {
  expect(readFileSync(FILE, 'utf8')).toBe(serviceRuleFile(generateOptions()))
})

test('the file is YAML whose comments change nothing', () => {
  const { groups } = parse(serviceRuleFile(generateOptions())) as { groups: { name: string; rules: unknown }[] }
  expect(groups).toEqual(serviceRules(generateOptions()).map(({ name, rules }) => ({ name, rules })))
})
