import { afterEach, describe, expect, test } from 'vitest'

import type { HealthConfig } from '../../src/config/health-config.ts'
import { checkHealthConfig } from '../../src/config/health-config.ts'
import type { KindDefinition } from '../../src/kinds/define-kind.ts'
import { defineKind, kindNamed } from '../../src/kinds/define-kind.ts'
import { KINDS } from '../../src/kinds/index.ts'
import type { Kind, Monitored } from '../../src/kinds/kind.ts'
import { figure } from '../../src/rules/figure.ts'
import { counter, histogram, Metric } from '../../src/rules/metric-ref.ts'
import { increase, mean, rate, ratio } from '../../src/rules/readings.ts'
import { rule } from '../../src/rules/rule.ts'
import { into } from '../../src/rules/tally.ts'
import type { ServiceHealthMonitorOptions } from '../../src/service/monitor-options.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const running: Monitored[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ monitor }) => monitor.stop(0)))
})

const bounced = counter('mail.bounced', { unit: '{mail}' })
const mailer = defineKind({
  name: 'mailer',
  metrics: [bounced],
  rules: [rule('many_bounces').when(rate(bounced).over('5m')).above(10, '/min'), { name: 'large_queue', limit: 5, critical: 7 }],
})

const FACTS = { name: 'work', success: true, durationMs: 3, errorType: undefined, reportsFound: undefined, events: undefined }

async function started(kind: Kind, options: ServiceHealthMonitorOptions = {}) {
  const clock = new VirtualClock()
  const exporter = new MemoryExporter(clock)
  const made = kind.monitor({ clock, exporter, env: { OTEL_METRICS_EXPORTER: 'none' }, publishingInterval: 1, ...options })
  running.push(made)
  await made.monitor.start()
  return { made, exporter, clock }
}

test.for(['worker', 'geocoding', 'tracker_fetcher'])('a kind that builds on %s is compared with others by the same metrics', (base) => {
  expect(defineKind({ name: 'mine', base }).overview).toEqual(kindNamed(base).overview)
})

test('a kind of a user’s own is its base with more, and says what it is', async () => {
  const clock = new VirtualClock()
  const exporter = new MemoryExporter(clock)
  const samples = { value: 0 }
  const series = { metric: 'mail.bounced', attributes: {} }
  const made = mailer.monitor({
    clock,
    exporter,
    env: { OTEL_METRICS_EXPORTER: 'none' },
    takeApi: () => ({
      samples: () => [{ series, kind: 'sum', value: samples.value }],
      keep: (names) => expect(names).toContain('mail.bounced'),
    }),
  })
  running.push(made)
  await made.monitor.start()
  made.recorder.queues({ mails: { due: 6 } })
  for (let second = 0; second < 180; second++) {
    samples.value += 1
    made.recorder.queues({ mails: { due: 6 } })
    clock.advance(1000)
  }
  expect(exporter.told.map(({ rule: name, type, severity }) => `${name} ${type} ${severity}`).toSorted()).toEqual([
    'large_queue fired WARNING',
    'many_bounces fired WARNING',
  ])
  expect(exporter.last).toMatchObject({ kind: 'mailer', metrics: { many_bounces: 60, total_queue_size: 6 } })
  expect(exporter.transitions.find(({ alert }) => alert.rule === 'many_bounces')?.alert.message).toMatch(
    /^The rate of mail.bounced is 60 \/min over 5 min \(limit 10 \/min\): \d+ in all$/,
  )
})

test('health.config takes it, and knows its rules', () => {
  expect(checkHealthConfig({ profile: mailer, rules: { many_bounces: { limit: 5 } } }, 'health.config.ts', KINDS)).toBeDefined()
  expect(() => checkHealthConfig({ profile: mailer, rules: { many_bouncs: { limit: 5 } } }, 'health.config.ts', KINDS)).toThrow(
    'health.config.ts: rules "many_bouncs" is not a known key: did you mean "many_bounces"?',
  )
  expect(kindNamed(mailer)).toBe(mailer)
})

test.for([
  {
    why: 'a name that is none',
    definition: { name: 'My Kind' },
    says: 'The kind of service is called "My Kind", expected lower-case letters, digits and _ after a letter, 64 at most.',
  },
  {
    why: 'a name that is taken',
    definition: { name: 'worker' },
    says: 'There is a kind of service called worker already: give yours another name.',
  },
  {
    why: 'a base that is no kind',
    definition: { name: 'x', base: 'boss' },
    says: /^There is no kind of service called "boss": use one of /,
  },
])('it is refused with $why', ({ definition, says }) => {
  expect(() => defineKind(definition)).toThrow(says)
})

describe('a kind with figures and records', () => {
  const lookups = counter('cache.lookups', { unit: '{lookup}', attributes: { 'cache.result': ['hit', 'miss'] } })
  const ages = histogram('cache.age', { unit: 's', bounds: [1, 60, 3600] })
  const hits = lookups.where({ 'cache.result': 'hit' })
  const saidInWords = {
    name: 'cache',
    metrics: [lookups, ages],
    rules: [
      rule('low_hit_rate')
        .when(ratio({ of: hits, in: lookups }))
        .below(60, '%')
        .for(0)
        .plain(),
    ],
    figures: {
      hit_rate_percent: figure(ratio({ of: hits, in: lookups }).over('1h')),
      lookups_last_hour: figure(increase(lookups).over('1h')).by('cache.result'),
      mean_age_minutes: figure(mean(ages)).in('min'),
    },
    records: {
      lookup: [into(lookups).by('cache.result', 'result'), into(ages).of('ageMs', 'ms')],
      sweep: { is: { batchOf: 'swept' }, tallies: [] },
    },
  } satisfies KindDefinition
  const saidAsData: KindDefinition = JSON.parse(`{
    "name": "cache",
    "base": "worker",
    "metrics": {
      "cache.lookups": { "instrument": "counter", "unit": "{lookup}", "attributes": { "cache.result": ["hit", "miss"] } },
      "cache.age": { "instrument": "histogram", "unit": "s", "bounds": [1, 60, 3600] }
    },
    "rules": {
      "low_hit_rate": {
        "when": { "reading": "ratio", "of": { "metric": "cache.lookups", "where": { "cache.result": "hit" } }, "in": "cache.lookups" },
        "below": "60 %",
        "for": 0,
        "plain": true
      }
    },
    "figures": {
      "hit_rate_percent": {
        "of": { "reading": "ratio", "of": { "metric": "cache.lookups", "where": { "cache.result": "hit" } }, "in": "cache.lookups", "over": "1h" }
      },
      "lookups_last_hour": { "of": { "reading": "increase", "of": "cache.lookups", "over": "1h" }, "by": "cache.result" },
      "mean_age_minutes": { "of": { "reading": "mean", "of": "cache.age" }, "in": "min" }
    },
    "records": {
      "lookup": [
        { "into": "cache.lookups", "by": { "cache.result": "result" } },
        { "into": "cache.age", "of": "ageMs", "in": "ms" }
      ],
      "sweep": { "is": { "batchOf": "swept" } }
    }
  }`) as KindDefinition

  test.for([
    { why: 'said in words', definition: saidInWords },
    { why: 'said as data', definition: saidAsData },
  ])('counts, shows and judges what is recorded: $why', async ({ definition }) => {
    const kind = defineKind(definition)
    const { made, exporter, clock } = await started(kind)
    for (let second = 0; second < 60; second++) {
      made.recorder.record('lookup', FACTS, { result: 'hit', ageMs: 90_000 })
      made.monitor.record('lookup', { result: 'miss', ageMs: 30_000 })
      clock.advance(1000)
    }
    made.recorder.record('sweep', FACTS, { swept: [1, 2, 3] })
    clock.advance(1000)
    expect(exporter.last).toMatchObject({
      kind: 'cache',
      metrics: { hit_rate_percent: 50, lookups_last_hour: { hit: 60, miss: 60 }, mean_age_minutes: 1, success_rate_percent: 100 },
      evidence: { hit_rate_percent: { n: 120, count: 60 }, mean_age_minutes: { unit: 'min', n: 120 } },
      totals: { attempts: { ok: 3 }, 'cache.lookups': { hit: 60, miss: 60 } },
    })
    expect(exporter.told).toMatchObject([{ rule: 'low_hit_rate', type: 'fired' }])
  })

  test('its records are what a method may record, and its rules may be changed', () => {
    const method = { module: './cache.js', function: 'get', records: 'lookup' }
    const config = { profile: defineKind(saidInWords), methods: [method], rules: { low_hit_rate: { limit: 50 } } }
    expect(checkHealthConfig(config, 'health.config.js', KINDS)).toBe(config)
    expect(() => checkHealthConfig({ ...config, methods: [{ ...method, records: 'lokup' }] }, 'health.config.js', KINDS)).toThrow(
      `methods[0].records is "lokup", expected 'attempt' or 'batch' or 'api_call' or 'start' or 'stop' or 'lookup' or 'sweep'.`,
    )
  })

  test('health.config may add records to those that its kind has', async () => {
    const config = { records: { hit: [into('cache.lookups').by('cache.result', 'as')] } }
    const { made, exporter, clock } = await started(defineKind(saidInWords), { config })
    made.recorder.record('hit', FACTS, { as: 'hit' })
    made.recorder.record('lookup', FACTS, { result: 'hit' })
    clock.advance(60_000)
    expect(exporter.last.totals).toMatchObject({ 'cache.lookups': { hit: 2 } })
  })

  test('a tracker fetcher with a cache, whose fetches are counted by a record as well', async () => {
    const kind = defineKind({
      ...saidInWords,
      name: 'caching_fetcher',
      base: 'tracker_fetcher',
      records: { ...saidInWords.records, fetch: { is: 'attempt', tallies: [into(lookups).by('cache.result', 'result')] } },
    })
    const { made, exporter, clock } = await started(kind)
    made.recorder.record('lookup', FACTS, { result: 'hit' })
    made.recorder.record('fetch', { ...FACTS, reportsFound: 2 }, { result: 'miss', tier: 'hot' })
    made.recorder.record('fetch', { ...FACTS, success: false, errorType: '503' })
    made.recorder.record('account', FACTS, 'authenticated')
    clock.advance(60_000)
    expect(exporter.last).toMatchObject({
      kind: 'caching_fetcher',
      metrics: { lookups_last_hour: { hit: 1, miss: 1 } },
      totals: { attempts: { reports: 1, failed: { 503: 1 } }, 'cache.lookups': { hit: 1, miss: 1, '': 1 } },
    })
    expect(kind.config.records).toHaveProperty('account')
  })

  test('a geocoding service of one’s own has all that one has', async () => {
    const kind = defineKind({ name: 'my_geocoding', base: 'geocoding', figures: { any: figure(increase('geocoding.cache.lookups')) } })
    const { made, exporter, clock } = await started(kind, { config: { quotas: { osm: { requests: 10, per: 'hour' } } } as HealthConfig })
    made.recorder.record('lookup', FACTS, { result: 'hit' })
    made.recorder.apiCall({ upstream: 'osm', durationMs: 5, errorType: undefined })
    clock.advance(60_000)
    expect(exporter.last).toMatchObject({ kind: 'my_geocoding', metrics: { any: 1, quota_used_percent: { osm: 10 } } })
    expect(Object.keys(kind.config.keys)).toEqual(['quotas'])
  })
})

test.for<{ why: string; definition: unknown; says: string }>([
  {
    why: 'records that are none',
    definition: { name: 'x', records: { lookup: { tallies: 5 } } },
    says: 'records of the kind x.lookup.tallies is 5, expected a list of what it adds to, such as { into: ',
  },
  {
    why: 'a record that has the name of what any call may be',
    definition: { name: 'x', records: { batch: [] } },
    says: 'records of the kind x.batch has the name of what any call may be recorded as (attempt, batch, api_call, start, stop): give it another.',
  },
  {
    why: 'a figure that is none',
    definition: { name: 'x', figures: { share: 'ratio' } },
    says: 'The figure share is "ratio", expected a figure',
  },
])('it is refused at once with $why', ({ definition, says }) => {
  expect(() => defineKind(definition as KindDefinition)).toThrow(says)
})

test.for<{ why: string; definition: KindDefinition; says: string }>([
  {
    why: 'a figure of a metric that nobody declares',
    definition: { name: 'x', figures: { share: figure(rate('cache.lookups')) } },
    says: 'The figure share reads the metric "cache.lookups", which neither the kind of service nor "metrics" of health.config declares',
  },
  {
    why: 'a record into a metric that nobody declares',
    definition: { name: 'x', records: { lookup: [into('cache.lookups')] } },
    says: 'The record lookup goes into the metric "cache.lookups", which neither the kind of service nor "metrics" of health.config declares',
  },
])('no monitor is made of a kind with $why', ({ definition, says }) => {
  expect(() => defineKind(definition).monitor({ env: {} })).toThrow(says)
})

test('rules and metrics of another copy of the package are as good as our own', async () => {
  // A second evaluation of a module is what a second copy is.
  const copyOf = async (file: string): Promise<unknown> => import(new URL(`../../src/rules/${file}?copy`, import.meta.url).href)
  const copy = (await copyOf('rule.ts')) as { rule: typeof rule }
  const metrics = (await copyOf('metric-ref.ts')) as { counter: typeof counter }
  const foreign = metrics.counter('mail.bounced', { unit: '{mail}' })
  expect(foreign).not.toBeInstanceOf(Metric)
  const rules = [copy.rule('many_bounces').when(rate(foreign)).above(10, '/min')]
  expect(checkHealthConfig({ metrics: [foreign], rules }, 'health.config.js', KINDS)).toBeDefined()
  expect(defineKind({ name: 'mailer', metrics: [foreign], rules }).ruleNames).toContain('many_bounces')
})
