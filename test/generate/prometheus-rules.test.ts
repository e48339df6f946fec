import { readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

import { CATALOGUE } from '../../src/kinds/index.ts'
import { COLLECTOR, PROMETHEUS } from '../../src/generate/collector-metrics.ts'
import { prometheusName } from '../../src/export/prometheus-name.ts'
import { prometheusRuleFile, prometheusRules } from '../../src/generate/prometheus-rules.ts'
import { generateOptions } from './generate-options.ts'
import { parsePromql } from './promql.ts'

const FILE = new URL('../../prometheus/rules/otel-health.yml', import.meta.url)
const TIMING = { publishingInterval: 30, exportInterval: 60 }

test('prometheus/rules/otel-health.yml is what the code says: npm run generate', () => {
  expect(readFileSync(FILE, 'utf8')).toBe(prometheusRuleFile(generateOptions()))
})

test('the file holds the rules, whatever their text has in it', () => {
  const { groups } = parse(prometheusRuleFile(generateOptions())) as { groups: { rules: unknown }[] }
  expect(groups.map(({ rules }) => rules)).toEqual([prometheusRules(TIMING)])
})

describe.for(prometheusRules(TIMING))('$alert', ({ expr, annotations }) => {
  test('is valid PromQL over metrics that exist', () => {
    const { errors, selectors } = parsePromql(expr)
    expect(errors).toEqual([])
    const names = [
      ...CATALOGUE.map(prometheusName),
      ...[...Object.values(COLLECTOR), ...Object.values(PROMETHEUS)].map((selector) => selector.replace(/\{.*/, '')),
    ]
    for (const { metric } of selectors) if (metric !== '') expect(names).toContain(metric)
  })

  test('tells a person what is wrong and where to look', () => {
    expect(annotations.summary).toMatch(/^\S.{8,80}$/)
    expect(annotations.description).toMatch(/[.?]$/)
  })
})

test('a heartbeat is too old when the channels say so, but not before one late export', () => {
  const limitOf = (timing: typeof TIMING) => /> (\d+)$/.exec(prometheusRules(timing)[0]!.expr)?.[1]
  expect(limitOf({ publishingInterval: 30, exportInterval: 15 })).toBe('90')
  expect(limitOf({ publishingInterval: 5, exportInterval: 60 })).toBe('150')
})
