import { readFileSync } from 'node:fs'

import { afterEach, expect, test } from 'vitest'

import { checkHealthConfig } from '../src/config/health-config.ts'
import { resolveOptions } from '../src/config/options.ts'
import { limitsOf } from '../src/config/limits.ts'
import type { KindDefinition } from '../src/kinds/define-kind.ts'
import { defineKind, kindNamed } from '../src/kinds/define-kind.ts'
import { KINDS } from '../src/kinds/index.ts'
import type { Kind } from '../src/kinds/kind.ts'
import { figure } from '../src/rules/figure.ts'
import { counter } from '../src/rules/metric-ref.ts'
import { rate } from '../src/rules/readings.ts'
import { profileOf } from '../src/rules/service-kind.ts'
import { into } from '../src/rules/tally.ts'
import type { ServiceHealthMonitor } from '../src/service/monitor.ts'
import type { ServiceHealthMonitorOptions } from '../src/service/monitor-options.ts'
import { MemoryExporter } from './support/memory-exporter.ts'
import { VirtualClock } from './support/virtual-clock.ts'

const text = readFileSync(new URL('../docs/rules.md', import.meta.url), 'utf8')

/** The JSON of one section, in the order in which it stands there. */
function jsonOf(heading: string): readonly unknown[] {
  const [, section = ''] = text.split(`\n## ${heading}\n`)
  const [own = ''] = section.split('\n## ')
  return [...own.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => JSON.parse(json!) as unknown)
}

const running: ServiceHealthMonitor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop(0)))
})

async function started(kind: Kind, options: ServiceHealthMonitorOptions = {}) {
  const clock = new VirtualClock()
  const exporter = new MemoryExporter(clock)
  const { monitor } = kind.monitor({ clock, exporter, env: { OTEL_METRICS_EXPORTER: 'none' }, publishingInterval: 1, ...options })
  running.push(monitor)
  await monitor.start()
  return { monitor, exporter, clock }
}

test('the JSON in docs/rules.md is a health.config that is judged as it says', () => {
  const config = checkHealthConfig(jsonOf('As data')[0], 'health.config.json', KINDS)
  const { settings, rules, metrics } = resolveOptions({ env: {}, config })
  const profile = profileOf(kindNamed(undefined), limitsOf(settings), rules, metrics)
  const own = profile.rules.find(({ name }) => name === 'low_cache_hit_rate')
  expect(own?.limits).toEqual({ breach: 'below', warning: 60, critical: 30, unit: 'percent' })
  const hits = { kind: 'events', metric: 'cache.lookups', where: { 'cache.result': 'hit' } }
  const lookups = { kind: 'events', metric: 'cache.lookups' }
  expect(own?.needs).toEqual([hits, lookups, { kind: 'counts', of: [lookups, hits] }])
  expect(profile.rules.map(({ name }) => name)).not.toContain('slow_upstream')
  expect(profile.rules.find(({ name }) => name === 'large_queue')?.limits?.warning).toBe(500)
})

test('its records are counted, and judged, as it says', async () => {
  const config = checkHealthConfig(jsonOf('Records')[0], 'health.config.json', KINDS)
  const { monitor, exporter, clock } = await started(kindNamed(undefined), { config })
  for (let minute = 0; minute < 3; minute++) {
    monitor.record('lookup', { result: 'hit', ageMs: 3_600_000 })
    monitor.record('sweep', { swept: 12, evicted: [{ reason: 'old' }, { reason: 'full' }] })
    clock.advance(60_000)
  }
  expect(exporter.told).toMatchObject([{ rule: 'old_entries', type: 'fired', severity: 'WARNING' }])
  expect(exporter.last).toMatchObject({ metrics: { old_entries: 60, success_rate_percent: 100 }, totals: { attempts: { ok: 36 } } })
})

test('its kind of one’s own shows what it says', async () => {
  const definition = jsonOf('Records')[1] as KindDefinition
  const { monitor, exporter, clock } = await started(defineKind(definition))
  for (let minute = 0; minute < 3; minute++) {
    for (const result of ['hit', 'hit', 'hit', 'miss']) monitor.record('lookup', { result })
    clock.advance(60_000)
  }
  expect(exporter.last).toMatchObject({
    kind: 'cache',
    metrics: { hit_rate_percent: 75, lookups_per_hour: { hit: 180, miss: 60 } },
    totals: { 'cache.lookups': { '': 12 } },
  })
  expect(exporter.last.verdicts.map(({ rule }) => rule)).not.toContain('large_queue')
})

test('it names every word and every field there is', () => {
  const metric = counter('a')
  const fields = [
    ...Object.keys(figure(rate(metric)).in('/h').by('x').data),
    ...Object.keys(into(metric).of('n', 'x').each('y').by('z', 'z').data),
  ]
  for (const field of [...fields, 'is', 'tallies', 'batchOf']) expect(text).toMatch(new RegExp(`[\`{ ]${field}[\`:,]`))
  for (const word of [
    'figure(reading)',
    '.in(unit)',
    '.by(attribute)',
    'into(metric)',
    '.of(field, unit)',
    '.each(field)',
    '.by(attribute, field)',
  ])
    expect(text).toContain(`\`${word}\``)
})
