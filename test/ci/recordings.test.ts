/** What is recorded of own rules has the value that it should have: Prometheus' own tests of rules, on a clock of its own. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'
import { stringify } from 'yaml'

import { prometheusRuleFile } from '../../src/generate/prometheus-rules.ts'
import { generateOptions } from '../generate/generate-options.ts'
import { stackProgram } from './stack-programs.ts'

const run = promisify(execFile)

const LOOKUPS = { metric: 'lookups' }
const MISSES = { metric: 'lookups', where: { result: 'miss' } }
const LATE = { metric: 'lookups', where: { result: 'late' } }

const OPTIONS = generateOptions({
  metrics: {
    lookups: { instrument: 'counter', unit: '{lookup}', attributes: { result: [], shard: [] } },
    size: { instrument: 'histogram', unit: 'By', bounds: [10, 20] },
    free: { instrument: 'gauge', unit: '{connection}' },
    waiting: { instrument: 'up_down_counter', unit: '{job}' },
    mode: { instrument: 'up_down_counter', attributes: { state: ['ok', 'bad'] } },
  },
  rules: {
    rate_all: { when: { reading: 'rate', of: LOOKUPS }, above: 1 },
    few_in_a_minute: { when: { reading: 'increase', of: LOOKUPS, over: '1m' }, below: 1 },
    misses: { when: { reading: 'ratio', of: MISSES, in: LOOKUPS }, above: 5, by: 'shard' },
    never_late: { when: { reading: 'ratio', of: LATE, in: LOOKUPS }, above: 5 },
    neither: {
      when: { reading: 'increase', of: { metric: 'lookups', where: { result: { not: ['hit', 'late'] } } }, over: '10m' },
      above: 5,
    },
    mean_size: { when: { reading: 'mean', of: { metric: 'size' } }, above: 5 },
    median_size: { when: { reading: 'quantile', q: 0.5, of: { metric: 'size' } }, above: 5 },
    least_free: { when: { reading: 'level', of: { metric: 'free' }, fold: 'min' }, below: 5 },
    queue: { when: { reading: 'level', of: { metric: 'waiting' } }, above: 5, scope: 'shared' },
    old_stop: { when: { reading: 'age', of: { metric: 'lookups', where: { result: 'stops' } } }, above: 60 },
    burn: { when: { reading: 'burn_rate', of: MISSES, in: LOOKUPS, objective: 90, over: '30m' }, above: 5 },
    burn_over: {
      when: { reading: 'burn_rate', of: { metric: 'lookups', where: { result: 'stops' } }, in: LOOKUPS, objective: 90, over: '30m' },
      above: 5,
    },
    bad_mode: { when: { reading: 'state', of: { metric: 'mode' }, attribute: 'state' }, isNot: 'ok' },
  },
})

const ONE = 'job="cache",instance="1"'
const TWO = 'job="cache",instance="2"'

/** A value a minute. */
const SERIES: Readonly<Record<string, string>> = {
  [`lookups_total{${ONE},result="hit",shard="a"}`]: '0+54x60',
  [`lookups_total{${ONE},result="miss",shard="a"}`]: '0+6x60',
  [`lookups_total{${ONE},result="hit",shard="b"}`]: '0+60x60',
  [`lookups_total{${TWO},result="stops"}`]: '0+60x30 1800x30',
  [`size_bytes_bucket{${ONE},le="10"}`]: '0+0x60',
  [`size_bytes_bucket{${ONE},le="20"}`]: '0+60x60',
  [`size_bytes_bucket{${ONE},le="+Inf"}`]: '0+60x60',
  [`size_bytes_sum{${ONE}}`]: '0+900x60',
  [`size_bytes_count{${ONE}}`]: '0+60x60',
  [`free{${ONE},pool="a"}`]: '3x60',
  [`free{${ONE},pool="b"}`]: '2x60',
  [`waiting{${ONE},queue="a"}`]: '3x60',
  [`waiting{${ONE},queue="b"}`]: '4x60',
  [`waiting{${TWO},queue="a"}`]: '3x60',
  [`mode{${ONE},state="ok"}`]: '0x60',
  [`mode{${ONE},state="bad"}`]: '1x60',
}

/** After 50 minutes. */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  rate_all: { [ONE]: 2, [TWO]: 0 },
  few_in_a_minute: { [ONE]: 120, [TWO]: 0 },
  misses: { [`${ONE},shard="a"`]: 10, [`${ONE},shard="b"`]: 0 },
  never_late: { [ONE]: 0 },
  neither: { [ONE]: 60, [TWO]: 0 },
  mean_size: { [ONE]: 15 },
  median_size: { [ONE]: 15 },
  least_free: { [ONE]: 2 },
  queue: { 'job="cache"': 7 },
  old_stop: { [TWO]: 20 * 60 },
  burn: { [ONE]: 0.5, [TWO]: 0 },
  // In the long window all was bad, in the short one nothing was.
  burn_over: { [ONE]: 0, [TWO]: 0 },
  bad_mode: { [`${ONE},state="bad"`]: 1 },
}

test('every figure is recorded with the value that it has', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otel-health-recordings-'))
  try {
    await writeFile(join(folder, 'rules.yml'), prometheusRuleFile(OPTIONS))
    const samples = (rule: string) => Object.entries(EXPECTED[rule]!).map(([labels, value]) => ({ labels: `{${labels}}`, value }))
    const fixture = {
      rule_files: ['rules.yml'],
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: Object.entries(SERIES).map(([series, values]) => ({ series, values })),
          promql_expr_test: Object.keys(EXPECTED).map((rule) => ({
            // The name and the origin are those of all.
            expr: `round(sum without (origin) (health:${rule}), 0.001)`,
            eval_time: '50m',
            exp_samples: samples(rule),
          })),
        },
      ],
    }
    await writeFile(join(folder, 'test.yml'), stringify(fixture))
    const { stdout } = await run(stackProgram('promtool'), ['test', 'rules', join(folder, 'test.yml')])
    expect(stdout).toContain('SUCCESS')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
