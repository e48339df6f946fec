/** `figures` of health.config and of a monitor's options: shown by status and metrics, judged by nobody. */
import { afterEach, expect, test } from 'vitest'

import { checkHealthConfig } from '../../src/config/health-config.ts'
import { KINDS } from '../../src/kinds/index.ts'
import { WorkerHealthMonitor } from '../../src/kinds/worker/monitor.ts'
import { figure } from '../../src/rules/figure.ts'
import { counter } from '../../src/rules/metric-ref.ts'
import { increase } from '../../src/rules/readings.ts'
import { HealthMetricReader } from '../../src/service/health-metric-reader.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()))
})

const config = checkHealthConfig(
  {
    metrics: { 'mails.sent': { instrument: 'counter', unit: '{mail}', attributes: { 'mail.kind': [] } } },
    records: { sent: [{ into: 'mails.sent', by: { 'mail.kind': 'kind' } }] },
    figures: { sent_last_hour: { of: { reading: 'increase', of: 'mails.sent', over: '1h' }, by: 'mail.kind' } },
  },
  'health.config.json',
  KINDS,
)

test('a figure of health.config in JSON is shown for each value, and one of code beside it', async () => {
  const clock = new VirtualClock()
  const attempts = counter('work.attempts', { unit: '{attempt}' })
  const monitor = new WorkerHealthMonitor({
    config,
    figures: { tried: figure(increase(attempts).over('1h')) },
    clock,
    exporter: new MemoryExporter(clock),
    env: { OTEL_METRICS_EXPORTER: 'none' },
  })
  ends.push(() => monitor.stop(0))
  await monitor.start()
  for (const kind of ['news', 'news', 'bill']) monitor.record('sent', { kind })
  monitor.recordAttempt({ success: true })
  clock.advance(60_000)
  const { metrics, verdicts } = await monitor.collectHealthData()
  expect(metrics).toMatchObject({ sent_last_hour: { news: 2, bill: 1 }, tried: 1 })
  expect(verdicts.map(({ rule }) => rule)).not.toContain('sent_last_hour')
})

test('beside verdicts stands for how long a breach must hold, and on which side of its limit it is', async () => {
  const clock = new VirtualClock()
  const exporter = new MemoryExporter(clock)
  const rules = { low_success_rate: { for: 90 } }
  const monitor = new WorkerHealthMonitor({ rules, clock, exporter, env: { OTEL_METRICS_EXPORTER: 'none' } })
  ends.push(() => monitor.stop(0))
  await monitor.start()
  const { rules: terms, verdicts } = await monitor.collectHealthData()
  expect(terms).toMatchObject({ low_success_rate: { forSeconds: 90, breach: 'below' }, restart_loop: { forSeconds: 0 } })
  expect(Object.keys(terms ?? {}).toSorted()).toEqual([...new Set(verdicts.map(({ rule }) => rule))].toSorted())
})

test.for([
  { figures: [], says: 'health.config.json: figures is [], expected an object from name to figure.' },
  {
    figures: { sent: 'mails.sent' },
    says: 'The figure sent is "mails.sent", expected a figure, such as { "of": { "reading": "increase", "of": "cache.lookups" } }.',
  },
])('$says', ({ figures, says }) => {
  expect(() => checkHealthConfig({ figures }, 'health.config.json', KINDS)).toThrow(new Error(says))
})

test.for([
  {
    options: { figures: { sent: figure(increase('mails.sent')) } },
    says: 'The figure sent reads the metric "mails.sent", which neither the kind of service nor "metrics" of health.config declares: declare it with its instrument and unit.',
  },
  {
    options: { records: { sent: [{ into: 'mails.sent' }] } },
    says: 'The record sent goes into the metric "mails.sent", which neither the kind of service nor "metrics" of health.config declares: declare it with its instrument and unit.',
  },
])('a reader that stands alone is refused where it is made: $says', ({ options, says }) => {
  expect(() => new HealthMetricReader({ rules: [], env: {}, ...options })).toThrow(new Error(says))
})
