/** Figures of own rules in the rule file of Prometheus. */
import { expect, test } from 'vitest'
import { parse } from 'yaml'

import { prometheusRuleFile } from '../../src/generate/prometheus-rules.ts'
import { generateOptions } from './generate-options.ts'
import { parsePromql } from './promql.ts'

const OPTIONS = generateOptions({
  metrics: {
    lookups: { instrument: 'counter', unit: '{lookup}', attributes: { result: ['hit', 'miss'] } },
    free: { instrument: 'gauge', unit: '{connection}' },
  },
  rules: {
    low_hit_rate: { when: { reading: 'ratio', of: { metric: 'lookups', where: { result: 'hit' } }, in: { metric: 'lookups' } }, below: 60 },
    old_pool: { when: { reading: 'age', of: { metric: 'free' } }, above: 60 },
  },
})

test('are recorded of every service that has them, by the name of the rule, and are no alerts', () => {
  const { groups } = parse(prometheusRuleFile(OPTIONS)) as { groups: { name: string; rules: Record<string, unknown>[] }[] }
  expect(groups.map(({ name }) => name)).toEqual(['otel-health', 'otel-health own rules'])
  const [recorded, ...others] = groups[1]!.rules
  expect(others).toEqual([])
  expect(recorded).toEqual({ record: 'health:low_hit_rate', expr: expect.any(String) as string, labels: { origin: 'otel-health' } })
  const { errors, selectors } = parsePromql(recorded!['expr'] as string)
  expect(errors).toEqual([])
  expect(selectors.flatMap(({ matchers }) => matchers)).toEqual(['result="hit"'])
})

test('the head of the file says who judges, and what is not recorded', () => {
  const head = prometheusRuleFile(OPTIONS)
    .split('\n')
    .filter((line) => line.startsWith('#'))
  expect(head[1]).toMatch(/None of them is an alert here: otel-health judges them/)
  expect(head[2]).toMatch(/^# Not recorded: old_pool\. .*when it was last set\.$/)
})

test('without own rules there is nothing to record', () => {
  const text = prometheusRuleFile(generateOptions())
  expect(text).not.toContain('record:')
  expect(text.split('\n').filter((line) => line.startsWith('#'))).toHaveLength(1)
})
