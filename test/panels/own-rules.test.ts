/** A panel for each rule that a service brings itself. */
import { describe, expect, test } from 'vitest'

import { ownRules } from '../../src/generate/own-rules.ts'
import { ownRulesRow } from '../../src/panels/own-rules.ts'
import type { PanelSpec } from '../../src/panels/panel-spec.ts'
import type { RuleData } from '../../src/rules/rule-data.ts'
import type { MetricsConfig, RulesConfig } from '../../src/rules/rules-config.ts'
import { generateOptions } from '../generate/generate-options.ts'
import { parsePromql } from '../generate/promql.ts'

const TIMING = { publishingInterval: 30, exportInterval: 60 }
const METRICS: MetricsConfig = {
  lookups: { instrument: 'counter', unit: '{lookup}', attributes: { result: ['hit', 'miss'], 'cache.name': [] } },
  size: { instrument: 'histogram', unit: 'By', bounds: [1000, 1e6] },
  wait: { instrument: 'histogram', unit: 's', bounds: [1, 10] },
  free: { instrument: 'gauge', unit: '{connection}' },
  fill: { instrument: 'gauge', unit: '1' },
  mode: { instrument: 'up_down_counter', attributes: { state: ['bad', 'ok', 'unknown'] } },
  phase: { instrument: 'up_down_counter', attributes: { state: [] } },
}
const HITS = { metric: 'lookups', where: { result: 'hit' } }
const LOOKUPS = { metric: 'lookups' }

function panelsOf(rules: RulesConfig): readonly PanelSpec[] {
  const { title, panels } = ownRulesRow(ownRules(generateOptions({ rules, metrics: METRICS })), TIMING)
  expect(title).toBe('Own rules')
  return panels
}

function panelOf(given: Omit<RuleData, 'name'>): PanelSpec {
  const [panel] = panelsOf({ low_hit_rate: given })
  return panel!
}

describe('limits are in the unit of what is charted', () => {
  test.for([
    {
      why: 'percent',
      rule: { when: { reading: 'ratio', of: HITS, in: LOOKUPS }, below: '60 %', critical: 40 },
      unit: 'percent',
      limits: { breach: 'below', warning: 60, critical: 40 },
    },
    {
      why: 'milliseconds of what is charted in seconds',
      rule: { when: { reading: 'quantile', q: 0.9, of: { metric: 'wait' } }, above: '500 ms', critical: '2 s' },
      unit: 's',
      limits: { breach: 'above', warning: 0.5, critical: 2 },
    },
    {
      why: 'an amount an hour',
      rule: { when: { reading: 'rate', of: LOOKUPS }, above: '36 /h' },
      unit: 'cps',
      limits: { breach: 'above', warning: 0.01 },
    },
    {
      why: 'kilobytes',
      rule: { when: { reading: 'mean', of: { metric: 'size' } }, above: '2 KiBy' },
      unit: 'bytes',
      limits: { breach: 'above', warning: 2048 },
    },
    {
      why: 'percent of a fraction',
      rule: { when: { reading: 'level', of: { metric: 'fill' } }, above: '80 %' },
      unit: 'short',
      limits: { breach: 'above', warning: 0.8 },
    },
    {
      why: 'things',
      rule: { when: { reading: 'increase', of: LOOKUPS }, above: 5 },
      unit: 'short',
      limits: { breach: 'above', warning: 5 },
    },
    {
      why: 'the window of an absence',
      rule: { when: { reading: 'absent', of: LOOKUPS, over: '10m' } },
      unit: 's',
      limits: { breach: 'above', warning: 600 },
    },
    {
      why: 'an absence that is critical at once',
      rule: { when: { reading: 'absent', of: LOOKUPS }, severity: 'CRITICAL' },
      unit: 's',
      limits: { breach: 'above', warning: 300, critical: 300 },
    },
    {
      why: 'the share of calls that may be slow',
      rule: { when: { reading: 'slow_calls', of: HITS, in: LOOKUPS, called: 'the cache' }, above: '2 s' },
      unit: 'percent',
      limits: { breach: 'above', warning: 5 },
    },
  ] as const)('$why', ({ rule, unit, limits }) => {
    expect(panelOf(rule)).toMatchObject({ kind: 'timeseries', unit, limits })
  })
})

test('a panel says what the rule is about, what people are told, and where they read what to do', () => {
  expect(
    panelOf({
      when: { reading: 'ratio', of: HITS, in: LOOKUPS },
      below: '60 %',
      by: 'cache.name',
      says: '{of} hits only {current}',
      summary: 'Hits of each cache.',
      runbook: 'https://example.org/cache',
    }),
  ).toMatchObject({
    title: 'Low hit rate',
    description:
      'Hits of each cache. People are told "{of} hits only {current}". What to do stands in the [runbook](https://example.org/cache). ' +
      'Judged by the rule low_hit_rate.',
    queries: [{ legend: '{{instance}} {{cache_name}}' }],
  })
})

test('what another limit is said of is charted with that one, and what is switched off is not charted', () => {
  const hits: RuleData = { name: 'low_hit_rate', when: { reading: 'ratio', of: HITS, in: LOOKUPS }, below: '60 %' }
  const { kind, ...options } = generateOptions({ metrics: METRICS, rules: [hits, { ...hits, name: 'lower_hit_rate' }] })
  const overrides = { low_hit_rate: { limit: 70 }, lower_hit_rate: false } as const
  const { panels } = ownRulesRow(ownRules({ ...options, kind, rules: { ...options.rules, overrides } }), TIMING)
  expect(panels).toMatchObject([{ title: 'Low hit rate', limits: { warning: 70 } }])
})

test('a state is a timeline, green where it is fine', () => {
  expect(panelOf({ when: { reading: 'state', of: { metric: 'mode' }, attribute: 'state' }, isNot: 'ok' })).toMatchObject({
    kind: 'timeline',
    states: [
      { state: 'ok', colour: 'green' },
      { state: 'bad', colour: 'red' },
      { state: 'unknown', colour: 'purple' },
    ],
  })
})

test('a state of which nobody knows the names is told apart by its name', () => {
  expect(
    panelOf({ when: { reading: 'state', of: { metric: 'phase' }, attribute: 'state' }, isNot: 'ok', severity: 'WARNING' }),
  ).toMatchObject({
    kind: 'timeseries',
    queries: [{ legend: '{{instance}} {{state}}' }],
  })
})

test('where PromQL cannot say it the panel says why, and shows the alert', () => {
  const panel = panelOf({ when: { reading: 'age', of: { metric: 'free' } }, above: '5 min' })
  expect(panel).toMatchObject({
    kind: 'timeline',
    description: expect.stringMatching(/last set\. Shown is the state of the alert\./) as string,
  })
  expect(panel.queries[0]!.expr).toContain('health_rule="low_hit_rate"')
})

test('every panel asks valid PromQL of the services that were chosen', () => {
  const panels = panelsOf({
    a: { when: { reading: 'ratio', of: HITS, in: LOOKUPS }, below: 60 },
    b: { when: { reading: 'age', of: LOOKUPS }, above: 60 },
    c: { when: { reading: 'age', of: { metric: 'free' } }, above: 60 },
    d: { when: { reading: 'state', of: { metric: 'mode' }, attribute: 'state' }, isNot: 'ok' },
    e: { when: { reading: 'burn_rate', of: HITS, in: LOOKUPS, objective: 99 }, above: 2 },
  })
  expect(panels).toHaveLength(5)
  for (const { expr } of panels.flatMap(({ queries }) => queries)) {
    const { errors, selectors } = parsePromql(expr)
    expect(errors).toEqual([])
    expect(selectors.length).toBeGreaterThan(0)
    for (const { matchers } of selectors) {
      expect(matchers).toEqual(
        expect.arrayContaining(['deployment_environment_name=~"$environment"', 'job=~"$service"', 'instance=~"$instance"']),
      )
    }
  }
})
