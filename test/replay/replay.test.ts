import { expect, test } from 'vitest'

import { workerJudging } from '../../src/kinds/worker/judging.ts'
import { trackerFetcherJudging } from '../../src/kinds/tracker-fetcher/judging.ts'
import { replay } from '../../src/replay/replay.ts'
import { counter, gauge } from '../../src/rules/metric-ref.ts'
import { increase, level, ratio, state } from '../../src/rules/readings.ts'
import type { RuleSentence } from '../../src/rules/rule.ts'
import { rule } from '../../src/rules/rule.ts'
import type { RuleOverrides } from '../../src/rules/override-rule.ts'
import { saidRules } from '../../src/rules/said-rules.ts'
import type { ServiceKind } from '../../src/rules/service-kind.ts'

const MINUTE = 60_000
/** A day, in minutes. */
const BEGAN = Date.UTC(2026, 10, 22)
const LIMITS = {
  ...{ largeQueue: 10_000, veryLargeQueue: 50_000, minSuccessRateHealthy: 80, minSuccessRateDegraded: 50 },
  ...{ minFetchRate: 10, maxApiResponseTimeMs: 10_000 },
}

/** What one instance wrote in the minutes from `from` to `to`. */
interface Stretch {
  readonly instance?: string
  readonly from: number
  readonly to: number
  readonly gauges?: Readonly<Record<string, string>>
  readonly counted?: Readonly<Record<string, readonly number[]>>
}

function historyOf(stretches: readonly Stretch[]) {
  const written = stretches
    .flatMap(({ instance = 'a', from, to, gauges = {}, counted = {} }) =>
      Array.from({ length: to - from }, (_, i) => ({ at: BEGAN + (from + i + 1) * MINUTE, instance, gauges, counted })),
    )
    .toSorted((a, b) => a.at - b.at)
  return {
    minutes: written.map(({ at, instance, gauges }) => ({ at, instance, gauges: new Map(Object.entries(gauges)) })),
    counted: written.flatMap(({ at, instance, counted }) => (Object.keys(counted).length > 0 ? [{ at, instance, counted }] : [])),
  }
}

interface Case {
  readonly why: string
  readonly kind?: ServiceKind
  readonly own?: readonly RuleSentence[]
  readonly overrides?: RuleOverrides
  readonly history: readonly Stretch[]
  /** `rule severity from-until labels`, in minutes. */
  readonly fires: readonly string[]
  /** By how many minutes they may be off, where a statistical test decides. Default 0. */
  readonly give?: number
}

function run({ kind = trackerFetcherJudging, own = [], overrides = {}, history }: Case) {
  const said = saidRules({ kind, limits: LIMITS, rules: { own: own.map(({ data }) => data), overrides }, metrics: [] })
  return replay(said, historyOf(history))
}

const queue = (due: number) => ({ total_queue_size: String(due) })
const LONG = gauge('jobs.age', { unit: 's' })
const MODE = gauge('mode')
const DONE = counter('jobs.done', { unit: '{job}', attributes: { result: ['ok', 'late'] } })
const goodFor = (from: number, to: number, instance = 'a'): Stretch => ({ instance, from, to, counted: { low_success_rate: [10, 0] } })
const badFor = (from: number, to: number, instance = 'a'): Stretch => ({ instance, from, to, counted: { low_success_rate: [10, 10] } })

const CASES: readonly Case[] = [
  {
    why: 'a level above its limit fires after `for` and resolves after `keepFiring`',
    history: [
      { from: 0, to: 10, gauges: queue(5) },
      { from: 10, to: 20, gauges: queue(12_000) },
      { from: 20, to: 30, gauges: queue(5) },
    ],
    fires: ['large_queue WARNING 12-23'],
  },
  {
    why: 'the worst severity is told',
    history: [
      { from: 0, to: 10, gauges: queue(12_000) },
      { from: 10, to: 20, gauges: queue(60_000) },
    ],
    fires: ['large_queue CRITICAL 2-now'],
  },
  {
    why: 'what is not known neither fires nor resolves',
    history: [
      { from: 0, to: 10, gauges: queue(12_000) },
      { from: 10, to: 40, gauges: { total_queue_size: '' } },
      { from: 40, to: 45, gauges: queue(12_000) },
    ],
    fires: ['large_queue WARNING 2-now'],
  },
  {
    why: 'a total outage is found by its counts',
    history: [goodFor(0, 120), badFor(120, 150), goodFor(150, 200)],
    fires: ['low_success_rate CRITICAL 123-160'],
    give: 10,
  },
  { why: 'failures within the limit are none', history: [{ from: 0, to: 600, counted: { low_success_rate: [10, 1] } }], fires: [] },
  {
    why: 'one bad instance of two is enough where any breaches',
    history: [goodFor(0, 200, 'b'), goodFor(0, 120), badFor(120, 150), goodFor(150, 200)],
    fires: ['low_success_rate CRITICAL 123-160'],
    give: 10,
  },
  {
    why: 'one instance that works is enough where all must breach',
    history: [
      { from: 0, to: 200, gauges: queue(5), counted: { low_fetch_rate: [5, 60_000] } },
      { instance: 'b', from: 0, to: 100, gauges: queue(5), counted: { low_fetch_rate: [5, 60_000] } },
      { instance: 'b', from: 100, to: 200, gauges: queue(5), counted: { low_fetch_rate: [0, 60_000] } },
    ],
    fires: [],
  },
  {
    why: 'a stall of all of them is found',
    history: [
      { from: 0, to: 100, gauges: queue(5), counted: { low_fetch_rate: [5, 60_000] } },
      { from: 100, to: 200, gauges: queue(5), counted: { low_fetch_rate: [0, 60_000] } },
    ],
    fires: ['low_fetch_rate WARNING 129-now'],
    give: 4,
  },
  {
    why: 'what a process counted that is no more is evidence for the one after it',
    // Alone, each has only two that failed.
    history: [
      { instance: 'a', from: 0, to: 600, counted: { low_success_rate: [1, 0] } },
      ...['b', 'c', 'd', 'e', 'f'].map((instance, i) => ({
        ...{ instance, from: 600 + 3 * i, to: 603 + 3 * i },
        counted: { low_success_rate: [1, 1] },
      })),
    ],
    fires: ['low_success_rate CRITICAL 608-now'],
    give: 4,
  },
  {
    why: 'an instance that is gone is no evidence that it goes on: one that is well resolves',
    history: [goodFor(0, 300, 'b'), goodFor(0, 120), badFor(120, 150)],
    fires: ['low_success_rate CRITICAL 123-154'],
    give: 3,
  },
  {
    why: 'one alert for each value that a rule is split by',
    kind: workerJudging,
    history: [
      { from: 0, to: 120, counted: { 'low_success_rate:fetch': [10, 0], 'low_success_rate:mail': [10, 0] } },
      { from: 120, to: 150, counted: { 'low_success_rate:fetch': [10, 10], 'low_success_rate:mail': [10, 0] } },
    ],
    fires: ['low_success_rate CRITICAL 123-now work.name=fetch'],
    give: 4,
  },
  {
    why: 'a rule that is split no more is judged by the sum of what was counted',
    history: [
      { from: 0, to: 120, counted: { 'low_success_rate:fetch': [10, 0], 'low_success_rate:mail': [10, 0] } },
      { from: 120, to: 150, counted: { 'low_success_rate:fetch': [10, 10], 'low_success_rate:mail': [10, 10] } },
    ],
    fires: ['low_success_rate CRITICAL 123-now'],
    give: 4,
  },
  {
    why: 'a rule of one’s own by its figure, in the unit of its limit, and held until it is clear',
    own: [rule('old_jobs').when(level(LONG)).above(5, 'min').clear(2).for(0)],
    history: [
      { from: 0, to: 5, gauges: { old_jobs: '1.5' } },
      { from: 5, to: 10, gauges: { old_jobs: '6' } },
      { from: 10, to: 20, gauges: { old_jobs: '3' } },
      { from: 20, to: 30, gauges: { old_jobs: '1.5' } },
    ],
    fires: ['old_jobs WARNING 6-23'],
  },
  {
    why: 'a figure for each value that it is split by',
    own: [rule('many_jobs').when(increase(DONE).over('5m')).above(10).critical(100).by('result').for(0)],
    history: [{ from: 0, to: 5, gauges: { 'many_jobs.ok': '5', 'many_jobs.late': '500', 'many_jobs.none': '50' } }],
    fires: ['many_jobs CRITICAL 1-now result=late', 'many_jobs WARNING 1-now'],
  },
  {
    why: 'a state by its name',
    own: [rule('read_only').when(state(MODE, 'mode')).isNot('normal').as('WARNING').for(0)],
    history: [
      { from: 0, to: 5, gauges: { read_only: 'normal' } },
      { from: 5, to: 8, gauges: { read_only: 'frozen' } },
    ],
    fires: ['read_only WARNING 6-now'],
  },
  {
    why: 'a ratio that has its limit below, by what was counted',
    own: [
      rule('few_late')
        .when(ratio({ of: DONE.where({ result: 'ok' }), in: DONE }))
        .below(60, '%'),
    ],
    history: [
      { from: 0, to: 120, counted: { few_late: [20, 19] } },
      { from: 120, to: 180, counted: { few_late: [20, 2] } },
    ],
    fires: ['few_late WARNING 126-now'],
    give: 4,
  },
  {
    why: 'a kind’s figure in another unit than that of the limit',
    kind: { ...workerJudging, rules: () => [rule('slow_delivery').when(level(LONG)).above(60, 's').for(0)] },
    history: [
      { from: 0, to: 5, gauges: { delivery_p95_ms: '59000' } },
      { from: 5, to: 8, gauges: { delivery_p95_ms: '61000' } },
    ],
    fires: ['slow_delivery WARNING 6-now'],
  },
  {
    why: 'an account that is not logged in',
    history: [
      { from: 0, to: 5, gauges: { apple_account_authenticated: 'true' } },
      { from: 5, to: 8, gauges: { apple_account_authenticated: 'false' } },
    ],
    fires: ['apple_account_unauthenticated CRITICAL 6-now'],
  },
  {
    why: 'a changed limit',
    overrides: { large_queue: { limit: 100, for: 0 } },
    history: [
      { from: 0, to: 3, gauges: queue(50) },
      { from: 3, to: 5, gauges: queue(200) },
    ],
    fires: ['large_queue WARNING 4-now'],
  },
]

test.for(CASES)('$why', (each) => {
  const minute = (at: number | undefined) => (at === undefined ? 'now' : String((at - BEGAN) / MINUTE))
  const fired = run(each).episodes.map(({ rule: name, severity, from, until, labels = {} }) => {
    const of = Object.entries(labels).map(([label, value]) => ` ${label}=${value}`)
    return `${name} ${severity} ${minute(from)}-${minute(until)}${of.join('')}`
  })
  expect(fired.map((text) => near(text, each)).toSorted()).toEqual([...each.fires].toSorted())
})

/** What was expected, if it is that but for the minutes that it may be off. */
function near(fired: string, { fires, give = 0 }: Case): string {
  const words = (text: string) => text.split(/[ -]/)
  const isNear = (word: string, other: string | undefined) =>
    word === other || (/^\d+$/.test(word) && Math.abs(Number(word) - Number(other)) <= give)
  return fires.find((each) => words(each).every((word, i) => isNear(word, words(fired)[i]))) ?? fired
}

test('what an alert says is what the rule says of that time', () => {
  const { episodes } = run({ why: '', history: [{ from: 0, to: 5, gauges: queue(12_000) }], fires: [] })
  expect(episodes.map(({ message }) => message)).toEqual(['12,000 trackers are due (limit 10,000)'])
})

test('by what each rule was judged, and why others were not', () => {
  const { replayed, not } = run({
    why: '',
    history: [{ from: 0, to: 5, gauges: queue(5), counted: { low_success_rate: [1, 0] } }],
    fires: [],
  })
  expect(replayed).toEqual([
    { rule: 'large_queue', by: 'level' },
    { rule: 'low_success_rate', by: 'counts' },
  ])
  expect(not.map(({ rule: name }) => name)).toEqual([
    'apple_account_unauthenticated',
    'anisette_unreachable',
    'low_fetch_rate',
    'slow_apple_api',
    'restart_loop',
    'drain_stuck',
    'dependency_down',
  ])
})
