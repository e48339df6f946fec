/**
 * What people are told never contradicts itself: of every rule of every kind, and of every reading there is, on random histories. Numbers are
 * read out of the sentence again, and held against the verdict.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { Windows } from '../../src/compute/windows.ts'
import { limitsOf } from '../../src/config/limits.ts'
import { defaultSettings } from '../../src/config/settings.ts'
import { KINDS } from '../../src/kinds/index.ts'
import { compileRule } from '../../src/rules/compile-rule.ts'
import { profileOf, wantedOf } from '../../src/rules/service-kind.ts'
import type { Rule, Sample, Selector, Series, Verdict } from '../../src/types.ts'
import { SIXTY_RULES } from './sixty-rules.ts'

const OF_KINDS = KINDS.flatMap((kind) =>
  profileOf(kind, limitsOf(defaultSettings())).rules.map((rule) => ({ of: kind.name, name: rule.name, rule })),
)
const OF_READINGS = SIXTY_RULES.map(({ data }) => {
  const rule = compileRule(data, { metrics: new Map(), tickSeconds: 1, showsFigure: true })
  return { of: 'every reading', name: rule.name, rule }
})

const STEP_MS = 30_000
const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

interface Feed {
  readonly series: Series
  readonly selector: Exclude<Selector, { kind: 'time_above' | 'falls' | 'counts' }>
}

/** A series that each selector matches, and for what is counted one more, which only the whole of the metric has. */
function feedsOf(selectors: readonly Selector[]): readonly Feed[] {
  return selectors.flatMap((selector) => {
    if (selector.kind === 'time_above' || selector.kind === 'falls') return feedsOf([selector.level])
    if (selector.kind === 'counts') return feedsOf(selector.of)
    const attributes = Object.fromEntries(
      Object.entries(selector.where ?? {}).map(([name, wanted]) => {
        if (typeof wanted === 'string') return [name, wanted]
        return [name, 'not' in wanted ? 'another' : wanted[0]!]
      }),
    )
    const own = { selector, series: { metric: selector.metric, attributes } }
    return selector.kind === 'events' ? [own, { selector, series: { metric: selector.metric, attributes: { other: 'one' } } }] : [own]
  })
}

/** What several selectors read has one series. */
function distinct(feeds: readonly Feed[]): readonly Feed[] {
  return [...new Map(feeds.map((feed) => [JSON.stringify(feed.series), feed])).values()]
}

interface History {
  /** How many collections there were. */
  readonly collections: number
  /** What each series grows by in a collection, and adds once; shares near the limits of rules are met often. */
  readonly growth: readonly { readonly each: number; readonly share: number; readonly once: number; readonly from: number }[]
  readonly levels: readonly number[]
  readonly state: number
}

const anyHistory: fc.Arbitrary<History> = fc.record({
  collections: fc.constantFrom(1, 4, 12, 40, 130, 730),
  growth: fc.array(
    fc.record({
      each: fc.constantFrom(0, 0, 0.02, 0.1, 1, 10, 1000, 100_000),
      share: fc.constantFrom(0, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 1),
      once: fc.integer({ min: 0, max: 3 }),
      from: fc.integer({ min: 0, max: 60 }),
    }),
    { minLength: 12, maxLength: 12 },
  ),
  levels: fc.array(
    fc.oneof(
      fc.constantFrom(0, 1, -1, 2, -5, -10, 12, NaN, Infinity),
      // Beside the limit of the rule, by this much.
      fc.constantFrom(1 / 3, 0.04, 1e-5, -0.04, -1e-5, -1e-9).map((off) => 1e9 + off),
      fc.double({ min: -100, max: 100_000, noNaN: true }),
      fc.integer({ min: 0, max: 100_000 }),
    ),
    { minLength: 12, maxLength: 12 },
  ),
  state: fc.nat(),
})

/** The verdicts of one rule at the end of a history, as each of its own alerts could stand. */
function verdictsOf(rule: Rule, { collections, growth, levels, state }: History): readonly Verdict[] {
  const windows = new Windows(wantedOf({ rules: [rule], selectors: [] }), 0)
  const feeds = distinct(feedsOf(rule.needs))
  const limit = rule.limits?.warning ?? 0
  const at = (i: number, index: number): Sample[] => {
    const { series, selector } = feeds[index]!
    const { each, share, once, from } = growth[index % growth.length]!
    const grown = Math.round(Math.max(0, i + 1 - from) * each * (index % 2 === 0 ? share : 1 - share)) + (i >= from ? once : 0)
    if (selector.kind === 'events' || selector.kind === 'last_seen') return [{ series, kind: 'sum', value: grown }]
    if (selector.kind === 'distribution') {
      const counts = Array.from({ length: BOUNDS.length + 1 }, (_, bucket) => Math.round((grown * (1 + ((bucket * state) % 7))) / 7))
      const count = counts.reduce((sum, n) => sum + n, 0)
      return [
        {
          series,
          kind: 'histogram',
          value: { bounds: BOUNDS, counts, count, sum: counts.reduce((sum, n, b) => sum + n * (BOUNDS[b] ?? 90), 0) },
        },
      ]
    }
    const given = levels[index % levels.length]!
    const value = given > 1e8 && Number.isFinite(given) ? limit + (given - 1e9) : given
    if (selector.kind === 'level') return [{ series, kind: 'level', value, setAt: (i + 1) * STEP_MS }]
    const states = ['logged_in', 'logged_out', 'reachable', 'up', 'down', 'primary', 'none', 'healthy', 'degraded', 'unknown']
    const attributes = { ...series.attributes, [(selector as { attribute: string }).attribute]: states[state % states.length]! }
    return [{ series: { ...series, attributes }, kind: 'level', value: 1, setAt: (i + 1) * STEP_MS }]
  }
  for (let i = 0; i < collections; i++) {
    const samples = feeds.flatMap((_, index) => at(i, index))
    windows.ingest(samples, (i + 1) * STEP_MS, true)
  }
  const readings = windows.readings(collections * STEP_MS)
  const open = [undefined, { state: 'firing', severity: 'WARNING' }, { state: 'firing', severity: 'CRITICAL' }] as const
  return open.map((each) => rule.judge(readings, each))
}

const NUMBER = '(-?[\\d,]+(?:\\.\\d+)?(?:e[+-]?\\d+)?)'
const read = (text: string | undefined) => (text === undefined ? undefined : Number(text.replaceAll(',', '')))

/** What is wrong with a verdict as it is told; none is right. */
function contradictionsOf(rule: Rule, verdict: Verdict): readonly string[] {
  if (verdict.kind === 'inconclusive') return []
  const { message, value } = verdict
  const { n, failures } = value
  const { current, threshold } = value
  const wrong: string[] = []
  const say = (isWrong: boolean, what: string) => void (isWrong && wrong.push(what))
  for (const figure of [current, threshold, n, failures])
    say(typeof figure === 'number' && !Number.isFinite(figure), 'a figure is no number')
  say(/NaN|Infinity|undefined|null|\{|\}/.test(message), 'the sentence has a place that was not filled')
  say(n !== undefined && failures !== undefined && (failures > n || failures < 0), 'more have failed than there are')

  const side = rule.limits?.breach
  const shown = read(new RegExp(`\\(limit ${NUMBER}`).exec(message)?.[1])
  const is = read(new RegExp(`\\bis ${NUMBER}`).exec(message)?.[1])
  say(
    shown !== undefined && typeof threshold === 'number' && shown !== threshold,
    `the sentence has the limit ${shown}, the evidence ${threshold}`,
  )
  say(is !== undefined && typeof current === 'number' && is !== current, `the sentence has the figure ${is}, the evidence ${current}`)
  const more = typeof current === 'string' ? read(new RegExp(`^more than ${NUMBER}`).exec(current)?.[1]) : undefined
  if (side !== undefined && typeof threshold === 'number') {
    const isBeyond = (figure: number) => (side === 'above' ? figure > threshold : figure < threshold)
    if (typeof current === 'number') {
      say(verdict.kind === 'breach' && !isBeyond(current), 'a breach that is not beyond its limit')
      say(verdict.kind === 'ok' && isBeyond(current), 'an ok that is beyond the limit')
    }
    if (more !== undefined)
      say(side === 'above' && verdict.kind === 'breach' && more < threshold, 'a breach that may not be beyond its limit')
  }
  // A word for many after one, or a word for one after any other number; units have one form.
  const words = [...message.matchAll(/(?<![\d.,-])([\d,]+(?:\.\d+)?) ([a-z]+)\b/g)]
  for (const [, figure, word] of words) {
    const isMany = word!.endsWith('s') && !UNITS.has(word!)
    say(read(figure) === 1 && isMany, `${figure} ${word}`)
    say(read(figure) !== 1 && SINGLE.has(word!), `${figure} ${word}`)
  }
  return wrong
}

const UNITS = new Set(['s', 'ms', 'us', 'is', 'was'])
const SINGLE = new Set([
  'tracker',
  'item',
  'call',
  'event',
  'notification',
  'lookup',
  'batch',
  'attempt',
  'success',
  'failure',
  'is',
  'was',
])

describe('what people are told never contradicts itself', () => {
  test.for([...OF_KINDS, ...OF_READINGS])('$of: $name', { timeout: 60_000 }, ({ rule }) => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        for (const verdict of verdictsOf(rule, history)) {
          const found = contradictionsOf(rule, verdict)
          expect(found.length === 0 ? [] : [...found, verdict.kind, 'message' in verdict && verdict.message]).toEqual([])
        }
      }),
      { numRuns: 150, seed: 12 },
    )
  })
})
