import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'

import { EVERY_SERVICE } from '../../src/catalogue.ts'
import { WorkerHealthMonitor } from '../../src/kinds/worker/monitor.ts'
import { resolveOptions } from '../../src/config/options.ts'
import { profileOfService } from '../../src/config/profile.ts'
import { CellStore } from '../../src/record/cells.ts'
import type { MetricDefinition } from '../../src/catalogue.ts'
import { counter, gauge } from '../../src/rules/metric-ref.ts'
import { increase } from '../../src/rules/readings.ts'
import { rule } from '../../src/rules/rule.ts'
import type { RecordData, RecordsConfig } from '../../src/rules/tally.ts'
import { into, readRecords } from '../../src/rules/tally.ts'
import { anyService } from '../../src/service/any-service.ts'
import { ServiceHealthMonitor } from '../../src/service/monitor.ts'
import type { ServiceHealthMonitorOptions } from '../../src/service/monitor-options.ts'
import { Records } from '../../src/service/records.ts'
import { diagLines } from '../contracts/diag-lines.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const lookups = counter('cache.lookups', { unit: '{lookup}', attributes: { 'cache.result': ['hit', 'miss'] } })
const fill = gauge('cache.fill', { unit: '1' })
const LOOKUP: RecordsConfig = { lookup: [into(lookups).by('cache.result', 'result')] }

interface Given {
  readonly ofKind?: Readonly<Record<string, RecordData>>
  readonly metricsOfKind?: readonly MetricDefinition[]
  readonly own?: RecordsConfig
  readonly metrics?: readonly MetricDefinition[]
}

/** The records of a service, what they counted, and what was dropped. */
function recorded({ ofKind = {}, metricsOfKind = [], own = {}, metrics = [] }: Given) {
  const recording = new CellStore(new VirtualClock())
  const dropped: string[] = []
  const kind = { ...anyService, metrics: metricsOfKind, records: ofKind }
  const options = resolveOptions({ env: {}, code: { records: own } })
  const profile = profileOfService(kind, { ...options, metrics })
  const records = new Records({ ...profile, recording, drop: (what) => void dropped.push(what) })
  const counted = () =>
    Object.fromEntries(
      recording.samples().map(({ series, value }) => [[series.metric, ...Object.values(series.attributes)].join(' '), value]),
    )
  return { records, counted, dropped }
}

describe('what a record is called says what it adds', () => {
  const own = { ...LOOKUP, filled: [into('cache.fill').of('share')] }

  test('to metrics of health.config, by name or declared where it is said', () => {
    const { records, counted, dropped } = recorded({ own, metrics: [fill.ref.definition] })
    expect(records.add('lookup', { result: 'hit' })).toBeUndefined()
    records.add('filled', { share: 0.5 })
    expect([counted(), dropped]).toEqual([{ 'cache.lookups hit': 1, 'cache.fill': 0.5 }, []])
    expect(records.metrics.map(({ name }) => name)).toEqual(['cache.lookups', 'cache.fill'])
  })

  test('to metrics of the kind, and to those that every service has', () => {
    const usual = EVERY_SERVICE.find(({ instrument }) => instrument === 'counter')!
    const { records, counted } = recorded({
      own: { a: [into(fill.ref.metric).of('n')], b: [into(usual.name)] },
      metricsOfKind: [fill.ref.definition],
    })
    records.add('a', { n: 1 })
    records.add('b', {})
    expect(counted()).toEqual({ 'cache.fill': 1, [usual.name]: 1 })
  })

  test('one of health.config takes the place of one of the kind', () => {
    const ofKind = readRecords({ lookup: [into(lookups).by('cache.result', 'state')], refill: [into(fill).of('n')] })
    const { records, counted } = recorded({ ofKind, own: LOOKUP })
    records.add('lookup', { result: 'hit', state: 'miss' })
    records.add('refill', { n: 1 })
    expect(counted()).toEqual({ 'cache.lookups hit': 1, 'cache.fill': 1 })
  })

  test('and whether it is work besides', () => {
    const { records } = recorded({
      own: { job: { is: 'attempt' }, sweep: { is: { batchOf: 'swept' }, tallies: [into(lookups)] }, ...LOOKUP },
    })
    expect(['job', 'sweep', 'lookup', 'other'].map((name) => records.add(name, {}))).toEqual([
      'attempt',
      { batchOf: 'swept' },
      undefined,
      undefined,
    ])
  })

  test('a metric that nobody declares is found out at the start', () => {
    expect(() => recorded({ own: { lookup: [into('cache.lokups')] } })).toThrow(
      'The record lookup goes into the metric "cache.lokups", which neither the kind of service nor "metrics" of health.config declares: declare it with its instrument and unit.',
    )
  })
})

describe('what is no record is dropped, and said', () => {
  test.for<{ why: string; name: unknown; fields: unknown; says: string }>([
    {
      why: 'a name that nobody gave',
      name: 'lokup',
      fields: {},
      says: 'a record called lokup, which neither the kind of service nor health.config has,',
    },
    {
      why: 'a name that every object has',
      name: 'constructor',
      fields: {},
      says: 'a record called constructor, which neither the kind of service nor health.config has,',
    },
    {
      why: 'a name that is none',
      name: Symbol('lookup'),
      fields: {},
      says: 'a record called Symbol(lookup), which neither the kind of service nor health.config has,',
    },
    { why: 'no fields', name: 'lookup', fields: undefined, says: 'a record of lookup without fields' },
    { why: 'null', name: 'lookup', fields: null, says: 'a record of lookup without fields' },
    { why: 'a text', name: 'lookup', fields: 'hit', says: 'a record of lookup without fields' },
  ])('$why', ({ name, fields, says }) => {
    const { records, counted, dropped } = recorded({ own: LOOKUP })
    records.add(name as string, fields as object as Record<string, unknown>)
    expect([dropped, counted()]).toEqual([[says], {}])
  })

  test('whatever is given, nothing is thrown, and it is counted or dropped', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant('lookup'), fc.anything()), fc.anything(), (name, fields) => {
        const { records, counted, dropped } = recorded({ own: LOOKUP })
        records.add(name as string, fields as Record<string, unknown>)
        const sum = Object.values(counted()).reduce<number>((all, n) => all + (n as number), 0)
        expect(sum + dropped.length).toBe(1)
      }),
    )
  })
})

const running: ServiceHealthMonitor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop(0)))
})

async function started<M extends ServiceHealthMonitor>(
  Monitor: new (options: ServiceHealthMonitorOptions) => M,
  options: ServiceHealthMonitorOptions,
) {
  const clock = new VirtualClock()
  const exporter = new MemoryExporter(clock)
  const monitor = new Monitor({ clock, exporter, env: { OTEL_METRICS_EXPORTER: 'none' }, publishingInterval: 1, ...options })
  running.push(monitor)
  await monitor.start()
  return { monitor, exporter, clock }
}

const misses = rule('many_misses')
  .when(increase(lookups.where({ 'cache.result': 'miss' })).over('10m'))
  .above(5)
  .for(0)

describe('a monitor', () => {
  test('judges and shows what its records count', async () => {
    const { monitor, exporter, clock } = await started(ServiceHealthMonitor, { records: LOOKUP, rules: [misses] })
    clock.advance(60_000)
    for (let n = 0; n < 6; n++) monitor.record('lookup', { result: 'miss' })
    monitor.record('lookup', { result: 'hit' })
    clock.advance(2000)
    expect(exporter.told).toMatchObject([{ rule: 'many_misses', type: 'fired' }])
    expect(exporter.last.metrics).toMatchObject({ many_misses: 6 })
  })

  test('takes records of code before those of health.config', async () => {
    const config = {
      records: { lookup: [into(lookups).by('cache.result', 'state')], miss: [into(lookups.where({ 'cache.result': 'miss' }))] },
    }
    const { monitor, exporter, clock } = await started(ServiceHealthMonitor, { config, records: LOOKUP, rules: [misses] })
    monitor.record('lookup', { state: 'hit', result: 'miss' })
    monitor.record('miss', {})
    clock.advance(60_000)
    expect(exporter.last.metrics).toMatchObject({ many_misses: 2 })
  })

  test('counts work where its kind knows of work', async () => {
    const records: RecordsConfig = { job: { is: 'attempt' }, sweep: { is: { batchOf: 'swept' } }, ...LOOKUP }
    const { monitor, exporter, clock } = await started(WorkerHealthMonitor, { records })
    monitor.record('job', { success: true, name: 'mail', durationMs: 5, events: [1, 2] })
    monitor.record('job', { success: false, errorType: 503 })
    monitor.record('sweep', { swept: ['a', 'b', 'c'], durationMs: 800 })
    monitor.record('sweep', { swept: 4 })
    monitor.record('sweep', { success: false, swept: 100, errorType: 'ETIMEDOUT' })
    monitor.record('lookup', { result: 'hit' })
    clock.advance(60_000)
    expect(exporter.last).toMatchObject({
      totals: { attempts: { ok: 8, failed: { 503: 1, ETIMEDOUT: 1 } }, events: 2 },
      evidence: { success_rate_percent: { attempts: 10, failures: 2, units: 5, failed_units: 2 } },
    })
    const plain = await started(ServiceHealthMonitor, { records })
    plain.monitor.record('job', { success: true })
    plain.clock.advance(1000)
    expect(plain.exporter.last.totals).not.toHaveProperty('attempts')
  })

  test('says the first of each kind of record that was dropped, and throws nothing', async () => {
    const lines = diagLines()
    const { monitor } = await started(WorkerHealthMonitor, { records: { ...LOOKUP, job: { is: 'attempt' } } })
    const rubbish: unknown[] = [undefined, null, 7, 'x', Symbol('s'), 1n, () => {}]
    for (const fields of rubbish) for (const name of ['lookup', 'job', 'none']) monitor.record(name, fields as object)
    monitor.record(Symbol('s') as unknown as string, {})
    monitor.record('job', {})
    monitor.record(
      'job',
      new Proxy(
        {},
        {
          get() {
            throw new Error('not now')
          },
        },
      ),
    )
    expect(lines.map((line) => line.replace(/^.*otel-health: /, '').replace(/ was dropped;.*$/, ''))).toEqual([
      'a record of lookup without fields',
      'a record of job without fields',
      'a record called none, which neither the kind of service nor health.config has,',
      'a record called Symbol(s), which neither the kind of service nor health.config has,',
      'an attempt without success: true or false',
      'a record that cannot be read',
    ])
  })

  test.for<{ records: unknown; says: string }>([
    { records: { lookup: 5 }, says: 'The option records.lookup is 5, expected a list of what it adds to, such as { into: ' },
    { records: { lookup: [into('cache.lokups')] }, says: 'The record lookup goes into the metric "cache.lokups", which neither' },
  ])('is not made with records that cannot be used: $says', ({ records, says }) => {
    expect(() => new ServiceHealthMonitor({ env: {}, records: records as RecordsConfig })).toThrow(says)
  })
})
