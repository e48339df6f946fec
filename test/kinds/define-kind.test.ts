import { afterEach, expect, test } from 'vitest'

import { checkHealthConfig } from '../../src/config/health-config.ts'
import { defineKind, kindNamed } from '../../src/kinds/define-kind.ts'
import { KINDS } from '../../src/kinds/index.ts'
import type { Monitored } from '../../src/kinds/kind.ts'
import { counter, Metric } from '../../src/rules/metric-ref.ts'
import { rate } from '../../src/rules/readings.ts'
import { rule } from '../../src/rules/rule.ts'
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
