import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { trackerFetcherJudging } from '../../src/kinds/tracker-fetcher/judging.ts'
import { counter } from '../../src/rules/metric-ref.ts'
import { countedPair } from '../../src/rules/counted-pair.ts'
import { burnRate, ratio } from '../../src/rules/readings.ts'
import { rule } from '../../src/rules/rule.ts'
import { saidRules, type SaidRule } from '../../src/rules/said-rules.ts'
import { checkProcess, simulateRules, type OwnProcess } from '../../src/simulate/own-process.ts'
import { STEP, type Step } from '../../src/simulate/process.ts'
import { randomOf } from '../../src/simulate/random.ts'
import { simulate } from '../../src/simulate/simulated-service.ts'
import type { Readings, Rule } from '../../src/types.ts'

const HOUR = 3600
const DAY = 24 * HOUR
const LOOKUPS = counter('cache.lookups', { unit: '{lookup}', attributes: { result: ['hit', 'miss'] } })
const HITS = LOOKUPS.where({ result: 'hit' })
const OWN = [
  rule('low_hit_rate')
    .when(ratio({ of: HITS, in: LOOKUPS }))
    .below(60, '%'),
  rule('plain_hit_rate')
    .when(ratio({ of: HITS, in: LOOKUPS }))
    .below(60, '%')
    .plain(),
  rule('fast_burn')
    .when(burnRate({ of: LOOKUPS.where({ result: 'miss' }), in: LOOKUPS, objective: 99 }))
    .above(14.4),
]
const LIMITS = {
  ...{ largeQueue: 10_000, veryLargeQueue: 50_000, minSuccessRateHealthy: 80, minSuccessRateDegraded: 50 },
  ...{ minFetchRate: 10, maxApiResponseTimeMs: 10_000 },
}
const RULES = saidRules({
  ...{ kind: trackerFetcherJudging, limits: LIMITS, metrics: [] },
  rules: { own: OWN.map(({ data }) => data), overrides: {} },
})
const named = (name: string) => RULES.find(({ data }) => data.name === name)!

describe('what a rule reads', () => {
  /** Keeps what the rule was given to read at each evaluation. */
  function looked(said: SaidRule, steps: readonly Step[], look: (readings: Readings, now: number) => void): void {
    let now = 0
    const process = (seconds: number) => {
      now = seconds + STEP
      return steps[seconds / STEP]!
    }
    const looking: Rule = {
      ...said.rule,
      judge(readings, open) {
        look(readings, now)
        return said.rule.judge(readings, open)
      },
    }
    const pair = countedPair(said.rule, said.data.when.reading)!
    simulate({ rule: looking, pair, process, length: steps.length * STEP, random: randomOf(1) })
  }

  const anySteps = fc.array(
    fc.record({ count: fc.nat(20), bad: fc.nat(20) }).map(({ count, bad }) => ({ count: Math.max(count, bad), bad })),
    { minLength: 30, maxLength: 400 },
  )

  test.for(['low_success_rate', 'slow_apple_api', 'low_hit_rate'])('%s: in any window it is the sum of its steps', (name) => {
    const said = named(name)
    const counts = said.rule.needs.find((selector) => selector.kind === 'counts')!
    fc.assert(
      fc.property(anySteps, fc.integer({ min: 1, max: 400 }), (steps, windowSteps) => {
        let looks = 0
        looked(said, steps, (readings, now) => {
          looks++
          const window = steps.slice(Math.max(0, now / STEP - windowSteps), now / STEP)
          const all = window.reduce((sum, { count }) => sum + count, 0)
          const bad = window.reduce((sum, each) => sum + each.bad, 0)
          const grew = readings.counts(counts)
          expect(grew.grew(0, windowSteps * STEP)).toBe(all)
          expect(grew.grew(1, windowSteps * STEP)).toBe(name === 'low_hit_rate' ? all - bad : bad)
          expect(grew.reachSeconds).toBeLessThanOrEqual(now)
        })
        expect(looks).toBeGreaterThan(0)
      }),
      { numRuns: 50 },
    )
  })
})

describe('pages', () => {
  const run = (name: string, own: OwnProcess, days = 1) => simulateRules([named(name)], own, { seeds: 1, days }).simulated[0]!

  test.for([
    { name: 'low_success_rate', bad: { rate: 300, good: 0.4 }, good: { rate: 300, good: 0.97 } },
    { name: 'slow_apple_api', bad: { rate: 300, good: 0.5 }, good: { rate: 300, good: 0.99 } },
    { name: 'low_fetch_rate', bad: { rate: 0.5, good: 1 }, good: { rate: 30, good: 1 } },
    { name: 'low_hit_rate', bad: { rate: 300, good: 0.2 }, good: { rate: 300, good: 0.9 } },
    { name: 'plain_hit_rate', bad: { rate: 3000, good: 0.2 }, good: { rate: 3000, good: 0.9 } },
    { name: 'fast_burn', bad: { rate: 3000, good: 0.5 }, good: { rate: 3000, good: 0.999 } },
  ])('of $name: some where its limit is passed, none where it is not, and an outage is told', ({ name, bad, good }) => {
    // A quarter of a day: what is open is looked at more often.
    expect(run(name, bad, 0.25).pages).toBeGreaterThan(0)
    const within = run(name, good)
    expect([within.pages, within.critical, within.example]).toEqual([0, 0, undefined])
    expect(within.outage.median).toBeGreaterThan(0)
    expect(within.outage.median).toBeLessThan(90)
    expect(within.outage.p90).toBeGreaterThanOrEqual(within.outage.median)
  })

  test('the same again, for the same process', () => {
    const own = { rate: 300, good: 0.9, burstSeconds: 120 }
    expect(run('low_success_rate', own)).toEqual(run('low_success_rate', own))
  })

  test('those in long bursts are counted apart, for they are outages', () => {
    const { pages, inOutages } = run('low_success_rate', { rate: 3000, good: 0.9, burstSeconds: 600 })
    expect(inOutages).toBeGreaterThan(0)
    expect(inOutages).toBeLessThanOrEqual(pages)
  })

  test('what a process that crashed had not handed on is not known to the next', () => {
    // Each bad one comes 10 s before a minute is full, and a restart in every minute loses it.
    const said = named('low_success_rate')
    const process = (seconds: number) => ({ count: 1, bad: seconds % 60 === 40 ? 1 : 0 })
    const pages = (restartsEvery?: number) =>
      simulate({
        ...{ rule: said.rule, pair: countedPair(said.rule)!, process: (at) => (at > 2 * HOUR ? { count: 1, bad: 1 } : process(at)) },
        ...{ length: DAY / 4, random: randomOf(1), ...(restartsEvery !== undefined && { restartsEvery }) },
      })
    expect(pages().length).toBeGreaterThan(0)
    expect(pages(15)[0]?.at ?? Infinity).toBeGreaterThan(pages()[0]!.at)
  })
})

test('what cannot be simulated is named, with the reason', () => {
  const { simulated, not } = simulateRules(
    [named('large_queue'), named('anisette_unreachable')],
    { rate: 3, good: 1 },
    { seeds: 1, days: 1 },
  )
  expect(simulated).toEqual([])
  expect(not).toEqual([
    { rule: 'large_queue', why: 'it goes by a level, and not by how many of some work are good or bad' },
    { rule: 'anisette_unreachable', why: 'it goes by a state, and not by how many of some work are good or bad' },
  ])
})

test.for([
  { why: 'no rate', own: { rate: 0, good: 1 }, says: 'The rate is 0, expected more than 0' },
  { why: 'more than all', own: { rate: 3, good: 1.2 }, says: 'The success is 120 %, expected 0 to 100' },
  { why: 'half a batch', own: { rate: 3, good: 1, batch: 0.5 }, says: 'The batch is 0.5, expected a whole number' },
  { why: 'a share within no bursts', own: { rate: 3, good: 1, within: 0.5 }, says: 'add --burst 30s' },
  { why: 'bursts without end', own: { rate: 3, good: 0, burstSeconds: 30 }, says: 'there must be time between bursts' },
  { why: 'bursts of no length', own: { rate: 3, good: 0.9, burstSeconds: 0 }, says: 'Bursts are 0 s long' },
])('there is no such process: $why', ({ own, says }) => {
  expect(() => checkProcess(own)).toThrow(says)
})
