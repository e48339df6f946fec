/** Rules as JSON in health.config: the same rules as those of the builders, and whatever is none refused with a sentence. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { Windows } from '../../src/compute/windows.ts'
import { checkMetrics, checkRules } from '../../src/config/check-rules.ts'
import { checkHealthConfig } from '../../src/config/health-config.ts'
import { limitsOf } from '../../src/config/limits.ts'
import { resolveOptions } from '../../src/config/options.ts'
import { KINDS } from '../../src/kinds/index.ts'
import { kindNamed } from '../../src/kinds/define-kind.ts'
import { compileRule } from '../../src/rules/compile-rule.ts'
import type { MetricRef, RuleData } from '../../src/rules/rule-data.ts'
import type { MetricConfig, MetricsConfig, RulesConfig } from '../../src/rules/rules-config.ts'
import { readMetrics, readRules } from '../../src/rules/rules-config.ts'
import { profileOf, wantedOf } from '../../src/rules/service-kind.ts'
import type { Profile, Rule } from '../../src/types.ts'
import { feedByHand } from '../rules/history-feeds.ts'
import { randomHistory } from '../rules/random-history.ts'
import { KIND_RULES, SIXTY_RULES } from '../rules/sixty-rules.ts'
import type { Selector } from '../../src/types.ts'

const ALL = [...SIXTY_RULES, ...KIND_RULES].map(({ data }) => data)

/** As it comes out of a file. */
function fromJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

/** The profile of a service whose health.config.json is this. */
function profileFrom(config: unknown): Profile {
  const checked = checkHealthConfig(config, 'health.config.json', KINDS)
  const { settings, rules, metrics } = resolveOptions({ env: {}, config: checked })
  return profileOf(kindNamed(checked.profile), limitsOf(settings), rules, metrics)
}

describe('sixty rules as JSON', () => {
  const INSTRUMENTS = {
    counter: 'counter',
    histogram: 'histogram',
    observable_gauge: 'gauge',
    observable_up_down_counter: 'up_down_counter',
  } as const
  const metrics: Record<string, MetricConfig> = {}

  /** Without the definitions that the builders put in: those are declared beside the rules. */
  function declared(data: RuleData): RuleData {
    const bare = (each: unknown): unknown => {
      const ref = each as MetricRef | undefined
      if (!ref?.definition) return each
      const { definition, ...rest } = ref
      const { name, instrument, ...options } = definition
      metrics[name] = { ...options, instrument: INSTRUMENTS[instrument] }
      return rest
    }
    return { ...data, when: Object.fromEntries(Object.entries(data.when).map(([field, each]) => [field, bare(each)])) as never }
  }

  const config = fromJson({
    rules: Object.fromEntries(ALL.map((data) => [data.name, declared(data)])),
    metrics,
  }) as { rules: RulesConfig; metrics: MetricsConfig }
  checkRules(config.rules, [], 'rules')
  checkMetrics(config.metrics, 'metrics')
  const known = new Map(readMetrics(config.metrics).map((metric) => [metric.name, metric]))

  function verdicts(rules: readonly Rule[], seed: number): unknown {
    const history = randomHistory(seed)
    const windows = new Windows(wantedOf({ rules, selectors: [] }), history.from)
    feedByHand(history, 'delta', (samples, { at, running }) => windows.ingest(samples, at, running))
    const readings = windows.readings(history.collections.at(-1)!.at)
    return rules.map((rule) => {
      const values = rule.by === undefined ? [undefined] : readings.groups(rule.by, rule.needs)
      return values.map((value) => rule.judge(value === undefined ? readings : readings.within(rule.by!, value), undefined, value))
    })
  }

  const said = ALL.map((data) => compileRule(data, { metrics: new Map(), tickSeconds: 1, showsFigure: true }))

  test.for([
    { why: 'with what their metrics are', rules: fromJson(ALL) as RulesConfig, metrics: new Map() },
    { why: 'by the names of metrics that are declared beside them', rules: config.rules, metrics: known },
  ])('are the rules of the builders, $why', ({ rules, metrics: declaredMetrics }) => {
    checkRules(rules, [], 'rules')
    const { own, overrides } = readRules(rules)
    expect(overrides).toEqual({})
    const read = own.map((data) => compileRule(data, { metrics: declaredMetrics, tickSeconds: 1, showsFigure: true }))
    expect(read).toHaveLength(64)
    for (let seed = 0; seed < 50; seed++) expect(verdicts(read, seed)).toEqual(verdicts(said, seed))
    // All but the functions.
    expect(fromJson(read)).toEqual(fromJson(said))
  })
})

describe('rules of the kind of service', () => {
  const ruleOf = (config: unknown, name: string) => profileFrom(config).rules.find((rule) => rule.name === name)

  test.for([
    { why: 'another limit', change: { limit: 5 }, expected: { limits: { warning: 5, critical: 50_000 } } },
    { why: 'another critical limit', change: { critical: 20_000 }, expected: { limits: { warning: 10_000, critical: 20_000 } } },
    { why: 'other times', change: { for: '10m', keepFiring: 5 }, expected: { forSeconds: 600, keepFiringSeconds: 5 } },
    { why: 'a runbook', change: { runbook: 'https://wiki.example/queue' }, expected: { runbook: 'https://wiki.example/queue' } },
    { why: 'an alert for each queue', change: { by: 'work.queue.name' }, expected: { by: 'work.queue.name' } },
    {
      why: 'one queue',
      change: { where: { 'work.queue.name': 'mail' } },
      expected: { needs: [{ where: { 'work.queue.state': 'due', 'work.queue.name': 'mail' } }] },
    },
  ])('may have $why', ({ change, expected }) => {
    expect(ruleOf({ rules: { large_queue: change } }, 'large_queue')).toMatchObject(expected)
    expect(ruleOf({ rules: [{ name: 'large_queue', ...change }] }, 'large_queue')).toMatchObject(expected)
  })

  test('may be limited to one kind of work', () => {
    const needs = ruleOf({ rules: { low_success_rate: { where: { 'work.name': 'index' } } } }, 'low_success_rate')!.needs
    const parts = needs.flatMap((selector): readonly Selector[] => (selector.kind === 'counts' ? selector.of : [selector]))
    expect(parts.every((selector) => 'where' in selector && selector.where?.['work.name'] === 'index')).toBe(true)
  })

  test('may be switched off', () => {
    expect(ruleOf({ rules: { large_queue: false } }, 'large_queue')).toBeUndefined()
    expect(ruleOf({}, 'large_queue')).toBeDefined()
  })

  test.for([
    {
      why: 'a limit in a unit that does not fit',
      rules: { low_success_rate: { limit: '5 ms' } },
      says: 'below of the rule low_success_rate is in ms, expected 1 or %.',
    },
    {
      why: 'a clear limit where it is clear by itself',
      rules: { low_success_rate: { clear: 99 } },
      says: 'The rule low_success_rate reads a success rate, which has limits below, and is clear 2 points above them: leave above and clear out.',
    },
    {
      why: 'an attribute that it does not have',
      rules: { large_queue: { by: 'work.name' } },
      says: 'The rule large_queue is split by work.name, but work.queue.size has the attributes work.queue.name, work.queue.state: use one that all metrics it reads have.',
    },
    {
      why: 'a where that is a number',
      rules: { large_queue: { where: 7 } },
      says: 'where of the rule large_queue is 7, expected an object from attribute to a text, a list of texts, or { "not": one of these }.',
    },
    {
      why: 'a where that is nothing',
      rules: { large_queue: { where: null } },
      says: 'where of the rule large_queue is null, expected an object from attribute to a text, a list of texts, or { "not": one of these }.',
    },
    {
      why: 'a split by a number',
      rules: { large_queue: { by: 5 } },
      says: 'by of the rule large_queue is 5, expected a text that is not empty.',
    },
    {
      why: 'a runbook that is a number',
      rules: { large_queue: { runbook: 5 } },
      says: 'The runbook of the rule large_queue is 5, expected a URL that begins with https:// or http://.',
    },
    {
      why: 'a second rule of the same name',
      rules: { large_queue: { when: { reading: 'level', of: { metric: 'work.queue.size' } }, above: 1 } },
      says: 'There are two rules called large_queue: give yours another name, or say only what is to be other than in the rule that is there.',
    },
  ])('may not have $why', ({ rules, says }) => {
    expect(() => profileFrom({ rules })).toThrow(new Error(says))
  })
})

describe('a rule in JSON that is none', () => {
  const of = { metric: 'hits' }
  const rate = { when: { reading: 'rate', of }, above: 1 }
  const METRIC = 'the name of a metric, or an object such as { "metric": "http.requests" } with, if not all of its series are meant, where'
  const TIME = 'seconds or a text such as "30s", "5m" or "2h"'
  const LIMIT = 'a number, or one with its unit such as "60 %"'
  const WHERE = 'an object from attribute to a text, a list of texts, or { "not": one of these }'
  const READINGS = 'rate, increase, mean, quantile, ratio, level, age, absent, state, burn_rate, success_rate, throughput, slow_calls'

  test.for([
    { rule: { when: {} }, says: `when.reading of the rule mine is missing, expected one of ${READINGS}.` },
    { rule: { when: { reading: 'speed' } }, says: `when.reading of the rule mine is "speed", expected one of ${READINGS}.` },
    { rule: { when: { reading: 'toString' } }, says: `when.reading of the rule mine is "toString", expected one of ${READINGS}.` },
    { rule: { when: { reading: 'rate' }, above: 1 }, says: `when.of of the rule mine is missing, expected ${METRIC}.` },
    { rule: { when: { reading: 'rate', of: ['hits'] }, above: 1 }, says: `when.of of the rule mine is ["hits"], expected ${METRIC}.` },
    {
      rule: { when: { reading: 'rate', of: { metric: 5 } }, above: 1 },
      says: `when.of of the rule mine is {"metric":5}, expected ${METRIC}.`,
    },
    {
      rule: { when: { reading: 'rate', of: { ...of, were: {} } }, above: 1 },
      says: `when.of of the rule mine is {"metric":"hits","were":{}}, expected ${METRIC}.`,
    },
    {
      rule: { when: { reading: 'rate', of: { ...of, where: 7 } }, above: 1 },
      says: `when.of of the rule mine is {"metric":"hits","where":7}, expected ${METRIC}.`,
    },
    {
      rule: { when: { reading: 'rate', of: { ...of, definition: 5 } }, above: 1 },
      says: `when.of of the rule mine is {"metric":"hits","definition":5}, expected ${METRIC}.`,
    },
    { rule: { when: { reading: 'ratio', of }, above: 1 }, says: `when.in of the rule mine is missing, expected ${METRIC}.` },
    { rule: { when: { reading: 'rate', of, over: 'soon' }, above: 1 }, says: `The window of the rule mine is "soon", expected ${TIME}.` },
    { rule: { when: { reading: 'rate', of, over: true }, above: 1 }, says: `when.over of the rule mine is true, expected ${TIME}.` },
    {
      rule: { when: { reading: 'rate', of, ower: '5m' }, above: 1 },
      says: 'when of the rule mine has "ower", which a rate does not know: it has of, over.',
    },
    { rule: { when: { reading: 'quantile', q: 'x', of }, above: 1 }, says: 'when.q of the rule mine is "x", expected a number.' },
    {
      rule: { when: { reading: 'burn_rate', of, in: of, objective: '99' }, above: 1 },
      says: 'when.objective of the rule mine is "99", expected a number.',
    },
    {
      rule: { when: { reading: 'level', of, fold: 'mean' }, above: 1 },
      says: 'when.fold of the rule mine is "mean", expected sum or max or min.',
    },
    {
      rule: { when: { reading: 'state', of }, isNot: 'up' },
      says: 'when.attribute of the rule mine is missing, expected a text that is not empty.',
    },
    {
      rule: { when: { reading: 'state', of, attribute: 'state', messages: ['down'] }, isNot: 'up' },
      says: 'when.messages of the rule mine is ["down"], expected an object from text to text.',
    },
    {
      rule: { when: { reading: 'throughput', of, owed: of, wording: {} }, below: 1 },
      says: 'when.wording of the rule mine is {}, expected an object of texts with done, unit.',
    },
    { rule: { ...rate, above: {} }, says: `above of the rule mine is {}, expected ${LIMIT}.` },
    { rule: { ...rate, above: null }, says: `above of the rule mine is null, expected ${LIMIT}.` },
    { rule: { ...rate, above: 'much' }, says: `above of the rule mine is "much", expected ${LIMIT}.` },
    { rule: { ...rate, critical: [2] }, says: `critical of the rule mine is [2], expected ${LIMIT}.` },
    { rule: { ...rate, for: {} }, says: `for of the rule mine is {}, expected ${TIME}.` },
    { rule: { ...rate, by: 5 }, says: 'by of the rule mine is 5, expected a text that is not empty.' },
    { rule: { ...rate, where: 7 }, says: `where of the rule mine is 7, expected ${WHERE}.` },
    { rule: { ...rate, where: { a: null } }, says: `where of the rule mine is {"a":null}, expected ${WHERE}.` },
    {
      rule: { ...rate, where: { a: { not: 'b', or: 'c' } } },
      says: `where of the rule mine is {"a":{"not":"b","or":"c"}}, expected ${WHERE}.`,
    },
    { rule: { ...rate, says: 3 }, says: 'says of the rule mine is 3, expected a text that is not empty.' },
    { rule: { ...rate, scope: 'some' }, says: 'scope of the rule mine is "some", expected any or all or shared.' },
    { rule: { ...rate, severity: 'LOW' }, says: 'severity of the rule mine is "LOW", expected WARNING or CRITICAL.' },
    { rule: { ...rate, summary: 1 }, says: 'summary of the rule mine is 1, expected a text that is not empty.' },
    { rule: { ...rate, runbook: 1 }, says: 'The runbook of the rule mine is 1, expected a URL that begins with https:// or http://.' },
  ])('$says', ({ rule, says }) => {
    const metrics = { hits: { instrument: 'counter' } }
    expect(() => profileFrom({ rules: { mine: rule }, metrics })).toThrow(new Error(says))
    expect(() => profileFrom({ rules: [{ name: 'mine', ...rule }], metrics })).toThrow(new Error(says))
  })

  test.for([
    {
      metric: { instrument: 'timer' },
      says: 'The instrument of the metric m is "timer", expected counter, histogram, gauge, up_down_counter.',
    },
    {
      metric: { instrument: ['counter'] },
      says: 'The instrument of the metric m is ["counter"], expected counter, histogram, gauge, up_down_counter.',
    },
    {
      metric: { instrument: { toString: 0 } },
      says: 'The instrument of the metric m is {"toString":0}, expected counter, histogram, gauge, up_down_counter.',
    },
    {
      metric: { instrument: 'counter', unit: 5 },
      says: 'The unit of the metric m is 5, expected a text as it is given to the instrument, such as "s" or "By".',
    },
    { metric: { instrument: 'counter', description: 5 }, says: 'The description of the metric m is 5, expected a text.' },
    {
      metric: { instrument: 'counter', attributes: { a: 'b' } },
      says: 'The attributes of the metric m are {"a":"b"}, expected an object from attribute to the list of its values, empty where there is no such list.',
    },
    {
      metric: { instrument: 'histogram', bounds: 'wide' },
      says: 'The bounds of the metric m are "wide", expected a list of finite numbers that rise.',
    },
  ])('nor is a metric: $says', ({ metric, says }) => {
    expect(() => profileFrom({ metrics: { m: metric } })).toThrow(new Error(says))
  })
})

describe('whatever rules and metrics are', () => {
  const NAMES = ['mine', 'large_queue', 'low_success_rate', '__proto__', 'constructor']
  const rubbish = fc.oneof(
    { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
    { weight: 1, arbitrary: fc.constantFrom(undefined, NaN, Infinity, 10n, () => 1, Symbol('s'), '5m', '60 %', 'up', 95, 0.5, -1) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        { metric: 'hits' },
        { metric: 'time' },
        { metric: 'size' },
        { metric: 'hits', where: { a: 'b' } },
        { a: 'b' },
      ),
    },
  )
  const object = (...keys: string[]) => fc.record(Object.fromEntries(keys.map((key) => [key, rubbish])), { requiredKeys: [] })
  const reading = fc.constantFrom(...SIXTY_RULES.map(({ data }) => data.when.reading))
  const when = fc
    .tuple(reading, object('q', 'of', 'in', 'over', 'and', 'objective', 'attribute', 'messages', 'fold', 'staleAfter', 'called'))
    .map(([said, rest]) => ({ reading: said, ...rest }))
  const rule = fc.oneof(
    rubbish,
    object('limit', 'critical', 'clear', 'for', 'keepFiring', 'where', 'by', 'runbook'),
    fc
      .tuple(
        fc.oneof(when, rubbish),
        object('above', 'critical', 'clear', 'isNot', 'for', 'says', 'by', 'where', 'scope', 'severity', 'summary'),
      )
      .map(([said, rest]) => ({ when: said, ...rest })),
    // One field of a good rule is not.
    fc
      .tuple(fc.constantFrom(...ALL), rubbish)
      .chain(([data, value]) => fc.constantFrom(...Object.keys(data)).map((key) => ({ ...data, [key]: value }))),
    fc
      .tuple(fc.constantFrom(...ALL), rubbish)
      .chain(([data, value]) =>
        fc.constantFrom(...Object.keys(data.when)).map((key) => ({ ...data, when: { ...data.when, [key]: value } })),
      ),
  )
  const named = (value: fc.Arbitrary<unknown>, names: readonly string[]) =>
    fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 3 }).map((entries) => Object.fromEntries(entries))
  const config = fc.record(
    {
      rules: fc.oneof(rubbish, named(rule, NAMES), fc.array(rule, { maxLength: 3 })),
      metrics: fc.oneof(
        { weight: 1, arbitrary: rubbish },
        {
          weight: 1,
          arbitrary: named(fc.oneof(rubbish, object('instrument', 'unit', 'attributes', 'bounds', 'description')), ['hits', 'm m']),
        },
        {
          weight: 3,
          arbitrary: fc.constant({
            hits: { instrument: 'counter' },
            time: { instrument: 'histogram', unit: 's', bounds: [1, 5] },
            size: { instrument: 'gauge', attributes: { a: ['b'] } },
          }),
        },
      ),
    },
    { requiredKeys: [] },
  )

  test('they are rules that judge, or refused with one sentence', () => {
    let accepted = 0
    fc.assert(
      fc.property(config, (given) => {
        let profile: Profile
        try {
          profile = profileFrom(given)
        } catch (error) {
          expect((error as Error).constructor).toBe(Error)
          expect((error as Error).message).toMatch(/^[^\n]{10,1000}[.?]$/)
          return
        }
        accepted++
        const windows = new Windows(wantedOf(profile), 0)
        windows.ingest([], 20_000, true)
        for (const each of profile.rules) {
          const verdict = each.judge(windows.readings(20_000), { state: 'firing', severity: 'WARNING' })
          expect(verdict.rule).toBe(each.name)
        }
      }),
      { numRuns: 5000 },
    )
    expect(accepted).toBeGreaterThan(50)
  })
})
