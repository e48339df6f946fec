/** Many cases in one run of `promtool test rules`: the rule file as `otel-health rules` writes it, and at every tick the alerts that must be. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { stringify } from 'yaml'

import { prometheusLabel, prometheusName } from '../../../src/export/prometheus-name.ts'
import { serviceRuleFile } from '../../../src/generate/service-rules.ts'
import { kindNamed } from '../../../src/kinds/define-kind.ts'
import { generateOptions } from '../../generate/generate-options.ts'
import { stackProgram } from '../stack-programs.ts'
import { judgedCase, type Expected } from './judged-case.ts'
import type { OracleCase } from './random-case.ts'
import { BOUNDS, seriesOf, type RandomSeries } from './random-series.ts'

const run = promisify(execFile)

const SERVICE = 'job="shop",instance="1"'

export interface BatchOutcome {
  /** Seeds of cases whose alerts are not those of otel-health at some tick. */
  readonly different: readonly number[]
  /** What promtool said of them, cut short. */
  readonly said: string
  /** Ticks that were compared, alerts that fired in them, and fired and ended. */
  readonly compared: number
  readonly fired: number
  readonly ended: number
}

export async function runBatch(cases: readonly OracleCase[], changed: (rules: string) => string = (rules) => rules): Promise<BatchOutcome> {
  const { interval, ticks } = cases[0]!
  const judged = cases.map((each) => ({ each, expected: judgedCase(each) }))
  const folder = await mkdtemp(join(tmpdir(), 'otel-health-oracle-'))
  try {
    await writeFile(join(folder, 'rules.yml'), changed(ruleFile(cases)))
    const heartbeat = { series: `health_heartbeat_time_seconds{${SERVICE}}`, values: `1x${ticks}` }
    const fixture = {
      rule_files: ['rules.yml'],
      evaluation_interval: `${interval}s`,
      tests: [
        {
          interval: `${interval}s`,
          input_series: [heartbeat, ...cases.flatMap(({ series }) => series.flatMap((one) => inputOf(one, cases)))],
          promql_expr_test: Array.from({ length: ticks }, (_, tick) => testAt(judged, tick, interval)),
        },
      ],
    }
    await writeFile(join(folder, 'test.yml'), stringify(fixture, { lineWidth: 0 }))
    // There is memory enough: a sixth of its time would be garbage collection.
    const env = { ...process.env, GOGC: '800' }
    const failure = await run(stackProgram('promtool'), ['test', 'rules', join(folder, 'test.yml')], { env, maxBuffer: 1 << 30 }).then(
      () => undefined,
      (error: { stdout?: string; stderr?: string; message: string }) => `${error.stdout ?? ''}\n${error.stderr ?? error.message}`,
    )
    return { ...differences(failure), ...coverage(judged.map(({ expected }) => expected)) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The file that `otel-health rules` writes where a health.config has these rules and its kind has none. */
function ruleFile(cases: readonly OracleCase[]): string {
  const kind = { ...kindNamed('worker'), name: 'oracle', rules: () => [] }
  const { interval } = cases[0]!
  return serviceRuleFile({
    ...generateOptions(),
    kind,
    isOfOneService: true,
    rules: { overrides: {}, own: cases.map(({ rule }) => rule) },
    metrics: cases.flatMap(({ metrics }) => metrics),
    exportInterval: interval,
  })
}

interface Judged {
  readonly each: OracleCase
  readonly expected: Expected
}

function testAt(judged: readonly Judged[], tick: number, interval: number) {
  const without = judged.filter(({ expected }) => expected[tick] === undefined).map(({ each }) => each.rule.name)
  return {
    expr: `count by (alertname, alertstate, severity, shard) (ALERTS{alertname!~${JSON.stringify(without.join('|'))}})`,
    eval_time: `${tick * interval}s`,
    exp_samples: judged.flatMap(({ each, expected }) =>
      (expected[tick] ?? []).map(({ severity, state, shard }) => ({
        labels: `{alertname="${each.rule.name}",alertstate="${state}",severity="${severity}"${shard === '' ? '' : `,shard="${shard}"`}}`,
        value: 1,
      })),
    ),
  }
}

function inputOf({ metric, attributes, exported }: RandomSeries, cases: readonly OracleCase[]) {
  const definition = cases.flatMap(({ metrics }) => metrics).find(({ name }) => name === metric)!
  const labels = [SERVICE, ...Object.entries(attributes).map(([name, value]) => `${prometheusLabel(name)}="${value}"`)].join(',')
  const values = (of: (point: readonly number[]) => number) =>
    exported
      .map((point, tick) =>
        point === undefined || point === 'missed' ? '_' : point === 'gone' ? (exported[tick - 1] === 'gone' ? '_' : 'stale') : of(point),
      )
      .join(' ')
  const name = prometheusName(definition)
  if (definition.instrument !== 'histogram') return [{ series: `${name}{${labels}}`, values: values((point) => point[0]!) }]
  const part = (index: number) => values((point) => seriesOf(point).at(index)!)
  return [
    ...[...BOUNDS.map(String), '+Inf'].map((le, index) => ({ series: `${name}_bucket{${labels},le="${le}"}`, values: part(index) })),
    { series: `${name}_count{${labels}}`, values: part(BOUNDS.length) },
    { series: `${name}_sum{${labels}}`, values: part(-1) },
  ]
}

/** promtool lists what it expected and what it got. */
function differences(failure: string | undefined): Pick<BatchOutcome, 'different' | 'said'> {
  if (failure === undefined) return { different: [], said: '' }
  const seeds = new Set<number>()
  const said: string[] = []
  for (const [, time, exp, got] of failure.matchAll(/time: (\S+),\s+exp: ?(.*)\s+got: ?(.*)/g)) {
    const [wanted, found] = [samplesIn(exp!), samplesIn(got!)]
    for (const [one, other, what] of [
      [wanted, found, 'missing'],
      [found, wanted, 'too many'],
    ] as const) {
      for (const sample of one) {
        if (other.has(sample)) continue
        seeds.add(Number(/alertname="c(\d+)"/.exec(sample)?.[1]))
        said.push(`${time} ${what}: ${sample}`)
      }
    }
  }
  if (seeds.size === 0) throw new Error(`promtool failed, and no alert is wrong:\n${failure.slice(0, 4000)}`)
  return { different: [...seeds], said: said.slice(0, 40).join('\n') }
}

function samplesIn(text: string): ReadonlySet<string> {
  return new Set(text.match(/\{[^}]*\}/g) ?? [])
}

function coverage(all: readonly Expected[]): Pick<BatchOutcome, 'compared' | 'fired' | 'ended'> {
  let [compared, fired, ended] = [0, 0, 0]
  for (const expected of all) {
    let open = new Set<string>()
    for (const now of expected) {
      if (now === undefined) break
      compared++
      const firing = new Set(now.filter(({ state }) => state === 'firing').map(({ severity, shard }) => `${severity} ${shard}`))
      fired += [...firing].filter((each) => !open.has(each)).length
      ended += [...open].filter((each) => !firing.has(each)).length
      open = firing
    }
  }
  return { compared, fired, ended }
}
