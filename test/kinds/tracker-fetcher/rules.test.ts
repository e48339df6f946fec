import { expect, test } from 'vitest'

import { CATALOGUE } from '../../../src/kinds/index.ts'
import { Windows } from '../../../src/compute/windows.ts'
import { trackerFetcherJudging } from '../../../src/kinds/tracker-fetcher/judging.ts'
import type { RuleOverrides } from '../../../src/rules/override-rule.ts'
import { profileOf, wantedOf } from '../../../src/rules/service-kind.ts'
import type { Where } from '../../../src/types.ts'

const LIMITS = {
  largeQueue: 10_000,
  veryLargeQueue: 50_000,
  minSuccessRateHealthy: 80,
  minSuccessRateDegraded: 50,
  minFetchRate: 10,
  maxApiResponseTimeMs: 10_000,
}
const profile = profileOf(trackerFetcherJudging, LIMITS)
const changed = (overrides: RuleOverrides) => profileOf(trackerFetcherJudging, LIMITS, { overrides, own: [] })

test('the rules are the ones of the table, with its timing', () => {
  expect(
    profile.rules.map(({ name, forSeconds, keepFiringSeconds, scope }) => `${name} ${forSeconds}/${keepFiringSeconds} ${scope}`),
  ).toEqual([
    'apple_account_unauthenticated 0/120 any',
    'anisette_unreachable 0/60 any',
    'large_queue 60/120 shared',
    'low_success_rate 60/120 any',
    'low_fetch_rate 60/120 all',
    'slow_apple_api 60/120 any',
    'restart_loop 0/120 shared',
    'drain_stuck 0/0 any',
    'dependency_down 0/60 any',
  ])
})

test('every selector reads a metric of the catalogue by attributes it has', () => {
  for (const { selector } of wantedOf(profile)) {
    if (selector.kind === 'time_above' || selector.kind === 'falls' || selector.kind === 'counts') continue
    const metric = CATALOGUE.find(({ name }) => name === selector.metric)
    const where = 'where' in selector ? (selector.where ?? {}) : {}
    for (const [attribute, value] of Object.entries(where))
      expect(metric?.attributes[attribute]).toEqual(expect.arrayContaining(valuesOf(value)))
    expect(metric?.attributes).toMatchObject(selector.kind === 'state' ? { [selector.attribute]: expect.any(Array) } : {})
  }
})

test('every rule finds what it needs, and says that there is no data yet', () => {
  for (const name of profile.required!) expect(profile.rules.map((rule) => rule.name)).toContain(name)
  const readings = new Windows(wantedOf(profile), 0).readings(0)
  for (const rule of profile.rules) expect(rule.judge(readings, undefined)).toMatchObject({ rule: rule.name, kind: 'inconclusive' })
})

test('overrides replace limits and timing of one rule', () => {
  const { rules } = changed({
    large_queue: { limit: 5, critical: 7, for: 0, keepFiring: 1 },
    low_success_rate: { for: 30 },
  })
  expect(rules.find(({ name }) => name === 'large_queue')).toMatchObject({ forSeconds: 0, keepFiringSeconds: 1 })
  expect(rules.find(({ name }) => name === 'low_success_rate')).toMatchObject({ forSeconds: 30, keepFiringSeconds: 120 })
})

test('limits the wrong way round stop the start', () => {
  expect(() => changed({ large_queue: { limit: 60_000 } })).toThrow(
    'The critical limit of large_queue is 50000, expected at least its limit (60000).',
  )
})

function valuesOf(value: Where[string]): string[] {
  return typeof value === 'object' && 'not' in value ? [value.not].flat() : [value].flat()
}
